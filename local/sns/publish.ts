import { randomUUID } from 'node:crypto';
import { notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Access, Operation, Wire } from '../core/service.ts';
import { onTopic } from './topic-operations.ts';
import { invalidParameter, type Subscription, type Topic, type Topics } from './topics.ts';

/** Bytes of a message with its subject. Source: SNS API reference, Publish. */
const LARGEST_MESSAGE = 262_144;

/** Source: SNS API reference, Publish, `Subject`: printable ASCII, begins with a letter, a number or punctuation, fewer than 100 characters. */
const SUBJECT = /^[!-~][ -~]{0,98}$/;

export interface PublishParts {
  clock: VirtualClock;
  /** What encrypting with a key asks of who publishes. Throws when there is no such key. */
  encryption: (keyId: string, account: string) => Access[];
  /** Puts a message on a queue whose policy lets the topic; rejects otherwise. */
  sendToQueue: (queueArn: string, topicArn: string, body: string) => Promise<void>;
  /** Told of what did not arrive: SNS tells nobody who publishes. */
  log: (line: string) => void;
}

/** Simplification: what cannot be delivered to a queue is lost at once; AWS tries for days, and has dead-letter queues of subscriptions. */
export function publishOperations(topics: Topics, parts: PublishParts): Record<string, Operation> {
  return {
    Publish: {
      access(input) {
        const topic = topics.find(input?.TopicArn);
        const keys = topic?.keyId === undefined ? [] : parts.encryption(topic.keyId, topic.account);
        return [...onTopic(topics, 'sns:Publish')(input), ...keys];
      },
      async run(input) {
        requireText(input);
        const topic = topics.require(input.TopicArn);
        const MessageId = randomUUID();
        for (const subscription of topic.subscriptions.values())
          if (subscription.isConfirmed && subscription.protocol === 'sqs')
            await deliver(parts, topic, subscription, { ...input, MessageId });
        return { MessageId };
      },
    },
  };
}

async function deliver(parts: PublishParts, topic: Topic, { endpoint, isRaw }: Subscription, message: Wire) {
  const body = isRaw ? message.Message : JSON.stringify(envelope(topic, message, parts.clock.iso()), null, 2);
  try {
    await parts.sendToQueue(endpoint, topic.arn, body);
  } catch (error) {
    parts.log(`sns ${topic.name}: a message did not reach ${endpoint}: ${error}`);
  }
}

/** Source: SNS Developer Guide, "Amazon SNS message and JSON formats". Simplification: not signed. */
function envelope(topic: Topic, { MessageId, Subject, Message }: Wire, Timestamp: string) {
  return { Type: 'Notification', MessageId, TopicArn: topic.arn, Subject, Message, Timestamp };
}

function requireText(input: Wire): void {
  for (const name of Object.keys(input ?? {}))
    if (!['TopicArn', 'Subject', 'Message'].includes(name)) throw notInLocalMesh(`SNS Publish's parameter ${name}`);
  const { Message, Subject } = input ?? {};
  if (typeof Message !== 'string' || Message === '') throw invalidParameter('Empty message');
  if (Buffer.byteLength(Message) + Buffer.byteLength(Subject ?? '') > LARGEST_MESSAGE)
    throw invalidParameter('Message too long');
  if (Subject !== undefined && !SUBJECT.test(Subject)) throw invalidParameter('Subject');
}
