import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DueItem } from '../access/ledger.ts';
import type { WorkQueue } from '../access/sweep.ts';

/** Source: SQS API reference, SendMessageBatch. */
const MESSAGES_A_CALL = 10;
const CALLS_AT_ONCE = 10;

/** The enforce queue, and the catalog's for what only the writer of the central catalog may do. */
export class SqsWorkQueue implements WorkQueue {
  readonly #client: SQSClient;
  readonly #urls: { enforce: string; catalog: string };

  constructor(client: SQSClient, urls: { enforce: string; catalog: string }) {
    this.#client = client;
    this.#urls = urls;
  }

  /** @throws WorkNotQueuedError when messages were refused: the next sweep finds them again. */
  async send(items: readonly DueItem[]): Promise<void> {
    const ofCatalog = items.filter(isOfCatalog);
    await this.#sendTo(this.#urls.catalog, ofCatalog);
    await this.#sendTo(
      this.#urls.enforce,
      items.filter(item => !isOfCatalog(item)),
    );
  }

  async #sendTo(queueUrl: string, items: readonly DueItem[]): Promise<void> {
    const size = MESSAGES_A_CALL * CALLS_AT_ONCE;
    for (let start = 0; start < items.length; start += size) {
      const round = items.slice(start, start + size);
      const calls = Array.from({ length: Math.ceil(round.length / MESSAGES_A_CALL) }, (_, index) =>
        this.#sendBatch(queueUrl, round.slice(index * MESSAGES_A_CALL, (index + 1) * MESSAGES_A_CALL)),
      );
      await Promise.all(calls);
    }
  }

  async #sendBatch(QueueUrl: string, items: readonly DueItem[]): Promise<void> {
    const Entries = items.map((item, index) => ({ Id: String(index), MessageBody: JSON.stringify(item) }));
    const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    if (Failed.length > 0) throw new WorkNotQueuedError(Failed.length, Failed[0]?.Message);
  }
}

function isOfCatalog({ kind }: DueItem): boolean {
  return kind === 'removal' || kind === 'leaving-tables';
}

class WorkNotQueuedError extends Error {
  override name = 'WorkNotQueuedError';

  constructor(count: number, why: string | undefined) {
    super(`${count} pieces of due work were refused by their queue (${why}). The next sweep finds them again.`);
  }
}
