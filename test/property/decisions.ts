/**
 * What becomes of one call of a port.
 *
 * - `ok`: it takes effect and answers.
 * - `refused`: it has no effect and fails (throttled, denied).
 * - `lost-answer`: it takes effect and fails (a connection that breaks).
 * - `timed-out`: it fails after 30 s, its process lives on, and it takes effect within 30 s more.
 * - `dropped`: it answers that it is done and has no effect; only for what the process allows it for.
 * - `crash-before`, `crash-after`: the process dies, before the call is sent or after it took effect.
 * - `late`: the process dies, and the call takes effect later, within the 60 s after the process's deadline that `ledger.ts` allows.
 * - `in-pieces`: a transaction that others see half of for a moment.
 */
export type Fate =
  | 'ok'
  | 'refused'
  | 'lost-answer'
  | 'timed-out'
  | 'dropped'
  | 'crash-before'
  | 'crash-after'
  | 'late'
  | 'in-pieces';

/** What happens next: so much time passes, then one of the calls that wait is taken. */
export interface Turn {
  milliseconds: number;
  /** Which of the calls that wait, modulo their number. */
  pick: number;
}

/** What becomes of a call; `lateness` says where in its window a late effect falls, 0 to 1. */
export interface Outcome {
  fate: Fate;
  lateness: number;
}

/** All that chance decides in a history. Where it ends, calls are taken in turn and nothing goes wrong. */
export interface Decisions {
  turns: Turn[];
  /** Of calls that change Lake Formation or a link, in the order in which they are taken. */
  lake: Outcome[];
  /** Of calls that change the ledger or a lease. */
  ledger: Outcome[];
  /** Of all other calls. */
  other: Outcome[];
}
