import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { SendToQueue } from '../core/ports.ts';
import type { PolicyDocument, Service } from '../core/service.ts';
import type { ReceivedMessage } from './message.ts';
import { requireSendable } from './message.ts';
import { messageMoveOperations } from './message-moves.ts';
import { messageOperations } from './message-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { QueueRegistry } from './queue-registry.ts';

/** SQS as the other services of the mesh use it, without the wire and without IAM. Each throws QueueDoesNotExist for an unknown queue. */
export interface Queues {
  service: Service;
  send: SendToQueue;
  policyOf(queueArn: string): PolicyDocument | undefined;
  /** Calls `listener` whenever a message of the queue becomes visible; not for those that are. The returned function ends it. */
  subscribe(queueArn: string, listener: () => void): () => void;
  /** Up to `max` messages, hidden for `visibilitySeconds` of virtual time (the queue's VisibilityTimeout unless given). */
  receive(queueArn: string, max: number, visibilitySeconds?: number): ReceivedMessage[];
  delete(queueArn: string, receiptHandle: string): void;
  changeVisibility(queueArn: string, receiptHandle: string, visibilitySeconds: number): void;
  /** Seconds. */
  visibilityTimeoutOf(queueArn: string): number;
}

/**
 * Standard queues. Delay, visibility and retention run on the virtual clock. FIFO queues are not in the local mesh.
 * @param deps.endpoint the mesh's URL, for queue URLs; asked when one is made.
 */
export function createQueues(deps: { clock: VirtualClock; activity: Activity; endpoint: () => string }): Queues {
  const registry = new QueueRegistry(deps.clock, deps.endpoint);
  return {
    service: {
      id: 'sqs',
      operations: {
        ...queueOperations(registry),
        ...messageOperations(registry),
        ...messageMoveOperations(registry, deps.activity),
      },
    },
    async send(queueArn, body, texts = {}) {
      const queue = registry.require(queueArn);
      const attributes = Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
      );
      requireSendable(body, attributes, queue.number('MaximumMessageSize'));
      queue.send({ body, attributes, senderId: queue.account });
    },
    policyOf: queueArn => registry.find(queueArn)?.policy,
    subscribe: (queueArn, listener) => registry.require(queueArn).subscribe(listener),
    receive: (queueArn, max, visibilitySeconds) => registry.require(queueArn).receive(max, visibilitySeconds),
    delete: (queueArn, receiptHandle) => registry.require(queueArn).delete(receiptHandle),
    changeVisibility: (queueArn, receiptHandle, visibilitySeconds) =>
      registry.require(queueArn).changeVisibility(receiptHandle, visibilitySeconds),
    visibilityTimeoutOf: queueArn => registry.require(queueArn).number('VisibilityTimeout'),
  };
}
