import type { Operation, Wire } from '../core/service.ts';
import { invalidParameter, missingParameter, queueError } from './queue-errors.ts';
import { accessTo, arnOf, onQueueUrl, type QueueRegistry } from './queue-registry.ts';

/** One purge of a queue in this time. Source: SQS API reference, PurgeQueue. */
const PURGE_INTERVAL_SECONDS = 60;

/** The operations on queues themselves. */
export function queueOperations(registry: QueueRegistry): Record<string, Operation> {
  return {
    CreateQueue: {
      access: (input, { caller }) => [accessTo(registry, 'CreateQueue', arnOf(caller.account, requireName(input)))],
      run(input, { caller }) {
        const queue = registry.create(caller.account, requireName(input), input.Attributes ?? {});
        Object.assign(queue.tags, input.tags);
        return { QueueUrl: registry.urlOf(queue) };
      },
    },
    GetQueueUrl: {
      access: (input, { caller }) => [
        accessTo(registry, 'GetQueueUrl', arnOf(input.QueueOwnerAWSAccountId ?? caller.account, requireName(input))),
      ],
      run: (input, { caller }) => ({
        QueueUrl: registry.urlOf(
          registry.require(arnOf(input.QueueOwnerAWSAccountId ?? caller.account, requireName(input))),
        ),
      }),
    },
    ListQueues: {
      access: () => [{ action: 'sqs:ListQueues', resource: '*' }],
      run(input, { caller }) {
        const prefix: string = input.QueueNamePrefix ?? '';
        const named = registry.ofAccount(caller.account).filter(queue => queue.name.startsWith(prefix));
        const { items, NextToken } = page(
          named.map(queue => registry.urlOf(queue)),
          input,
        );
        return { ...(items.length > 0 ? { QueueUrls: items } : {}), ...(NextToken ? { NextToken } : {}) };
      },
    },
    ListDeadLetterSourceQueues: onQueueUrl(registry, 'ListDeadLetterSourceQueues', (queue, input) => {
      const { items, NextToken } = page(
        registry.sourcesOf(queue).map(source => registry.urlOf(source)),
        input,
      );
      // The one member of this API that begins with a small letter.
      return { queueUrls: items, ...(NextToken ? { NextToken } : {}) };
    }),
    DeleteQueue: onQueueUrl(registry, 'DeleteQueue', queue => {
      registry.delete(queue);
      return {};
    }),
    GetQueueAttributes: onQueueUrl(registry, 'GetQueueAttributes', (queue, input) => {
      const all = queue.attributes();
      const wanted: string[] = input.AttributeNames ?? [];
      const unknown = wanted.find(name => name !== 'All' && !(name in all) && !UNSET_ATTRIBUTES.has(name));
      if (unknown) throw queueError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
      const shown = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
      return shown.length > 0 ? { Attributes: Object.fromEntries(shown) } : {};
    }),
    SetQueueAttributes: onQueueUrl(registry, 'SetQueueAttributes', (queue, input) => {
      if (!input.Attributes) throw missingParameter('Attributes');
      registry.requireSettable(queue.arn, input.Attributes);
      queue.setAttributes(input.Attributes);
      return {};
    }),
    PurgeQueue: onQueueUrl(registry, 'PurgeQueue', queue => {
      const now = registry.clock.now();
      if (queue.purgedAt !== undefined && now - queue.purgedAt < PURGE_INTERVAL_SECONDS * 1000) {
        throw queueError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${queue.name} is allowed every ${PURGE_INTERVAL_SECONDS} seconds.`,
        );
      }
      queue.purgedAt = now;
      queue.clear();
      return {};
    }),
    TagQueue: onQueueUrl(registry, 'TagQueue', (queue, input) => {
      Object.assign(queue.tags, input.Tags);
      return {};
    }),
    UntagQueue: onQueueUrl(registry, 'UntagQueue', (queue, input) => {
      for (const key of input.TagKeys ?? []) delete queue.tags[key];
      return {};
    }),
    ListQueueTags: onQueueUrl(registry, 'ListQueueTags', queue => ({ Tags: queue.tags })),
  };
}

/** Attributes that one may ask for although they are not set. */
const UNSET_ATTRIBUTES = new Set([
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
]);

function requireName(input: Wire): string {
  if (typeof input.QueueName !== 'string') throw missingParameter('QueueName');
  return input.QueueName;
}

/** A page begins where the token says; without MaxResults there is one page of at most 1,000, as in SQS. */
function page(urls: string[], input: Wire): { items: string[]; NextToken: string | undefined } {
  const size = input.MaxResults ?? 1_000;
  if (!Number.isInteger(size) || size < 1 || size > 1_000) {
    throw invalidParameter('MaxResults', size, 'Must be an integer from 1 to 1000.');
  }
  const start = input.NextToken ? Number(Buffer.from(input.NextToken, 'base64').toString()) : 0;
  if (!Number.isInteger(start)) throw invalidParameter('NextToken', input.NextToken, 'It is not a token of this list.');
  const end = start + size;
  const hasMore = input.MaxResults !== undefined && end < urls.length;
  return {
    items: urls.slice(start, end),
    NextToken: hasMore ? Buffer.from(String(end)).toString('base64') : undefined,
  };
}
