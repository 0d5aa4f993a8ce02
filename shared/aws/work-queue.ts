import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DueItem } from '../access/ledger.ts';
import type { WorkQueue } from '../access/sweep.ts';

/** Source: SQS API reference, SendMessageBatch. */
const MESSAGES_A_CALL = 10;
const CALLS_AT_ONCE = 10;

/** The enforce queue. */
export class SqsWorkQueue implements WorkQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** @throws WorkNotQueuedError when messages were refused: the next sweep finds them again. */
  async send(items: readonly DueItem[]): Promise<void> {
    const size = MESSAGES_A_CALL * CALLS_AT_ONCE;
    for (let start = 0; start < items.length; start += size) {
      const round = items.slice(start, start + size);
      const calls = Array.from({ length: Math.ceil(round.length / MESSAGES_A_CALL) }, (_, index) =>
        this.#sendBatch(round.slice(index * MESSAGES_A_CALL, (index + 1) * MESSAGES_A_CALL)),
      );
      await Promise.all(calls);
    }
  }

  async #sendBatch(items: readonly DueItem[]): Promise<void> {
    const Entries = items.map((item, index) => ({ Id: String(index), MessageBody: JSON.stringify(item) }));
    const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
    if (Failed.length > 0) throw new WorkNotQueuedError(Failed.length, Failed[0]?.Message);
  }
}

class WorkNotQueuedError extends Error {
  override name = 'WorkNotQueuedError';

  constructor(count: number, why: string | undefined) {
    super(`${count} pieces of due work were refused by the enforce queue (${why}). The next sweep finds them again.`);
  }
}
