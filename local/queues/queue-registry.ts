import { notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { type Access, type Call, type Operation, REGION, type Wire } from '../core/service.ts';
import { Queue } from './queue.ts';
import { redrivePolicyOf, requireValidAttributes } from './queue-attributes.ts';
import { invalidParameter, missingParameter, queueDoesNotExist, queueError } from './queue-errors.ts';

/** All queues of all accounts. */
export class QueueRegistry {
  readonly clock: VirtualClock;
  readonly #endpoint: () => string;
  readonly #queues = new Map<string, Queue>();

  constructor(clock: VirtualClock, endpoint: () => string) {
    this.clock = clock;
    this.#endpoint = endpoint;
  }

  find(queueArn: string): Queue | undefined {
    return this.#queues.get(queueArn);
  }

  /** @throws QueueDoesNotExist */
  require(queueArn: string): Queue {
    const queue = this.#queues.get(queueArn);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  ofAccount(account: string): Queue[] {
    return [...this.#queues.values()]
      .filter(queue => queue.account === account)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  sourcesOf(deadLetterQueue: Queue): Queue[] {
    return this.ofAccount(deadLetterQueue.account).filter(queue => queue.deadLetterTargetArn === deadLetterQueue.arn);
  }

  urlOf(queue: Queue): string {
    return `${this.#endpoint()}/${queue.account}/${queue.name}`;
  }

  /**
   * Creates the queue, or finds the one that has the same attributes.
   * Simplification: a name is free again at once after DeleteQueue, not after 60 seconds.
   * @throws QueueNameExists when a given attribute differs.
   */
  create(account: string, name: string, attributes: Record<string, string>): Queue {
    if (name.endsWith('.fifo')) throw notInLocalMesh('SQS FIFO queues');
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
      throw invalidParameter(
        'QueueName',
        name,
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.',
      );
    }
    const arn = arnOf(account, name);
    this.requireSettable(arn, attributes);
    const existing = this.#queues.get(arn);
    if (existing) {
      const present = existing.attributes();
      const different = Object.keys(attributes).find(key => (attributes[key] ?? '') !== (present[key] ?? ''));
      if (!different) return existing;
      throw queueError(
        'QueueNameExists',
        `A queue already exists with the same name and a different value for attribute ${different}`,
      );
    }
    const queue = new Queue({ arn, account, name }, attributes, this.clock, other => this.find(other));
    this.#queues.set(arn, queue);
    return queue;
  }

  /** @throws InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue when the dead-letter queue does not exist. */
  requireSettable(queueArn: string, attributes: Record<string, string>): void {
    requireValidAttributes(attributes);
    const target = redrivePolicyOf(attributes)?.deadLetterTargetArn;
    if (target === undefined) return;
    if (target === queueArn || !this.#queues.has(target)) {
      throw invalidParameter('RedrivePolicy', attributes.RedrivePolicy, 'Dead letter target does not exist.');
    }
  }

  delete(queue: Queue): void {
    queue.clear();
    this.#queues.delete(queue.arn);
  }
}

export function arnOf(account: string, name: string): string {
  return `arn:aws:sqs:${REGION}:${account}:${name}`;
}

/** The queue's ARN by its URL, whose host does not matter. */
export function arnOfUrl(queueUrl: unknown): string {
  if (typeof queueUrl !== 'string' || queueUrl === '') throw missingParameter('QueueUrl');
  const [account, name] = queueUrl.split('/').slice(-2);
  if (!account || !name) throw queueError('InvalidAddress', `The address ${queueUrl} is not valid for this endpoint.`);
  return arnOf(account, name);
}

/** `sqs:<action>` on a queue with that queue's own policy. */
export function accessTo(registry: QueueRegistry, action: string, queueArn: string): Access {
  return { action: `sqs:${action}`, resource: queueArn, resourcePolicy: registry.find(queueArn)?.policy };
}

/** An operation on the queue of `QueueUrl`. A batch has the permission of its single action. Source: SQS API permissions reference. */
export function onQueueUrl(
  registry: QueueRegistry,
  action: string,
  run: (queue: Queue, input: Wire, call: Call) => unknown,
): Operation {
  return {
    access: input => [accessTo(registry, action, arnOfUrl(input.QueueUrl))],
    run: (input, call) => run(registry.require(arnOfUrl(input.QueueUrl)), input, call),
  };
}
