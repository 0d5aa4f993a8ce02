import type { Activity } from '../core/activity.ts';
import type { Access, Operation, Wire } from '../core/service.ts';
import type { StoredMessage } from './message.ts';
import type { Queue } from './queue.ts';
import { missingParameter, queueError } from './queue-errors.ts';
import { accessTo, type QueueRegistry } from './queue-registry.ts';

interface MoveTask {
  handle: string;
  sourceArn: string;
  destinationArn: string | undefined;
  startedAt: number;
  status: 'COMPLETED' | 'FAILED' | 'RUNNING';
  moved: number;
  toMove: number;
  failureReason?: string;
}

/** Redrive: moving the messages of a dead-letter queue back to where they came from, or to another queue. */
export function messageMoveOperations(registry: QueueRegistry, activity: Activity): Record<string, Operation> {
  const tasks: MoveTask[] = [];

  /** Simplification: as fast as it goes, whatever MaxNumberOfMessagesPerSecond says; a task cannot be cancelled. */
  async function move(task: MoveTask, source: Queue): Promise<void> {
    // The caller has the answer before the first message moves, as on AWS.
    await new Promise(resolve => setImmediate(resolve));
    for (let left = task.toMove; left > 0; left--) {
      const message = source.take();
      if (!message) break;
      const destination = destinationOf(task, message);
      if (!destination) {
        source.putBack(message);
        task.status = 'FAILED';
        task.failureReason = 'CouldNotDetermineMessageSource';
        return;
      }
      // A moved message is new: new id, new time, not yet received. Source: SQS Developer Guide, dead-letter queue redrive.
      destination.send({
        body: message.body,
        attributes: message.attributes,
        systemAttributes: message.sentSystemAttributes,
        senderId: message.senderId,
        delaySeconds: 0,
      });
      task.moved += 1;
    }
    task.status = 'COMPLETED';
  }

  function destinationOf(task: MoveTask, message: StoredMessage): Queue | undefined {
    const arn = task.destinationArn ?? message.deadLetterSourceArn;
    return arn === undefined ? undefined : registry.find(arn);
  }

  return {
    StartMessageMoveTask: {
      access(input): Access[] {
        const reads = ['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
        const sourceArn = requireSourceArn(input);
        const source = registry.find(sourceArn);
        const destinations = input.DestinationArn
          ? [input.DestinationArn as string]
          : source
            ? registry.sourcesOf(source).map(queue => queue.arn)
            : [];
        return [
          ...reads.map(action => accessTo(registry, action, sourceArn)),
          ...destinations.map(arn => accessTo(registry, 'SendMessage', arn)),
        ];
      },
      run(input) {
        const source = requireQueue(registry, requireSourceArn(input));
        if (registry.sourcesOf(source).length === 0) {
          throw queueError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
        }
        if (input.DestinationArn) requireQueue(registry, input.DestinationArn);
        if (tasks.some(task => task.sourceArn === source.arn && task.status === 'RUNNING')) {
          throw queueError(
            'InvalidParameterValue',
            'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
          );
        }
        const task: MoveTask = {
          handle: Buffer.from(JSON.stringify({ taskId: crypto.randomUUID(), sourceArn: source.arn })).toString(
            'base64',
          ),
          sourceArn: source.arn,
          destinationArn: input.DestinationArn,
          startedAt: registry.clock.now(),
          status: 'RUNNING',
          moved: 0,
          toMove: Number(source.attributes().ApproximateNumberOfMessages),
        };
        tasks.unshift(task);
        void activity.track(`sqs move ${source.name}`, () => move(task, source));
        return { TaskHandle: task.handle };
      },
    },
    ListMessageMoveTasks: {
      access: input => [accessTo(registry, 'ListMessageMoveTasks', requireSourceArn(input))],
      run(input) {
        const source = requireQueue(registry, requireSourceArn(input));
        const latest = tasks.filter(task => task.sourceArn === source.arn).slice(0, input.MaxResults ?? 1);
        return { Results: latest.map(toResult) };
      },
    },
  };
}

function toResult(task: MoveTask): object {
  return {
    // Only a running task has a handle to cancel it by. Source: SQS API reference, ListMessageMoveTasks.
    ...(task.status === 'RUNNING' ? { TaskHandle: task.handle } : {}),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn ? { DestinationArn: task.destinationArn } : {}),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason ? { FailureReason: task.failureReason } : {}),
    StartedTimestamp: Math.floor(task.startedAt),
  };
}

function requireSourceArn(input: Wire): string {
  if (!input.SourceArn) throw missingParameter('SourceArn');
  return input.SourceArn;
}

function requireQueue(registry: QueueRegistry, arn: string): Queue {
  const queue = registry.find(arn);
  if (!queue)
    throw queueError('ResourceNotFoundException', `The resource that you specified for the ARN ${arn} doesn't exist.`);
  return queue;
}
