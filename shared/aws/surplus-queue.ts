import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Source: SQS API reference, SendMessageBatch: messages, and bytes of them all together (once 262,144, now more). */
const MESSAGES_A_CALL = 10;
const BYTES_A_CALL = 250_000;

interface Waiting {
  body: string;
  account: string;
  taken(): void;
  refused(fault: unknown): void;
}

/** The queue of what accounts have sent beyond their share: taken by fewer processes, when there are any. */
export class SurplusQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  #waiting: Waiting[] = [];

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Whether a message came from this queue. @param arn of the queue that it came from */
  isSource(arn: string): boolean {
    return arn.split(':').at(-1) === this.#url.split('/').at(-1);
  }

  /**
   * Puts a message, together with all that are put in the same turn: what stands in line behind a flood waits for these calls.
   * The account is the message's group: one with a large surplus holds up others' less. Source: SQS Developer Guide, "Amazon SQS fair queues".
   * @throws SurplusNotTakenError, or the fault of the call: it stays where it was
   */
  put(body: string, account: string): Promise<void> {
    return new Promise((taken, refused) => {
      this.#waiting.push({ body, account, taken, refused });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const batch of batchesOf(all)) void this.#send(batch);
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const Entries = batch.map(({ body, account }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: account,
    }));
    try {
      const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries }));
      const why = new Map(Failed.map(({ Id, Message }) => [Id, Message]));
      for (const [index, { taken, refused }] of batch.entries()) {
        const id = String(index);
        if (why.has(id)) refused(new SurplusNotTakenError(why.get(id)));
        else taken();
      }
    } catch (fault) {
      for (const { refused } of batch) refused(fault);
    }
  }
}

function batchesOf(all: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  let bytes = 0;
  for (const one of all) {
    const size = Buffer.byteLength(one.body);
    const last = batches.at(-1);
    if (last && last.length < MESSAGES_A_CALL && bytes + size <= BYTES_A_CALL) {
      last.push(one);
      bytes += size;
    } else {
      batches.push([one]);
      bytes = size;
    }
  }
  return batches;
}

class SurplusNotTakenError extends Error {
  override name = 'SurplusNotTakenError';

  constructor(why: string | undefined) {
    super(`The queue of the surplus refused a message (${why}). It stays in its own, and is put off again.`);
  }
}
