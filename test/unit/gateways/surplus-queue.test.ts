import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { SurplusQueue } from '../../../shared/aws/surplus-queue.ts';
import { fault } from './faults.ts';

const client = new SQSClient();
const sqs = mockClient(client);
const url = 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-access-surplus';
const surplus = new SurplusQueue(client, url);
const sizes = () => sqs.commandCalls(SendMessageBatchCommand).map(call => call.args[0].input.Entries?.length);

beforeEach(() => sqs.reset());

describe("what is beyond an account's share", () => {
  it('is put off as it came, in the group of its account', async () => {
    sqs.on(SendMessageBatchCommand).resolves({});
    await surplus.put('{"id":"1"}', '444444444444');
    expect(sqs).toHaveReceivedCommandExactlyOnceWith(SendMessageBatchCommand, {
      QueueUrl: url,
      Entries: [{ Id: '0', MessageBody: '{"id":"1"}', MessageGroupId: '444444444444' }],
    });
  });

  it('is put off in as few calls as its number and its size allow', async () => {
    sqs.on(SendMessageBatchCommand).resolves({});
    await Promise.all(Array.from({ length: 12 }, (_, index) => surplus.put(`{"id":${index}}`, '444444444444')));
    expect(sizes()).toEqual([10, 2]);
    const large = JSON.stringify({ text: 'x'.repeat(100_000) });
    await Promise.all(Array.from({ length: 3 }, () => surplus.put(large, '444444444444')));
    expect(sizes().slice(2)).toEqual([2, 1]);
  });

  it('stays where it is when it cannot be put off, it alone where the others can', async () => {
    sqs.on(SendMessageBatchCommand).rejectsOnce(fault('ThrottlingException'));
    const throttled = { status: 'rejected', reason: expect.objectContaining({ name: 'ThrottlingException' }) };
    const both = () => Promise.allSettled([surplus.put('1', '444444444444'), surplus.put('2', '555555555555')]);
    expect(await both()).toEqual([throttled, throttled]);
    sqs.on(SendMessageBatchCommand).resolves({
      Failed: [{ Id: '1', Message: 'too deep', Code: 'x', SenderFault: false }],
    });
    expect(await both()).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: expect.stringContaining('too deep') } },
    ]);
  });

  it('is not put off a second time: its own queue is known, and is no other', () => {
    const arn = (name: string) => `arn:aws:sqs:us-east-1:111111111111:${name}`;
    expect(surplus.isSource(arn('trellis-local-access-surplus'))).toBe(true);
    expect(surplus.isSource(arn('trellis-local-access'))).toBe(false);
  });
});
