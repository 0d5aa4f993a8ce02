import { SendTaskSuccessCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DueItem } from '../access/ledger.ts';
import type { Processes } from '../access/take-services.ts';
import { isError } from './aws-errors.ts';

/** The state machine `access-request`, one execution a request by its id, and the queue of work that cannot wait for it. */
export class StepFunctionsProcesses implements Processes {
  readonly #sfn: SFNClient;
  readonly #sqs: SQSClient;
  readonly #stateMachineArn: string;
  readonly #queueUrl: string;

  constructor(
    sfn: SFNClient,
    sqs: SQSClient,
    { stateMachineArn, queueUrl }: { stateMachineArn: string; queueUrl: string },
  ) {
    this.#sfn = sfn;
    this.#sqs = sqs;
    this.#stateMachineArn = stateMachineArn;
    this.#queueUrl = queueUrl;
  }

  async start(requestId: string, table?: string): Promise<void> {
    const input = JSON.stringify({ requestId, table });
    const command = new StartExecutionCommand({ stateMachineArn: this.#stateMachineArn, name: requestId, input });
    try {
      await this.#sfn.send(command);
    } catch (error) {
      // It ran and ended: the sweep does whatever is still due.
      if (!isError(error, 'ExecutionAlreadyExists')) throw error;
    }
  }

  wake(taskToken: string): Promise<void> {
    return wakeMachine(this.#sfn, taskToken);
  }

  enforceNow(requestId: string): Promise<void> {
    return this.workNow({ kind: 'request', requestId });
  }

  async workNow(item: DueItem): Promise<void> {
    await this.#sqs.send(new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: JSON.stringify(item) }));
  }
}

/** Tells a waiting machine to go on. */
export async function wakeMachine(sfn: SFNClient, taskToken: string): Promise<void> {
  try {
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  } catch (error) {
    // Used, or its time is over: the machine has gone on.
    if (!isError(error, 'TaskTimedOut', 'InvalidToken', 'TaskDoesNotExist')) throw error;
  }
}
