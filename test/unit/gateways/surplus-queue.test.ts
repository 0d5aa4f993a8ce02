import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { SurplusQueue } from '../../../shared/aws/surplus-queue.ts';
import { fault } from './faults.ts';

const client = new SQSClient();
const sqs = mockClient(client);
const url = 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-access-surplus';
const surplus = new SurplusQueue(client, url);

beforeEach(() => sqs.reset());

describe("what is beyond an account's share", () => {
  it('is put off as it came, in the group of its account', async () => {
    sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
    await surplus.put('{"id":"1"}', '444444444444');
    expect(sqs).toHaveReceivedCommandExactlyOnceWith(SendMessageCommand, {
      QueueUrl: url,
      MessageBody: '{"id":"1"}',
      MessageGroupId: '444444444444',
    });
  });

  it('stays where it is when it cannot be put off', async () => {
    sqs.on(SendMessageCommand).rejects(fault('ThrottlingException'));
    await expect(surplus.put('{}', '444444444444')).rejects.toThrow(
      expect.objectContaining({ name: 'ThrottlingException' }),
    );
  });

  it('is not put off a second time: its own queue is known, and is no other', () => {
    const arn = (name: string) => `arn:aws:sqs:us-east-1:111111111111:${name}`;
    expect(surplus.isSource(arn('trellis-local-access-surplus'))).toBe(true);
    expect(surplus.isSource(arn('trellis-local-access'))).toBe(false);
  });
});
