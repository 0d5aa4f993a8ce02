import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { SnsTopics } from '../../../shared/aws/sns-topics.ts';

const sns = mockClient(SNSClient);
const topics = new SnsTopics(new SNSClient(), 'arn:aws:sns:us-east-1:111111111111:trellis-prod-');
const message = { subject: '[trellis prod] 1 request waits for you', text: 'Somebody asks.' };

beforeEach(() => sns.reset());

it('publishes on the topic of a domain or an account', async () => {
  sns.on(PublishCommand).resolves({ MessageId: 'm' });
  await topics.publish('domain-aviation', message);
  expect(sns.commandCalls(PublishCommand).map(call => call.args[0].input)).toEqual([
    {
      TopicArn: 'arn:aws:sns:us-east-1:111111111111:trellis-prod-domain-aviation',
      Subject: message.subject,
      Message: message.text,
    },
  ]);
});

it('says which topic did not take it, and why', async () => {
  sns.on(PublishCommand).rejects(Object.assign(new Error('Topic does not exist'), { name: 'NotFoundException' }));
  await expect(topics.publish('account-444444444444', message)).rejects.toMatchObject({
    name: 'NotToldError',
    message: expect.stringMatching(
      /account-444444444444 did not take a message \(NotFoundException: Topic does not exist\)/,
    ),
  });
});
