import type { OperatedRuns, RunState } from '../../../shared/reconcile/follow-run.ts';
import {
  addCounts,
  type Counts,
  type Difference,
  NO_COUNTS,
  type PartReport,
  type ReconcileRequest,
  type RunReport,
} from '../../../shared/reconcile/reconcile-run.ts';

export const counts = (some: Partial<Counts>): Counts => ({ ...NO_COUNTS, ...some });

export function part(database: string, some: Partial<PartReport> = {}): PartReport {
  return { domain: 'aviation', database, source: 'there', counts: NO_COUNTS, differences: [], drift: 0, ...some };
}

export function different(subject: string, some: Partial<Difference> = {}): Difference {
  return { kind: 'different', subject, expected: 'as at its source', found: 'other columns', repaired: true, ...some };
}

/** What a state machine would come to. Each look finds the next of `states`; the last one stays. */
export class MemoryRuns implements OperatedRuns {
  readonly asked: { run: string; request: ReconcileRequest }[] = [];
  states: (RunState | undefined | Error)[] = [{ kind: 'succeeded' }];
  kept: PartReport[] = [];
  heldBack: RunReport['heldBack'] = [];
  request: ReconcileRequest = { dryRun: false, confirmRemovals: false, reason: 'nightly' };
  /** Whether the report is there before anybody waits for it. */
  hasEnded = false;
  refusal: Error | undefined;
  looks = 0;
  reads = 0;
  /** In milliseconds. */
  paused = 0;
  onPause: () => void = () => {};

  async ask(run: string, request: ReconcileRequest) {
    if (this.refusal) throw this.refusal;
    this.asked.push({ run, request });
    this.request = request;
  }

  async state() {
    const state = this.states[Math.min(this.looks++, this.states.length - 1)];
    if (state instanceof Error) throw state;
    if (state?.kind === 'succeeded') this.hasEnded = true;
    return state;
  }

  async report(run: string): Promise<RunReport | undefined> {
    if (!this.hasEnded) return undefined;
    return {
      run,
      request: this.request,
      startedAt: '2026-11-21T12:00:00.000Z',
      endedAt: '2026-11-21T12:00:42.000Z',
      databases: this.kept.length,
      counts: this.kept.reduce((sum, { counts }) => addCounts(sum, counts), NO_COUNTS),
      heldBack: this.heldBack,
      unread: this.kept.filter(({ failure }) => failure !== undefined).length,
    };
  }

  async *parts() {
    this.reads++;
    // Some at a time, as the ledger gives them.
    for (let at = 0; at < this.kept.length; at += 100) yield this.kept.slice(at, at + 100);
  }

  async pause(milliseconds: number) {
    this.paused += milliseconds;
    this.onPause();
  }
}
