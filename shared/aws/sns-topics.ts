import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { TopicName } from '../notices/notice.ts';
import type { NoticeTopics } from '../notices/notify.ts';
import type { NoticeMessage } from '../notices/write-message.ts';
import { clientOptions } from './clients.ts';

/** The hub's topics, which the stack makes from `mesh.yml` (`shared/mesh/stack-topics.ts`). */
export class SnsTopics implements NoticeTopics {
  readonly #client: SNSClient;
  readonly #prefix: string;

  /** @param prefix what the ARNs of all topics begin with */
  constructor(client: SNSClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async publish(topic: TopicName, { subject, text }: NoticeMessage): Promise<void> {
    const TopicArn = `${this.#prefix}${topic}`;
    try {
      await this.#client.send(new PublishCommand({ TopicArn, Subject: subject, Message: text }));
    } catch (cause) {
      throw new NotToldError(TopicArn, { cause });
    }
  }
}

export function snsClient(): SNSClient {
  return new SNSClient(clientOptions);
}

export class NotToldError extends Error {
  override name = 'NotToldError';

  constructor(topicArn: string, options: ErrorOptions) {
    const why =
      options.cause instanceof Error ? `${options.cause.name}: ${options.cause.message}` : String(options.cause);
    super(
      `${topicArn} did not take a message (${why}). Trying again helps; a topic that is not there comes with a deployment.`,
      options,
    );
  }
}
