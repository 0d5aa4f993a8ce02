/** People are told by topics: stewards what they have to answer, holders which access ends; what comes together in one message; nobody twice. */
import { ListTopicsCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ANALYTICS, AVIATION, administratorOf, type Connection, HUB } from '../../local/story/actors.ts';
import { bootLivingMesh, inMinutes, type LivingMesh, requestAccess } from './living-mesh.ts';

let living: LivingMesh;
let stewards: () => Promise<{ Subject: string; Message: string }[]>;
let analysts: typeof stewards;

beforeAll(async () => {
  living = await bootLivingMesh();
  stewards = await subscribed(living.aviation, AVIATION, 'domain-aviation');
  analysts = await subscribed(living.analytics, ANALYTICS, `account-${ANALYTICS}`);
}, 120_000);
afterAll(() => living.stop());

/** A queue of the account's own on a topic of its own: nobody of the hub is asked. */
async function subscribed(member: Connection, account: string, topic: string): Promise<typeof stewards> {
  const TopicArn = `arn:aws:sns:us-east-1:${HUB}:trellis-local-${topic}`;
  const Endpoint = `arn:aws:sqs:us-east-1:${account}:told`;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Endpoint,
    Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
  };
  const sqs = new SQSClient(member);
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'told', Attributes: { Policy } }));
  await new SNSClient(member).send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  return async () => {
    await living.mesh.settle(30_000);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body));
  };
}

const birds = { tables: ['aviation_ops.birdstrikes'], purpose: 'safety-study' };

it('a domain’s account has its own topics, and cannot subscribe to others', async () => {
  const aviation = new SNSClient(living.aviation);
  const other = `arn:aws:sns:us-east-1:${HUB}:trellis-local-account-${ANALYTICS}`;
  const Endpoint = 'nosy@example.org';
  const subscribe = aviation.send(new SubscribeCommand({ TopicArn: other, Protocol: 'email', Endpoint }));
  await expect(subscribe).rejects.toMatchObject({ name: 'AuthorizationErrorException' });
  const hub = new SNSClient(administratorOf(living.endpoint, HUB));
  const { Topics = [] } = await hub.send(new ListTopicsCommand({}));
  expect(Topics.map(({ TopicArn = '' }) => TopicArn.split(':').at(-1)).sort()).toEqual(
    [
      `trellis-local-account-${HUB}`,
      `trellis-local-account-${AVIATION}`,
      'trellis-local-account-333333333333',
      `trellis-local-account-${ANALYTICS}`,
      'trellis-local-domain-aviation',
      'trellis-local-domain-climate',
      'trellis-local-operators',
    ].sort(),
  );
});

it('requests that come within a minute are one message to the stewards', async () => {
  await requestAccess(living, { requestId: 'birds-1', ...birds, durationDays: 1 });
  await requestAccess(living, { requestId: 'birds-2', ...birds, durationDays: 2 });
  expect(await stewards()).toEqual([]);
  await living.mesh.advance(61);
  const [message, ...others] = await stewards();
  expect(others).toEqual([]);
  expect(message?.Subject).toBe('[trellis local] 2 requests wait for you');
  for (const requestId of ['birds-1', 'birds-2'])
    expect(message?.Message).toContain(`trellis access decide ${requestId} approve --stage local`);
  expect(message?.Message).toContain('"safety-study"');
});

it('the end of a grant reaches its holder’s account: before it, and when it has come', async () => {
  const flights = { tables: ['aviation_ops.flights'], columns: ['origin'] };
  await requestAccess(living, { requestId: 'flights-1', ...flights, expiresAt: inMinutes(living, 60) });
  await living.mesh.advance(32 * 60);
  const soon = await analysts();
  expect(soon.map(({ Subject }) => Subject)).toEqual(['[trellis local] 1 grant ends soon']);
  await living.mesh.advance(32 * 60);
  const [ended, ...others] = await analysts();
  expect(others).toEqual([]);
  expect(ended?.Message).toMatch(
    /can no longer read aviation_ops\.flights\n {2}because {4}its time is over\n {2}request {4}flights-1/,
  );
});

it('what is delivered again is told to nobody again', async () => {
  const event = (await living.told()).find(({ type }) => type === 'Access Revoked');
  const hub = new SQSClient(living.hub);
  const detail = { metadata: { eventId: 'delivered-twice' }, data: event?.data };
  const envelope = { id: '1', source: 'trellis', 'detail-type': 'Access Revoked', account: HUB, detail };
  const MessageBody = JSON.stringify({ ...envelope, time: event?.time, region: 'us-east-1' });
  const QueueUrl = `${living.endpoint}/${HUB}/trellis-local-notify`;
  // In one batch, where one of the two comes back after a rest, and later.
  for (let times = 0; times < 2; times++) await hub.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  await living.mesh.advance(200);
  await hub.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  await living.mesh.advance(200);
  expect(await analysts()).toHaveLength(1);
  const { Messages = [] } = await hub.send(
    new ReceiveMessageCommand({ QueueUrl: `${living.endpoint}/${HUB}/trellis-local-notify-dead` }),
  );
  expect(Messages).toEqual([]);
});
