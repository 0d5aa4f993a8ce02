import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { queueArn, startSqs } from './sqs.ts';

async function withDeadLetters() {
  const started = startSqs();
  const dead = await started.createQueue('dead');
  const work = await started.createQueue('work', {
    VisibilityTimeout: '30',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 2 }),
  });
  /** Receives until the message has gone to the dead letters. */
  const exhaust = async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      await started.receive(work);
      await started.clock.advance(30);
    }
  };
  return { ...started, dead, work, exhaust };
}

describe('redrive', () => {
  it('moves a message to the dead-letter queue after maxReceiveCount receives', async () => {
    const { sqs, receive, dead, work, clock } = await withDeadLetters();
    await sqs('SendMessage', { QueueUrl: work, MessageBody: 'poison' });
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await receive(work)).toEqual(['poison']);
      await clock.advance(30);
    }
    expect(await receive(dead)).toEqual([]);
    expect(await receive(work)).toEqual([]);
    const { Messages } = await sqs('ReceiveMessage', { QueueUrl: dead, AttributeNames: ['All'] });
    expect(Messages[0]).toMatchObject({ Body: 'poison', Attributes: { DeadLetterQueueSourceArn: queueArn('work') } });
    expect(await sqs('ListDeadLetterSourceQueues', { QueueUrl: dead })).toEqual({ queueUrls: [work] });
  });

  it('keeps the message where it is while the dead-letter queue is missing', async () => {
    const { sqs, receive, dead, work, exhaust } = await withDeadLetters();
    await sqs('SendMessage', { QueueUrl: work, MessageBody: 'poison' });
    await sqs('DeleteQueue', { QueueUrl: dead });
    await exhaust();
    expect(await receive(work)).toEqual(['poison']);
  });

  it('gives dead letters back to where they came from, as new messages', async () => {
    const { sqs, receive, dead, work, exhaust, activity } = await withDeadLetters();
    const sent = await sqs('SendMessage', { QueueUrl: work, MessageBody: 'mended' });
    await exhaust();
    const { TaskHandle } = await sqs('StartMessageMoveTask', { SourceArn: queueArn('dead') });
    const running = await sqs('ListMessageMoveTasks', { SourceArn: queueArn('dead') });
    expect(running.Results).toMatchObject([{ TaskHandle, Status: 'RUNNING' }]);
    await activity.idle();
    const { Messages } = await sqs('ReceiveMessage', { QueueUrl: work, AttributeNames: ['All'] });
    expect(Messages[0]).toMatchObject({ Body: 'mended', Attributes: { ApproximateReceiveCount: '1' } });
    expect(Messages[0].MessageId).not.toBe(sent.MessageId);
    expect(await receive(dead)).toEqual([]);
    const done = await sqs('ListMessageMoveTasks', { SourceArn: queueArn('dead') });
    expect(done.Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
  });

  it('does not guess where a letter came from that was sent there directly', async () => {
    const { sqs, receive, dead, activity } = await withDeadLetters();
    await sqs('SendMessage', { QueueUrl: dead, MessageBody: 'of a rule' });
    await sqs('StartMessageMoveTask', { SourceArn: queueArn('dead') });
    await activity.idle();
    const { Results } = await sqs('ListMessageMoveTasks', { SourceArn: queueArn('dead') });
    expect(Results).toMatchObject([{ Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource' }]);
    expect(await receive(dead)).toEqual(['of a rule']);
  });

  it('moves them to a queue that the call names, with the permissions that it takes', async () => {
    const { queues, sqs, receive, createQueue, dead, activity } = await withDeadLetters();
    const other = await createQueue('other');
    await sqs('SendMessage', { QueueUrl: dead, MessageBody: 'of a rule' });
    const input = { SourceArn: queueArn('dead'), DestinationArn: queueArn('other') };
    const accesses = await queues.service.operations.StartMessageMoveTask!.access(input, {} as Wire);
    expect(accesses.map(({ action, resource }) => `${action} ${resource.split(':').at(-1)}`)).toEqual([
      'sqs:StartMessageMoveTask dead',
      'sqs:ReceiveMessage dead',
      'sqs:DeleteMessage dead',
      'sqs:GetQueueAttributes dead',
      'sqs:SendMessage other',
    ]);
    await sqs('StartMessageMoveTask', input);
    await activity.idle();
    expect(await receive(other)).toEqual(['of a rule']);
    await expect(sqs('StartMessageMoveTask', { SourceArn: queueArn('other') })).rejects.toThrow(
      'must be configured as a Dead Letter Queue',
    );
  });
});

describe('inside the mesh', () => {
  it('takes messages with text attributes, and tells listeners when one becomes visible', async () => {
    const { queues, createQueue, clock } = startSqs();
    await createQueue('work', { VisibilityTimeout: '30' });
    const arn = queueArn('work');
    let told = 0;
    const unsubscribe = queues.subscribe(arn, () => (told += 1));
    await queues.send(arn, 'body', { RULE_ARN: 'arn:aws:events:us-east-1:1:rule/x' });
    expect(told).toBe(1);
    const [message] = queues.receive(arn, 10, 5);
    expect(message).toMatchObject({ Body: 'body', MessageAttributes: { RULE_ARN: { DataType: 'String' } } });
    await clock.advance(5);
    expect(told).toBe(2);
    unsubscribe();
    for (const { ReceiptHandle } of queues.receive(arn, 10)) queues.changeVisibility(arn, ReceiptHandle, 0);
    expect(told).toBe(2);
    for (const { ReceiptHandle } of queues.receive(arn, 10)) queues.delete(arn, ReceiptHandle);
    await clock.advance(30);
    expect(queues.receive(arn, 10)).toEqual([]);
    await expect(queues.send(queueArn('missing'), 'body')).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
  });
});
