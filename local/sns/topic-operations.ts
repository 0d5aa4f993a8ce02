import { AwsError } from '../core/aws-error.ts';
import type { ReviewPolicy } from '../core/ports.ts';
import type { Access, Operation, PolicyDocument, Wire } from '../core/service.ts';
import { invalidParameter, type Topic, type Topics, topicArn } from './topics.ts';

/** Topics on a page. Source: SNS API reference, ListTopics. */
export const PAGE = 100;

/** Bytes. Source: SNS Developer Guide, quotas. */
const LARGEST_POLICY = 30 * 1024;

/** An action on the topic that the input names. What is not there has no policy. */
export function onTopic(topics: Topics, action: string): (input: Wire) => Access[] {
  return input => [accessTo(topics.find(input?.TopicArn), String(input?.TopicArn ?? '*'), action)];
}

export function accessTo(topic: Topic | undefined, resource: string, action: string): Access {
  return { action, resource, resourcePolicy: topic?.policy?.document };
}

export function topicOperations(topics: Topics, review: ReviewPolicy): Record<string, Operation> {
  const setters: Record<string, (topic: Topic, value: string) => void> = {
    DisplayName: (topic, value) => {
      topic.displayName = value;
    },
    KmsMasterKeyId: (topic, value) => {
      topic.keyId = value === '' ? undefined : value;
    },
    Policy: (topic, value) => {
      topic.policy = readTopicPolicy(value, review);
    },
  };
  const set = (topic: Topic, name: string, value: unknown): void => {
    const setter = Object.hasOwn(setters, name) ? setters[name] : undefined;
    if (!setter || typeof value !== 'string') throw invalidParameter('AttributeName');
    setter(topic, value);
  };

  return {
    CreateTopic: {
      access: (input, { caller }) => [
        { action: 'sns:CreateTopic', resource: topicArn(caller.account, String(input?.Name)) },
      ],
      run(input, { caller }) {
        const topic = topics.create(caller.account, input?.Name);
        for (const [name, value] of Object.entries(input.Attributes ?? {})) set(topic, name, value);
        return { TopicArn: topic.arn };
      },
    },
    DeleteTopic: {
      access: onTopic(topics, 'sns:DeleteTopic'),
      run(input) {
        // Source: SNS API reference, DeleteTopic: idempotent.
        topics.delete(String(input?.TopicArn));
        return {};
      },
    },
    GetTopicAttributes: {
      access: onTopic(topics, 'sns:GetTopicAttributes'),
      run: input => ({ Attributes: attributesOf(topics.require(input?.TopicArn)) }),
    },
    SetTopicAttributes: {
      access: onTopic(topics, 'sns:SetTopicAttributes'),
      run(input) {
        set(topics.require(input?.TopicArn), String(input?.AttributeName), input?.AttributeValue ?? '');
        return {};
      },
    },
    ListTopics: {
      access: () => [{ action: 'sns:ListTopics', resource: '*' }],
      run(input, { caller }) {
        const { items, NextToken } = page(topics.ofAccount(caller.account), input?.NextToken);
        return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), NextToken };
      },
    },
  };
}

/** One page from where the token says. Throws InvalidParameter for a token of another list. */
export function page<T>(all: readonly T[], token: unknown): { items: T[]; NextToken: string | undefined } {
  const first = token === undefined ? 0 : Number(Buffer.from(String(token), 'base64').toString());
  if (!Number.isInteger(first) || first < 0) throw invalidParameter('NextToken');
  const next = first + PAGE;
  return {
    items: all.slice(first, next),
    NextToken: next < all.length ? Buffer.from(String(next)).toString('base64') : undefined,
  };
}

/** A map on the wire: the query protocol frames it so. */
function attributesOf(topic: Topic): Map<string, string> {
  const subscriptions = [...topic.subscriptions.values()];
  const given = new Map([
    ['TopicArn', topic.arn],
    ['Owner', topic.account],
    ['DisplayName', topic.displayName],
    ['SubscriptionsConfirmed', String(subscriptions.filter(({ isConfirmed }) => isConfirmed).length)],
    ['SubscriptionsPending', String(subscriptions.filter(({ isConfirmed }) => !isConfirmed).length)],
  ]);
  if (topic.policy) given.set('Policy', topic.policy.text);
  if (topic.keyId !== undefined) given.set('KmsMasterKeyId', topic.keyId);
  return given;
}

function readTopicPolicy(text: string, review: ReviewPolicy): { text: string; document: PolicyDocument } | undefined {
  if (text === '') return undefined;
  let document: PolicyDocument;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalidParameter('Policy', 'Policy Error: null');
  }
  if (Buffer.byteLength(text) > LARGEST_POLICY) throw invalidParameter('Policy', 'Policy is too long.');
  const { unknownPrincipals } = review(document);
  if (unknownPrincipals.length > 0)
    throw new AwsError('InvalidParameter', 'Invalid parameter: Policy Error: PrincipalNotFound');
  return { text, document };
}
