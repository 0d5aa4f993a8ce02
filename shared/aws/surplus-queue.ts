import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The queue of what accounts have sent beyond their share: taken by fewer processes, when there are any. */
export class SurplusQueue {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Whether a message came from this queue. @param arn of the queue that it came from */
  isSource(arn: string): boolean {
    return arn.split(':').at(-1) === this.#url.split('/').at(-1);
  }

  /** The account is the message's group: one with a large surplus holds up others' less. Source: SQS Developer Guide, "Amazon SQS fair queues". */
  async put(body: string, account: string): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#url, MessageBody: body, MessageGroupId: account }),
    );
  }
}
