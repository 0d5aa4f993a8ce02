import type { Activity } from '../core/activity.ts';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { Branch } from './branch.ts';
import { MAX_PAYLOAD_BYTES } from './errors.ts';
import { Execution, type MachineVersion } from './execution.ts';
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
  /** In the order of their start. */
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

    const execution = new Execution(
      version,
      name,
      input,
      () => this.#clock.now(),
      ended => this.#ended(ended),
    );
    this.#byArn.set(arn, execution);
    const ofMachine = this.#byMachine.get(version.arn) ?? new Set();
    this.#byMachine.set(version.arn, ofMachine.add(execution));
    const { timeoutSeconds } = version.machine;
    if (timeoutSeconds !== undefined) {
      const timer = this.#clock.after(timeoutSeconds * 1000, () => execution.end({ status: 'TIMED_OUT' }));
      execution.scope.onCancel(() => timer.cancel());
    }
    void runExecution(this.#interpreter, execution, new Branch(execution, this.#activity));
    return execution;
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

  /** The newest first. */
  of(stateMachineArn: string): Execution[] {
    this.#forgetOld();
    return [...(this.#byMachine.get(stateMachineArn) ?? [])].reverse();
  }

  /** Ends and forgets all executions of a machine that is deleted. */
  forgetAll(stateMachineArn: string): void {
    for (const execution of this.of(stateMachineArn)) {
      execution.end({ status: 'ABORTED', error: 'States.Runtime', cause: 'The state machine was deleted.' });
      this.#forget(execution);
    }
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
    this.#byMachine.get(execution.version.arn)?.delete(execution);
    this.#closed.delete(execution);
    this.#withHistory.delete(execution);
  }
}
