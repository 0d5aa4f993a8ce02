/**
 * The local mesh's SNS: topics with their policies, subscriptions, and messages to queues.
 * Simplification: standard topics only; no filter policies, message attributes, batches, tags or data protection.
 */
import type { ReviewPolicy } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { type PublishParts, publishOperations } from './publish.ts';
import { subscriptionOperations } from './subscription-operations.ts';
import { topicOperations } from './topic-operations.ts';
import { Topics } from './topics.ts';

export function createSns(parts: PublishParts & { review: ReviewPolicy }): { service: Service } {
  const topics = new Topics();
  const operations = {
    ...topicOperations(topics, parts.review),
    ...subscriptionOperations(topics),
    ...publishOperations(topics, parts),
  };
  return { service: { id: 'sns', operations } };
}
