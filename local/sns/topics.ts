import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import { type PolicyDocument, REGION } from '../core/service.ts';

export interface Subscription {
  arn: string;
  topicArn: string;
  protocol: string;
  /** Where messages go: a queue's ARN, an address. */
  endpoint: string;
  /** The account that subscribed. */
  owner: string;
  isConfirmed: boolean;
  /** The message alone, without SNS's envelope. */
  isRaw: boolean;
}

export interface Topic {
  arn: string;
  account: string;
  name: string;
  displayName: string;
  keyId: string | undefined;
  /** Simplification: a topic without a policy of its own lets nobody in by it; AWS's default lets in all of the owner's account. */
  policy: { text: string; document: PolicyDocument } | undefined;
  subscriptions: Map<string, Subscription>;
}

/** The topics of all accounts. */
export class Topics {
  readonly #byArn = new Map<string, Topic>();

  /** The topic of this name, a new one or that which is there. Throws InvalidParameter for a name that no topic can have. */
  create(account: string, name: unknown): Topic {
    if (typeof name === 'string' && name.endsWith('.fifo')) throw notInLocalMesh('SNS FIFO topics');
    // Source: SNS API reference, CreateTopic.
    if (typeof name !== 'string' || !/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
    const arn = topicArn(account, name);
    const known = this.#byArn.get(arn);
    if (known) return known;
    const topic: Topic = {
      arn,
      account,
      name,
      displayName: '',
      keyId: undefined,
      policy: undefined,
      subscriptions: new Map(),
    };
    this.#byArn.set(arn, topic);
    return topic;
  }

  find(arn: unknown): Topic | undefined {
    return typeof arn === 'string' ? this.#byArn.get(arn) : undefined;
  }

  /** Throws NotFound; InvalidParameter for what is no topic's ARN. */
  require(arn: unknown): Topic {
    if (typeof arn !== 'string' || !ARN.test(arn)) throw invalidParameter('TopicArn');
    const topic = this.#byArn.get(arn);
    if (!topic) throw notFound('Topic does not exist');
    return topic;
  }

  delete(arn: string): void {
    this.#byArn.delete(arn);
  }

  ofAccount(account: string): Topic[] {
    return [...this.#byArn.values()].filter(topic => topic.account === account);
  }

  /** The topic of a subscription, by the subscription's ARN: the topic's, and an id. */
  withSubscription(arn: unknown): { topic: Topic; subscription: Subscription } | undefined {
    const topic = typeof arn === 'string' ? this.#byArn.get(arn.slice(0, arn.lastIndexOf(':'))) : undefined;
    const subscription = topic?.subscriptions.get(String(arn));
    return topic && subscription && { topic, subscription };
  }
}

const ARN = new RegExp(`^arn:aws:sns:${REGION}:\\d{12}:[A-Za-z0-9_-]+$`);

export function topicArn(account: string, name: string): string {
  return `arn:aws:sns:${REGION}:${account}:${name}`;
}

/** Source of the wording: SNS API reference and botocore's recorded answers. */
export function invalidParameter(name: string, why = ''): AwsError {
  return new AwsError('InvalidParameter', `Invalid parameter: ${name}${why && ` Reason: ${why}`}`);
}

export function notFound(message: string): AwsError {
  return new AwsError('NotFound', message, { status: 404 });
}
