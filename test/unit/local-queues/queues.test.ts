import { describe, expect, it } from 'vitest';
import { administrator } from '../../../local/core/service.ts';
import { ACCOUNT, queueArn, startSqs } from './sqs.ts';

describe('a queue', () => {
  it('is found by its name, from its own account and from another', async () => {
    const { sqs, createQueue } = startSqs();
    const url = await createQueue('work');
    expect(url).toBe(`http://127.0.0.1:4566/${ACCOUNT}/work`);
    expect(await sqs('GetQueueUrl', { QueueName: 'work' })).toEqual({ QueueUrl: url });
    const stranger = administrator('222222222222');
    expect(await sqs('GetQueueUrl', { QueueName: 'work', QueueOwnerAWSAccountId: ACCOUNT }, stranger)).toEqual({
      QueueUrl: url,
    });
    await expect(sqs('GetQueueUrl', { QueueName: 'work' }, stranger)).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
      members: { queryErrorCode: 'AWS.SimpleQueueService.NonExistentQueue' },
    });
  });

  it('is created twice with the same attributes, and not with others', async () => {
    const { createQueue } = startSqs();
    const url = await createQueue('work', { VisibilityTimeout: '60' });
    expect(await createQueue('work', { VisibilityTimeout: '60' })).toBe(url);
    expect(await createQueue('work')).toBe(url);
    await expect(createQueue('work', { VisibilityTimeout: '61' })).rejects.toMatchObject({
      code: 'QueueNameExists',
      members: { queryErrorCode: 'QueueAlreadyExists' },
    });
  });

  it('shows its attributes, those asked for alone', async () => {
    const { sqs, createQueue } = startSqs();
    await createQueue('dead');
    const redrive = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 3 });
    const QueueUrl = await createQueue('work', { RedrivePolicy: redrive, DelaySeconds: '5' });
    const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    expect(Attributes).toMatchObject({
      QueueArn: queueArn('work'),
      RedrivePolicy: redrive,
      DelaySeconds: '5',
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      ReceiveMessageWaitTimeSeconds: '0',
      SqsManagedSseEnabled: 'true',
      ApproximateNumberOfMessages: '0',
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
    });
    expect(await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn', 'Policy'] })).toEqual({
      Attributes: { QueueArn: queueArn('work') },
    });
    await expect(sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['Nonsense'] })).rejects.toMatchObject({
      code: 'InvalidAttributeName',
    });
  });

  it('refuses attributes that SQS does not know or take', async () => {
    const { sqs, createQueue } = startSqs();
    const QueueUrl = await createQueue('work');
    const set = (Attributes: object) => sqs('SetQueueAttributes', { QueueUrl, Attributes });
    await expect(set({ Visibility: '1' })).rejects.toMatchObject({ code: 'InvalidAttributeName' });
    await expect(set({ VisibilityTimeout: '43201' })).rejects.toMatchObject({ code: 'InvalidAttributeValue' });
    await expect(set({ Policy: '{not json' })).rejects.toMatchObject({ code: 'InvalidAttributeValue' });
    const redrive = (name: string) => JSON.stringify({ deadLetterTargetArn: queueArn(name), maxReceiveCount: 3 });
    await expect(set({ RedrivePolicy: redrive('missing') })).rejects.toThrow('Dead letter target does not exist');
    await expect(set({ RedrivePolicy: redrive('work') })).rejects.toThrow('Dead letter target does not exist');
    await expect(createQueue('order.fifo', { FifoQueue: 'true' })).rejects.toMatchObject({
      code: 'NotImplementedInLocalMesh',
    });
  });

  it('asks IAM about itself, with its own policy', async () => {
    const { queues, createQueue } = startSqs();
    const policy = { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage' } };
    const QueueUrl = await createQueue('work', { Policy: JSON.stringify(policy) });
    const call = administrator('222222222222');
    for (const [operation, action] of [
      ['SendMessage', 'SendMessage'],
      ['SendMessageBatch', 'SendMessage'],
      ['DeleteMessageBatch', 'DeleteMessage'],
    ] as const) {
      expect(await queues.service.operations[operation]!.access({ QueueUrl }, call)).toEqual([
        { action: `sqs:${action}`, resource: queueArn('work'), resourcePolicy: policy },
      ]);
    }
    expect(queues.policyOf(queueArn('work'))).toEqual(policy);
    expect(await queues.service.operations.CreateQueue!.access({ QueueName: 'new' }, call)).toEqual([
      { action: 'sqs:CreateQueue', resource: 'arn:aws:sqs:us-east-1:222222222222:new', resourcePolicy: undefined },
    ]);
  });

  it('is listed by prefix, page by page, within its account', async () => {
    const { sqs, createQueue } = startSqs();
    for (const name of ['b-2', 'a-1', 'b-1', 'b-3']) await createQueue(name);
    const first = await sqs('ListQueues', { QueueNamePrefix: 'b-', MaxResults: 2 });
    expect(first.QueueUrls.map((url: string) => url.split('/').at(-1))).toEqual(['b-1', 'b-2']);
    const second = await sqs('ListQueues', { QueueNamePrefix: 'b-', MaxResults: 2, NextToken: first.NextToken });
    expect(second.QueueUrls.map((url: string) => url.split('/').at(-1))).toEqual(['b-3']);
    expect(second.NextToken).toBeUndefined();
    expect(await sqs('ListQueues', {}, administrator('222222222222'))).toEqual({});
  });

  it('is purged at most once a minute', async () => {
    const { sqs, createQueue, receive, clock } = startSqs();
    const QueueUrl = await createQueue('work');
    await sqs('SendMessage', { QueueUrl, MessageBody: 'gone' });
    await sqs('PurgeQueue', { QueueUrl });
    expect(await receive(QueueUrl)).toEqual([]);
    await expect(sqs('PurgeQueue', { QueueUrl })).rejects.toMatchObject({ code: 'PurgeQueueInProgress' });
    await clock.advance(61);
    await sqs('PurgeQueue', { QueueUrl });
  });

  it('is gone with its messages when deleted', async () => {
    const { sqs, createQueue, receive } = startSqs();
    const QueueUrl = await createQueue('work');
    await sqs('SendMessage', { QueueUrl, MessageBody: 'gone' });
    await sqs('DeleteQueue', { QueueUrl });
    await expect(sqs('SendMessage', { QueueUrl, MessageBody: 'late' })).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
    });
    await createQueue('work');
    expect(await receive(QueueUrl)).toEqual([]);
  });

  it('keeps tags', async () => {
    const { sqs, createQueue } = startSqs();
    const QueueUrl = await createQueue('work');
    await sqs('TagQueue', { QueueUrl, Tags: { team: 'hub', stage: 'local' } });
    await sqs('UntagQueue', { QueueUrl, TagKeys: ['stage'] });
    expect(await sqs('ListQueueTags', { QueueUrl })).toEqual({ Tags: { team: 'hub' } });
  });
});
