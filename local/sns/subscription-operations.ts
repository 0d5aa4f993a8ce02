import { randomUUID } from 'node:crypto';
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Operation, Wire } from '../core/service.ts';
import { accountOfArn } from '../iam/wildcards.ts';
import { accessTo, onTopic, page } from './topic-operations.ts';
import { invalidParameter, notFound, type Subscription, type Topics } from './topics.ts';

/**
 * Simplification: of the protocols, SQS delivers; an address by e-mail is kept, waits for a confirmation that cannot be given here, and gets nothing.
 * Others are not in the local mesh.
 */
const PROTOCOLS = ['sqs', 'email', 'email-json'];
const OTHERS = ['http', 'https', 'sms', 'application', 'lambda', 'firehose'];

const PENDING = 'PendingConfirmation';

export function subscriptionOperations(topics: Topics): Record<string, Operation> {
  /** Its owner's to see and to end, or the topic's owner's. Source: SNS API reference, Unsubscribe. */
  const onSubscription = (action: string) => (input: Wire) => {
    const found = topics.withSubscription(input?.SubscriptionArn);
    const access = accessTo(found?.topic, found?.topic.arn ?? String(input?.SubscriptionArn ?? '*'), action);
    return [found ? { ...access, owner: found.subscription.owner } : access];
  };
  const required = (input: Wire) => {
    const found = topics.withSubscription(input?.SubscriptionArn);
    if (!found) throw notFound('Subscription does not exist');
    return found;
  };

  return {
    Subscribe: {
      access(input) {
        const context = { 'sns:Protocol': String(input?.Protocol), 'sns:Endpoint': String(input?.Endpoint) };
        return onTopic(topics, 'sns:Subscribe')(input).map(access => ({ ...access, context }));
      },
      run(input, { caller }) {
        const topic = topics.require(input?.TopicArn);
        const { Protocol: protocol, Endpoint: endpoint, Attributes = {} } = input;
        requireEndpoint(protocol, endpoint);
        for (const name of Object.keys(Attributes))
          if (name !== 'RawMessageDelivery') throw notInLocalMesh(`the attribute ${name} of SNS subscriptions`);
        const same = [...topic.subscriptions.values()].find(
          one => one.protocol === protocol && one.endpoint === endpoint,
        );
        if (same) return { SubscriptionArn: shownArn(same, input) };
        const subscription: Subscription = {
          arn: `${topic.arn}:${randomUUID()}`,
          topicArn: topic.arn,
          protocol,
          endpoint,
          owner: caller.account,
          // Who owns the queue need not confirm. Source: SNS Developer Guide, "Sending messages to an Amazon SQS queue in a different account".
          isConfirmed: protocol === 'sqs' && accountOfArn(endpoint) === caller.account,
          isRaw: Attributes.RawMessageDelivery === 'true',
        };
        topic.subscriptions.set(subscription.arn, subscription);
        return { SubscriptionArn: shownArn(subscription, input) };
      },
    },
    Unsubscribe: {
      access: onSubscription('sns:Unsubscribe'),
      run(input) {
        const found = topics.withSubscription(input?.SubscriptionArn);
        found?.topic.subscriptions.delete(found.subscription.arn);
        return {};
      },
    },
    GetSubscriptionAttributes: {
      access: onSubscription('sns:GetSubscriptionAttributes'),
      run(input) {
        const { subscription } = required(input);
        const attributes = new Map([
          ...Object.entries(listed(subscription)),
          ['PendingConfirmation', String(!subscription.isConfirmed)] as const,
          ['RawMessageDelivery', String(subscription.isRaw)] as const,
        ]);
        return { Attributes: attributes };
      },
    },
    ListSubscriptionsByTopic: {
      access: onTopic(topics, 'sns:ListSubscriptionsByTopic'),
      run(input) {
        const { items, NextToken } = page([...topics.require(input?.TopicArn).subscriptions.values()], input.NextToken);
        const Subscriptions = items.map(one => ({
          ...listed(one),
          SubscriptionArn: one.isConfirmed ? one.arn : PENDING,
        }));
        return { Subscriptions, NextToken };
      },
    },
  };
}

function requireEndpoint(protocol: unknown, endpoint: unknown): void {
  if (OTHERS.includes(String(protocol))) throw notInLocalMesh(`SNS subscriptions of the protocol ${protocol}`);
  if (!PROTOCOLS.includes(String(protocol)))
    throw invalidParameter('Protocol', `Does not support this protocol string: ${protocol}`);
  const isRight = protocol === 'sqs' ? /^arn:aws:sqs:[\w-]+:\d{12}:[\w-]+$/ : /^[^@\s]+@[^@\s]+$/;
  if (typeof endpoint !== 'string' || !isRight.test(endpoint)) throw invalidParameter('Endpoint');
}

/** What is pending has no ARN for who asks, unless asked for. Source: SNS API reference, Subscribe, `ReturnSubscriptionArn`. */
function shownArn({ arn, isConfirmed }: Subscription, input: Wire): string {
  return isConfirmed || String(input.ReturnSubscriptionArn) === 'true' ? arn : 'pending confirmation';
}

function listed({ arn, topicArn, protocol, endpoint, owner }: Subscription) {
  return { SubscriptionArn: arn, TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint, Owner: owner };
}
