import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { md5OfAttributes } from '../../../local/queues/message.ts';
import { ACCOUNT, startSqs } from './sqs.ts';

async function withQueue(attributes: Record<string, string> = {}) {
  const started = startSqs();
  const QueueUrl = await started.createQueue('work', attributes);
  const call = (operation: string, input: Wire = {}) => started.sqs(operation, { QueueUrl, ...input });
  const take = async (input: Wire = {}) => (await call('ReceiveMessage', input)).Messages?.[0];
  const bodies = (input: Wire = {}) => started.receive(QueueUrl, input);
  return { ...started, QueueUrl, call, take, bodies };
}

describe('the digest of message attributes', () => {
  // Digests that AWS gives, published by the npm package aws-md5-of-message-attributes.
  const text = { attribName1: { DataType: 'String', StringValue: 'attribValue 1' } };
  const number = {
    customNumberTypeAttrib: { DataType: 'Number.float', StringValue: '4563442423554324324264524243.32543234' },
  };
  const binary = {
    binaryAttribute: { DataType: 'Binary', BinaryValue: Buffer.from('Hello binary world!').toString('base64') },
  };

  it.each([
    [text, '19e27d4e946b072f3f58da80d94fd778'],
    [number, '9fe1b90bbd9965bdf77bac517c7d2495'],
    [binary, '31a92b15d92f8db860eda32aceb656c3'],
    [{ ...text, ...number, ...binary }, 'c932db14a896c663f83c260297d594ff'],
  ])('is the one of AWS (%#)', (attributes, digest) => {
    expect(md5OfAttributes(attributes)).toBe(digest);
  });
});

describe('a message', () => {
  it('is sent and received with its digests, attributes and system attributes', async () => {
    const { call, take } = await withQueue();
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'table' },
      'trellis.run': { DataType: 'Number', StringValue: '7' },
    };
    const sent = await call('SendMessage', { MessageBody: 'größe', MessageAttributes });
    const digest = createHash('md5').update('größe').digest('hex');
    expect(sent).toMatchObject({
      MD5OfMessageBody: digest,
      MD5OfMessageAttributes: md5OfAttributes(MessageAttributes),
    });
    const received = await take({ MessageAttributeNames: ['trellis.*'], MessageSystemAttributeNames: ['All'] });
    expect(received).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'größe',
      MD5OfBody: digest,
      MessageAttributes: { 'trellis.run': MessageAttributes['trellis.run'] },
      MD5OfMessageAttributes: md5OfAttributes({ 'trellis.run': MessageAttributes['trellis.run'] }),
      Attributes: { ApproximateReceiveCount: '1', SenderId: ACCOUNT, SentTimestamp: expect.stringMatching(/^\d{13}$/) },
    });
    expect(received.MessageAttributes).not.toHaveProperty('kind');
  });

  it('is not seen again until its visibility ends on the virtual clock', async () => {
    const { call, take, bodies, clock } = await withQueue({ VisibilityTimeout: '600' });
    await call('SendMessage', { MessageBody: 'again' });
    const first = await take({ AttributeNames: ['All'] });
    await clock.advance(599);
    expect(await bodies()).toEqual([]);
    await clock.advance(1);
    const second = await take({ AttributeNames: ['All'] });
    expect(second.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      ApproximateFirstReceiveTimestamp: first.Attributes.ApproximateFirstReceiveTimestamp,
    });
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
  });

  it('is deleted by the latest receipt alone', async () => {
    const { call, take, bodies, clock } = await withQueue({ VisibilityTimeout: '10' });
    await call('SendMessage', { MessageBody: 'one' });
    const first = await take();
    await clock.advance(10);
    const second = await take();
    await call('DeleteMessage', { ReceiptHandle: first.ReceiptHandle });
    await clock.advance(10);
    expect(await bodies()).toEqual(['one']);
    await call('DeleteMessage', { ReceiptHandle: second.ReceiptHandle });
    await clock.advance(30);
    const latest = await take();
    await call('DeleteMessage', { ReceiptHandle: latest.ReceiptHandle });
    await call('DeleteMessage', { ReceiptHandle: latest.ReceiptHandle });
    await clock.advance(30);
    expect(await bodies()).toEqual([]);
    await expect(call('DeleteMessage', { ReceiptHandle: 'bm90IG9uZQ==' })).rejects.toMatchObject({
      code: 'ReceiptHandleIsInvalid',
    });
  });

  it('changes its visibility while it is in flight', async () => {
    const { call, take, bodies, clock } = await withQueue({ VisibilityTimeout: '10' });
    await call('SendMessage', { MessageBody: 'one' });
    const { ReceiptHandle } = await take();
    await call('ChangeMessageVisibility', { ReceiptHandle, VisibilityTimeout: 100 });
    await clock.advance(99);
    expect(await bodies()).toEqual([]);
    await call('ChangeMessageVisibility', { ReceiptHandle, VisibilityTimeout: 0 });
    await expect(call('ChangeMessageVisibility', { ReceiptHandle, VisibilityTimeout: 5 })).rejects.toMatchObject({
      code: 'MessageNotInflight',
    });
    expect(await bodies()).toEqual(['one']);
  });

  it('is received once by one call, also when it stays visible', async () => {
    const { call, bodies } = await withQueue();
    await call('SendMessage', { MessageBody: 'one' });
    expect(await bodies({ VisibilityTimeout: 0 })).toEqual(['one']);
    expect(await bodies({ VisibilityTimeout: 0 })).toEqual(['one']);
  });

  it('comes after its delay, and is counted by its state', async () => {
    const { call, take, bodies, clock } = await withQueue({ DelaySeconds: '60' });
    const counts = async () => {
      const { Attributes } = await call('GetQueueAttributes', { AttributeNames: ['All'] });
      return [
        Attributes.ApproximateNumberOfMessages,
        Attributes.ApproximateNumberOfMessagesNotVisible,
        Attributes.ApproximateNumberOfMessagesDelayed,
      ];
    };
    await call('SendMessage', { MessageBody: 'by the queue' });
    await call('SendMessage', { MessageBody: 'by its own', DelaySeconds: 0 });
    expect(await counts()).toEqual(['1', '0', '1']);
    expect((await take()).Body).toBe('by its own');
    expect(await counts()).toEqual(['0', '1', '1']);
    await clock.advance(60);
    expect((await bodies()).sort()).toEqual(['by its own', 'by the queue']);
  });

  it('is dropped when the retention period is over', async () => {
    const { call, bodies, clock } = await withQueue({ MessageRetentionPeriod: '120' });
    await call('SendMessage', { MessageBody: 'old' });
    await clock.advance(60);
    await call('SendMessage', { MessageBody: 'young' });
    await clock.advance(60);
    expect(await bodies()).toEqual(['young']);
  });

  it('ends a long poll when it comes; without one the poll ends by itself', async () => {
    const { call, bodies } = await withQueue();
    const polls = [bodies({ WaitTimeSeconds: 20 }), bodies({ WaitTimeSeconds: 1 })];
    await call('SendMessage', { MessageBody: 'awaited' });
    expect((await Promise.all(polls)).flat()).toEqual(['awaited']);
  });

  it('is refused when it is empty, too long, or has characters or attributes that SQS does not take', async () => {
    const { call } = await withQueue({ MaximumMessageSize: '1024' });
    const send = (input: Wire) => call('SendMessage', { MessageBody: 'x', ...input });
    await expect(send({ MessageBody: '' })).rejects.toMatchObject({ code: 'MissingParameter' });
    await expect(send({ MessageBody: 'x'.repeat(1025) })).rejects.toThrow('shorter than 1024 bytes');
    await expect(send({ MessageBody: 'bell \u0007' })).rejects.toMatchObject({ code: 'InvalidMessageContents' });
    await expect(send({ MessageAttributes: { a: { DataType: 'Text', StringValue: 'b' } } })).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
    await expect(send({ MessageAttributes: { a: { DataType: 'Number', StringValue: 'b' } } })).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
    await expect(send({ DelaySeconds: 901 })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
    await expect(call('ReceiveMessage', { MaxNumberOfMessages: 11 })).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
  });
});

describe('a batch', () => {
  it('answers for each entry', async () => {
    const { call, bodies, take } = await withQueue();
    const sent = await call('SendMessageBatch', {
      Entries: [
        { Id: 'a', MessageBody: 'one' },
        { Id: 'b', MessageBody: '' },
      ],
    });
    expect(sent.Successful).toMatchObject([{ Id: 'a', MD5OfMessageBody: expect.any(String) }]);
    expect(sent.Failed).toMatchObject([{ Id: 'b', SenderFault: true, Code: 'MissingParameter' }]);
    const { ReceiptHandle } = await take();
    const changed = await call('ChangeMessageVisibilityBatch', {
      Entries: [{ Id: 'a', ReceiptHandle, VisibilityTimeout: 0 }],
    });
    expect(changed).toEqual({ Successful: [{ Id: 'a' }], Failed: [] });
    const again = await take();
    const Entries = [
      { Id: 'a', ReceiptHandle: again.ReceiptHandle },
      { Id: 'b', ReceiptHandle: 'nonsense' },
    ];
    expect(await call('DeleteMessageBatch', { Entries })).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [{ Id: 'b', Code: 'ReceiptHandleIsInvalid' }],
    });
    expect(await bodies()).toEqual([]);
  });

  it.each([
    ['EmptyBatchRequest', []],
    [
      'BatchEntryIdsNotDistinct',
      [
        { Id: 'a', MessageBody: 'x' },
        { Id: 'a', MessageBody: 'x' },
      ],
    ],
    ['InvalidBatchEntryId', [{ Id: 'a b', MessageBody: 'x' }]],
    ['TooManyEntriesInBatchRequest', Array.from({ length: 11 }, (_, i) => ({ Id: `${i}`, MessageBody: 'x' }))],
    ['BatchRequestTooLong', [1, 2].map(i => ({ Id: `${i}`, MessageBody: 'x'.repeat(600_000) }))],
  ])('is refused whole: %s', async (code, Entries) => {
    const { call } = await withQueue();
    await expect(call('SendMessageBatch', { Entries })).rejects.toMatchObject({
      code,
      members: { queryErrorCode: `AWS.SimpleQueueService.${code}` },
    });
  });
});
