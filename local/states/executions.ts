import type { Activity } from '../core/activity.ts';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { Branch } from './branch.ts';
import { MAX_PAYLOAD_BYTES } from './errors.ts';
import { Execution, type MachineVersion, type MapRun } from './execution.ts';
import { type Interpreter, runExecution } from './interpreter.ts';

/** How long a closed execution is known, and its name taken. Source: Step Functions quotas. */
const RETENTION_MS = 90 * 24 * 3600 * 1000;

/**
 * Closed executions whose history is kept. Simplification: AWS keeps every history for 90 days; a mesh that plays years in minutes would not
 * fit in memory.
 */
const HISTORIES_KEPT = 10_000;

/** The executions that are running, or closed not too long ago. */
export class Executions {
  readonly #clock: VirtualClock;
  readonly #activity: Activity;
  readonly #interpreter: Interpreter;
  readonly #byArn = new Map<string, Execution>();
  /** By the ARN of the machine, children by that of their Map's run; in the order of their start. */
  readonly #byMachine = new Map<string, Set<Execution>>();
  /** In the order of their end. */
  readonly #closed = new Set<Execution>();
  /** Those of `#closed` that still have their history. */
  readonly #withHistory = new Set<Execution>();

  constructor(clock: VirtualClock, activity: Activity, interpreter: Interpreter) {
    this.#clock = clock;
    this.#activity = activity;
    this.#interpreter = interpreter;
  }

  /**
   * Starts an execution, or gives the running one of the same name and input.
   * @param input JSON text, at most 256 KiB
   * @throws AwsError InvalidName, InvalidExecutionInput, ExecutionAlreadyExists
   */
  start(version: MachineVersion, input: string, name: string): Execution {
    this.#forgetOld();
    // Source: StartExecution, Step Functions API Reference.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/.test(name)) {
      throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    }
    this.#requireInput(input);
    const arn = `${version.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const earlier = this.#byArn.get(arn);
    if (earlier && !earlier.ending && earlier.input === input) return earlier;
    if (earlier) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);

    const execution = this.#run(version, input, name);
    const { timeoutSeconds } = version.machine;
    if (timeoutSeconds !== undefined) {
      const timer = this.#clock.after(timeoutSeconds * 1000, () => execution.end({ status: 'TIMED_OUT' }));
      execution.scope.onCancel(() => timer.cancel());
    }
    return execution;
  }

  /**
   * Starts a child of a distributed Map.
   * @param input JSON text
   * @param onEnd told at once when it has ended
   */
  startChild(version: MachineVersion, input: string, mapRun: MapRun, onEnd: (child: Execution) => void): Execution {
    return this.#run(version, input, crypto.randomUUID(), { mapRun, onEnd });
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  /** @throws AwsError ExecutionDoesNotExist */
  get(arn: unknown): Execution {
    this.#forgetOld();
    const execution = typeof arn === 'string' ? this.#byArn.get(arn) : undefined;
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(arn)}'`);
    return execution;
  }

  /** Of a machine, or the children of a Map's run. The newest first. */
  of(stateMachineOrMapRunArn: string): Execution[] {
    this.#forgetOld();
    return [...(this.#byMachine.get(stateMachineOrMapRunArn) ?? [])].reverse();
  }

  /** Ends and forgets all executions of a machine that is deleted. */
  forgetAll(stateMachineArn: string): void {
    for (const execution of this.of(stateMachineArn)) {
      execution.end({ status: 'ABORTED', error: 'States.Runtime', cause: 'The state machine was deleted.' });
      this.#forget(execution);
    }
  }

  #run(
    version: MachineVersion,
    input: string,
    name: string,
    child?: { mapRun: MapRun; onEnd: (child: Execution) => void },
  ): Execution {
    const onEnd = (ended: Execution) => {
      this.#ended(ended);
      child?.onEnd(ended);
    };
    const execution = new Execution(version, name, input, () => this.#clock.now(), onEnd, child?.mapRun);
    this.#byArn.set(execution.arn, execution);
    const siblings = this.#byMachine.get(listedUnder(execution)) ?? new Set();
    this.#byMachine.set(listedUnder(execution), siblings.add(execution));
    void runExecution(this.#interpreter, execution, new Branch(execution, this.#activity));
    return execution;
  }

  #requireInput(input: string): void {
    if (Buffer.byteLength(input) > MAX_PAYLOAD_BYTES) {
      throw new AwsError('InvalidExecutionInput', `The input is longer than ${MAX_PAYLOAD_BYTES} bytes.`);
    }
    try {
      JSON.parse(input);
    } catch (error) {
      throw new AwsError(
        'InvalidExecutionInput',
        `Invalid State Machine Execution Input: '${error instanceof Error ? error.message : String(error)}'`,
      );
    }
  }

  #ended(execution: Execution): void {
    this.#closed.add(execution);
    this.#withHistory.add(execution);
    if (this.#withHistory.size <= HISTORIES_KEPT) return;
    const [oldest] = this.#withHistory;
    oldest!.history.drop();
    this.#withHistory.delete(oldest!);
  }

  #forgetOld(): void {
    const before = this.#clock.now() - RETENTION_MS;
    for (const execution of this.#closed) {
      if (execution.ending!.at > before) return;
      this.#forget(execution);
    }
  }

  #forget(execution: Execution): void {
    this.#byArn.delete(execution.arn);
    const siblings = this.#byMachine.get(listedUnder(execution));
    siblings?.delete(execution);
    if (siblings?.size === 0) this.#byMachine.delete(listedUnder(execution));
    this.#closed.delete(execution);
    this.#withHistory.delete(execution);
  }
}

function listedUnder({ mapRun, version }: Execution): string {
  return mapRun?.arn ?? version.arn;
}
