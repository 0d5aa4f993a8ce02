import { createHmac, randomBytes } from 'node:crypto';
import { AwsError } from '../core/aws-error.ts';

/** What can come back with a token. */
export interface OpenTask {
  executionArn: string;
  succeed(output: unknown): void;
  fail(error: string, cause: string): void;
  heartbeat(): void;
}

/**
 * The tokens of callback tasks. A token names its execution and is signed, so that one that was real can be told from one that never was.
 */
export class TaskTokens {
  readonly #secret = randomBytes(32);
  readonly #open = new Map<string, OpenTask>();

  issue(executionArn: string): string {
    const body = Buffer.from(JSON.stringify([executionArn, randomBytes(9).toString('base64url')])).toString(
      'base64url',
    );
    return `${body}.${this.#sign(body)}`;
  }

  /** @returns closes the token: it was used, timed out, or its execution ended */
  open(token: string, task: OpenTask): () => void {
    this.#open.set(token, task);
    return () => this.#open.delete(token);
  }

  /** The execution that a real token is of, open or not. */
  executionArn(token: unknown): string | undefined {
    if (typeof token !== 'string') return undefined;
    const [body = '', signature] = token.split('.');
    if (signature !== this.#sign(body)) return undefined;
    return JSON.parse(Buffer.from(body, 'base64url').toString())[0];
  }

  /**
   * The state machine that a real token is of, open or not, for IAM: who uses a token twice is told that its task has ended, by a policy for the
   * state machine too. Simplification: AWS does not document which resource a token stands for once its task has ended.
   */
  stateMachineArn(token: unknown): string | undefined {
    // arn:aws:states:<region>:<account>:execution:<machine>[/<map run>]:<name>
    const [, before, machine] = /^(.+):execution:([^:/]+)/.exec(this.executionArn(token) ?? '') ?? [];
    return machine && `${before}:stateMachine:${machine}`;
  }

  /**
   * @param isKnown whether the mesh still has an execution
   * @throws AwsError InvalidToken for what was never a token; TaskTimedOut when the task has ended; TaskDoesNotExist when its execution is no more.
   *   Source: Step Functions API Reference, SendTaskSuccess; the message is the one that AWS answers.
   */
  find(token: unknown, isKnown: (executionArn: string) => boolean): OpenTask {
    const executionArn = this.executionArn(token);
    if (executionArn === undefined) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    const task = this.#open.get(token as string);
    if (task) return task;
    if (!isKnown(executionArn))
      throw new AwsError('TaskDoesNotExist', "Task Does Not Exist: 'Provided task does not exist'");
    throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url').slice(0, 22);
  }
}
