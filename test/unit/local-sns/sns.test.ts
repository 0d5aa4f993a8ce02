import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OTHER, OWNER, startWorld, type World } from './world.ts';

let world: World;
let sns: SNSClient;
let sqs: SQSClient;
let TopicArn: string;
let count = 0;
beforeAll(async () => {
  world = await startWorld();
  sns = world.sns();
  sqs = world.sqs();
});
afterAll(() => world.end());
beforeEach(async () => {
  count += 1;
  TopicArn = (await sns.send(new CreateTopicCommand({ Name: `news-${count}` }))).TopicArn ?? '';
});

const denied = { name: 'AuthorizationErrorException' };
const publish = (more: object = {}) => new PublishCommand({ TopicArn, Message: 'Something happened.', ...more });
const setPolicy = (...Statement: object[]) =>
  sns.send(
    new SetTopicAttributesCommand({
      TopicArn,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );

/** A queue of the owner's that lets in what the statement's condition says. */
async function queueFor(source: string) {
  const name = `queue-${count}-${source.length}`;
  const Endpoint = `arn:aws:sqs:us-east-1:${OWNER}:${name}`;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Endpoint,
    Condition: { ArnEquals: { 'aws:SourceArn': source } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  const bodies = async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body = '' }) => Body);
  };
  return { Endpoint, bodies };
}

describe('a topic', () => {
  it('is made once, and says what it has', async () => {
    expect(TopicArn).toBe(`arn:aws:sns:us-east-1:${OWNER}:news-${count}`);
    const again = await sns.send(
      new CreateTopicCommand({ Name: `news-${count}`, Attributes: { DisplayName: 'News' } }),
    );
    expect(again.TopicArn).toBe(TopicArn);
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(Attributes).toMatchObject({ TopicArn, Owner: OWNER, DisplayName: 'News', SubscriptionsConfirmed: '0' });
    expect((await sns.send(new ListTopicsCommand({}))).Topics).toContainEqual({ TopicArn });
    expect((await world.sns(world.administratorOf(OTHER)).send(new ListTopicsCommand({}))).Topics).toEqual([]);
  });

  it('is gone when it was deleted, also twice', async () => {
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await expect(sns.send(publish())).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it.each(['', 'with space', 'x'.repeat(257)])('has a name that a topic can have, not "%s"', async Name => {
    await expect(sns.send(new CreateTopicCommand({ Name }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

describe('a message', () => {
  it('reaches the queues whose policy lets the topic, in SNS’s envelope', async () => {
    const { Endpoint, bodies } = await queueFor(TopicArn);
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    const { MessageId } = await sns.send(publish({ Subject: 'News', Message: 'a\nb <c> & ä' }));
    const [body = ''] = await bodies();
    expect(JSON.parse(body)).toMatchObject({
      Type: 'Notification',
      MessageId,
      TopicArn,
      Subject: 'News',
      Message: 'a\nb <c> & ä',
    });
  });

  it('comes as it is where the subscription asks for it', async () => {
    const { Endpoint, bodies } = await queueFor(TopicArn);
    const Attributes = { RawMessageDelivery: 'true' };
    const { SubscriptionArn } = await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }),
    );
    await sns.send(publish());
    expect(await bodies()).toEqual(['Something happened.']);
    const shown = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(shown.Attributes).toMatchObject({ RawMessageDelivery: 'true', PendingConfirmation: 'false', Endpoint });
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(publish());
    expect(await bodies()).toEqual([]);
  });

  it('does not reach a queue that lets another topic, and nobody who publishes is told', async () => {
    const { Endpoint, bodies } = await queueFor(`${TopicArn}-other`);
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    await sns.send(publish());
    expect(await bodies()).toEqual([]);
    expect(world.logged.at(-1)).toContain('did not reach');
  });

  it.each([
    ['no text', { Message: '' }],
    ['too much text', { Message: 'x'.repeat(262_145) }],
    ['a subject of two lines', { Subject: 'a\nb' }],
    ['a subject that is too long', { Subject: 'x'.repeat(100) }],
    ['a subject that is not ASCII', { Subject: 'Für dich' }],
    ['a subject that begins with a blank', { Subject: ' a' }],
  ])('is refused with %s', async (_, more) => {
    await expect(sns.send(publish(more))).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('who may', () => {
  const allow = (Principal: object, Action: string, Condition?: object) => ({
    Effect: 'Allow',
    Principal,
    Action,
    Resource: TopicArn,
    ...(Condition && { Condition }),
  });

  it('publish goes by IAM within the account', async () => {
    const may = world.sns(world.roleWith(OWNER, { Action: 'sns:Publish', Resource: TopicArn }));
    await may.send(publish());
    const other = world.sns(world.roleWith(OWNER, { Action: 'sns:Publish', Resource: `${TopicArn}-other` }));
    await expect(other.send(publish())).rejects.toMatchObject(denied);
  });

  it('subscribe from another account goes by the topic’s policy too, with its protocols', async () => {
    const stranger = world.sns(world.administratorOf(OTHER));
    const subscribe = (Protocol: string, Endpoint: string) =>
      stranger.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
    await expect(subscribe('email', 'steward@example.org')).rejects.toMatchObject(denied);
    await setPolicy(
      allow({ AWS: `arn:aws:iam::${OTHER}:root` }, 'sns:Subscribe', { StringEquals: { 'sns:Protocol': ['email'] } }),
    );
    expect((await subscribe('email', 'steward@example.org')).SubscriptionArn).toBe('pending confirmation');
    await expect(subscribe('sqs', `arn:aws:sqs:us-east-1:${OTHER}:news`)).rejects.toMatchObject(denied);
    await expect(stranger.send(publish())).rejects.toMatchObject(denied);
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    expect(Subscriptions).toMatchObject([
      { SubscriptionArn: 'PendingConfirmation', Owner: OTHER, Protocol: 'email', Endpoint: 'steward@example.org' },
    ]);
  });

  it('publish on an encrypted topic may use its key, through SNS', async () => {
    const { KeyMetadata } = await world.kms().send(new CreateKeyCommand({}));
    const Resource = KeyMetadata?.Arn ?? '';
    const key = { TopicArn, AttributeName: 'KmsMasterKeyId', AttributeValue: Resource };
    await sns.send(new SetTopicAttributesCommand(key));
    const may = { Action: 'sns:Publish', Resource: TopicArn };
    const via = (service: string) => ({
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource,
      Condition: { StringEquals: { 'kms:ViaService': `${service}.us-east-1.amazonaws.com` } },
    });
    await world.sns(world.roleWith(OWNER, may, via('sns'))).send(publish());
    await expect(world.sns(world.roleWith(OWNER, may, via('sqs'))).send(publish())).rejects.toMatchObject(denied);
    await expect(world.sns(world.roleWith(OWNER, may)).send(publish())).rejects.toMatchObject(denied);
  });

  it('names principals that are there', async () => {
    const policy = setPolicy(allow({ AWS: 'arn:aws:iam::999999999999:root' }, 'sns:Subscribe'));
    await expect(policy).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('what the local mesh does not have', () => {
  it.each([
    ['lambda', 'arn:aws:lambda:us-east-1:111111111111:function:f'],
    ['https', 'https://example.org/'],
  ])('is said: subscriptions by %s', async (Protocol, Endpoint) => {
    const subscribe = sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
    await expect(subscribe).rejects.toThrow('The local mesh does not have');
  });
});

const hasBoto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;

describe.skipIf(!hasBoto3)('boto3', () => {
  it('makes a topic, subscribes, publishes, and sees its errors', { timeout: 30_000 }, async () => {
    const script = `
import boto3
from botocore.exceptions import ClientError
sns = boto3.client('sns', endpoint_url='${world.endpoint}', region_name='us-east-1', aws_access_key_id='${OWNER}', aws_secret_access_key='any')
arn = sns.create_topic(Name='by-boto', Attributes={'DisplayName': 'By boto'})['TopicArn']
assert sns.get_topic_attributes(TopicArn=arn)['Attributes']['DisplayName'] == 'By boto'
sns.subscribe(TopicArn=arn, Protocol='email', Endpoint='a@example.org')
assert sns.list_subscriptions_by_topic(TopicArn=arn)['Subscriptions'][0]['Protocol'] == 'email'
assert sns.publish(TopicArn=arn, Message='x')['MessageId']
try:
    sns.publish(TopicArn=arn + '-none', Message='x')
except sns.exceptions.NotFoundException as error:
    assert error.response['Error']['Code'] == 'NotFound'
else:
    raise AssertionError('published on no topic')
`;
    expect((await promisify(execFile)('python3', ['-c', script])).stderr).toBe('');
  });
});
