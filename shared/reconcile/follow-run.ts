import { addUpParts, type PartsSum } from './add-up-parts.ts';
import type { PartReport, ReconcileRequest, RunReport } from './reconcile-run.ts';

/** Where a run stands. */
export type RunState =
  | { kind: 'running' }
  | { kind: 'succeeded' }
  /** By Step Functions' word: FAILED, TIMED_OUT or ABORTED. */
  | { kind: 'failed'; status: string; error: string | undefined; reason: string };

/** Runs of a stage, for whoever starts and sees them. */
export interface OperatedRuns {
  /** Starts a run, or finds it started. @throws ReconcileMissingError when the stage has nothing to run */
  ask(run: string, request: ReconcileRequest): Promise<void>;
  /** Undefined: there is none, or one that began just now is not seen yet. */
  state(run: string): Promise<RunState | undefined>;
  /** Of a run that has ended. */
  report(run: string): Promise<RunReport | undefined>;
  /** What was found so far, some databases at a time. */
  parts(run: string): AsyncIterable<readonly PartReport[]>;
  /** Ends early when the signal comes. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const LOOK_EVERY_MILLISECONDS = 2_000;

/** Parts are read whole: the more there are, the more rarely. */
const READ_EVERY_MILLISECONDS_OF_A_DATABASE = 20;
const READ_AT_LEAST_EVERY_MILLISECONDS = 60_000;

/** A new execution is not seen at once. Source: Step Functions API Reference, DescribeExecution, "eventually consistent". */
const UNSEEN_LOOKS = 15;

export interface Following {
  /** It was started just now. */
  isNew: boolean;
  onProgress: (sum: PartsSum) => void;
  /** Whoever looks on leaves. */
  signal: AbortSignal;
}

/**
 * Waits for a run's end.
 * @returns its report; undefined when who looks on has left
 * @throws RunFailedError, RunUnknownError
 */
export async function followRun(
  runs: OperatedRuns,
  run: string,
  { isNew, onProgress, signal }: Following,
): Promise<RunReport | undefined> {
  let readIn = 0;
  for (let looks = 1; !signal.aborted; looks++) {
    const state = await runs.state(run);
    if (state?.kind === 'failed') throw new RunFailedError(run, state);
    if (state?.kind === 'succeeded') return reportOf(runs, run);
    if (!state && !(isNew && looks <= UNSEEN_LOOKS)) throw new RunUnknownError(run);
    if (readIn <= 0) {
      const sum = await addUpParts(runs.parts(run));
      onProgress(sum);
      readIn = Math.min(READ_AT_LEAST_EVERY_MILLISECONDS, sum.databases * READ_EVERY_MILLISECONDS_OF_A_DATABASE);
    }
    await runs.pause(LOOK_EVERY_MILLISECONDS, signal);
    readIn -= LOOK_EVERY_MILLISECONDS;
  }
  return undefined;
}

async function reportOf(runs: OperatedRuns, run: string): Promise<RunReport> {
  const report = await runs.report(run);
  if (!report) throw new Error(`The run ${run} has ended, and its report is not kept any more.`);
  return report;
}

/** The run did not come to its end. Another does it all. */
export class RunFailedError extends Error {
  override name = 'RunFailedError';
  /** What was asked cannot be done: nothing was compared. */
  readonly isRefused: boolean;

  constructor(run: string, { status, error, reason }: Extract<RunState, { kind: 'failed' }>) {
    const isRefused = error === 'RequestError';
    super(
      isRefused
        ? `${reason}\nNothing was compared. A domain is known once \`trellis apply\` has put it in force.`
        : `The run ${run} ended with ${status}: ${reason}\nWhat it repaired stays. Reconcile again: that does all of it.`,
    );
    this.isRefused = isRefused;
  }
}

/** Nothing is known of a run. */
export class RunUnknownError extends Error {
  override name = 'RunUnknownError';

  constructor(run: string) {
    super(`There is no run ${run}, or none any more: runs are kept for 90 days. Is this its stage, and its Region?`);
  }
}
