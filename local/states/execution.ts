import { Scope } from './branch.ts';
import { Cancelled } from './errors.ts';
import { History } from './history.ts';
import type { Machine } from './state-types.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** How an execution ended. `output` is JSON text. */
export type Ending =
  | { status: 'SUCCEEDED'; output: string }
  | { status: 'FAILED' | 'TIMED_OUT' | 'ABORTED'; error?: string | undefined; cause?: string | undefined };

/** The state machine as it was when the execution started: an update does not change what runs. */
export interface MachineVersion {
  arn: string;
  name: string;
  roleArn: string;
  account: string;
  machine: Machine;
}

/** One run of a distributed Map, which has started child executions. */
export interface MapRun {
  arn: string;
  label: string;
}

export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly version: MachineVersion;
  /** That it is a child of. */
  readonly mapRun: MapRun | undefined;
  /** As it is described: a child's has its Map's label. */
  readonly stateMachineArn: string;
  /** JSON text, as it was given. */
  readonly input: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly history: History;
  readonly scope = new Scope();
  ending: (Ending & { at: number }) | undefined;
  readonly #now: () => number;
  readonly #onEnd: (execution: Execution) => void;

  constructor(
    version: MachineVersion,
    name: string,
    input: string,
    now: () => number,
    onEnd: (execution: Execution) => void,
    mapRun?: MapRun,
  ) {
    this.version = version;
    this.mapRun = mapRun;
    this.name = name;
    // Source: "ResultWriter (Map)" and "IAM policies for using Distributed Map states", Step Functions Developer Guide: children are
    // `execution:machine/label:name`, their machine is `stateMachine:machine/label`.
    this.stateMachineArn = mapRun ? `${version.arn}/${mapRun.label}` : version.arn;
    this.arn = `${this.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    this.input = input;
    this.startedAt = now();
    this.history = new History(now);
    this.#now = now;
    this.#onEnd = onEnd;
  }

  get status(): ExecutionStatus {
    return this.ending?.status ?? 'RUNNING';
  }

  /** The first ending stands. What still runs is cancelled. Simplification: a cancelled state leaves no `…StateAborted` event. */
  end(ending: Ending): void {
    if (this.ending) return;
    this.ending = { ...ending, at: this.#now() };
    const { status, ...details } = ending;
    switch (status) {
      case 'SUCCEEDED':
        this.history.close('ExecutionSucceeded', { executionSucceededEventDetails: details });
        break;
      case 'FAILED':
        this.history.close('ExecutionFailed', { executionFailedEventDetails: details });
        break;
      case 'TIMED_OUT':
        this.history.close('ExecutionTimedOut', { executionTimedOutEventDetails: details });
        break;
      case 'ABORTED':
        this.history.close('ExecutionAborted', { executionAbortedEventDetails: details });
    }
    this.#onEnd(this);
    this.scope.cancel(new Cancelled(`The execution ${this.arn} is ${status}`));
  }
}
