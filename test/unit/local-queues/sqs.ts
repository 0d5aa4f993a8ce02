import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Call, type Wire } from '../../../local/core/service.ts';
import { createQueues } from '../../../local/queues/queues.ts';

export const ACCOUNT = '111111111111';

/** SQS alone, called as the account's administrator unless another call is given. */
export function startSqs() {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const queues = createQueues({ clock, activity, endpoint: () => 'http://127.0.0.1:4566' });
  async function sqs(operation: string, input: Wire, call: Call = administrator(ACCOUNT)): Promise<Wire> {
    return queues.service.operations[operation]!.run(input, call);
  }
  async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
    return (await sqs('CreateQueue', { QueueName, Attributes })).QueueUrl;
  }
  /** The bodies that one receive gives. */
  async function receive(QueueUrl: string, more: Wire = {}): Promise<string[]> {
    const { Messages = [] } = await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, ...more });
    return Messages.map((message: Wire) => message.Body);
  }
  return { activity, clock, queues, sqs, createQueue, receive };
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
}
