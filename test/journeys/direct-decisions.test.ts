import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AVIATION,
  administratorOf,
  CLIMATE,
  type Connection,
  putEvent,
  roleArn,
  roleOf,
  settle,
} from '../../local/story/actors.ts';
import { folderWith, type MeshFolder } from './another-mesh.ts';
import { newsOf, theOne } from './hearing.ts';
import { bootLivingMesh, HUB_BUS_ARN, type LivingMesh, requestAccess, rowsOf, STEWARD } from './living-mesh.ts';

let folder: MeshFolder;
let living: LivingMesh;
let news: Awaited<ReturnType<typeof newsOf>>;
/** May put whatever it likes, and is no steward. */
let administrator: Connection;
let steward: Connection;

beforeAll(async () => {
  // The first of the domains: aviation.
  folder = folderWith({ 'mesh.yml': text => text.replace('decisions: events\n', 'decisions: direct\n') });
  living = await bootLivingMesh({ root: folder.root });
  steward = await roleOf(living.endpoint, AVIATION, 'Steward');
  administrator = administratorOf(living.endpoint, AVIATION);
  await ask('asked', 'aviation_ops.birdstrikes');
  news = await newsOf(living);
}, 180_000);
afterAll(async () => {
  await living?.stop();
  folder?.remove();
});

async function ask(requestId: string, table: string, columns?: string[]): Promise<Record<string, unknown>> {
  await requestAccess(living, { requestId, tables: [table], durationDays: 1, ...(columns && { columns }) });
  return (await theOne(living, 'Access Approval Needed', requestId)).data;
}

const yes = { requestId: 'asked', decision: 'approved', approver: STEWARD };
const put = (who: Connection, data: Record<string, unknown>, bus?: string) =>
  putEvent(who, 'trellis.access', 'Access Decision Made', data, bus ? { bus } : {});

/** The dead letters of aviation's forwarding rule: how many, and why the last did not get through. */
async function notForwarded(): Promise<{ count: number; why: string | undefined }> {
  const sqs = new SQSClient(administratorOf(living.endpoint, AVIATION));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'trellis-local-forward-dead' }));
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  const read = { QueueUrl, MessageAttributeNames: ['All'], VisibilityTimeout: 0 };
  const { Messages: [letter] = [] } = await sqs.send(new ReceiveMessageCommand(read));
  const count = Number(Attributes?.ApproximateNumberOfMessages);
  return { count, why: letter?.MessageAttributes?.ERROR_MESSAGE?.StringValue };
}

describe('a domain with decisions: direct', () => {
  it('is told with the question that only a direct put counts; another domain is not', async () => {
    expect((await theOne(living, 'Access Approval Needed', 'asked')).data).toMatchObject({ decisions: 'direct' });
    expect(await ask('elsewhere', 'climate_observations.co2', ['adjusted_co2'])).not.toHaveProperty('decisions');
    await news();
  });

  it('has no answer forwarded: it stays in its account, with the reason', async () => {
    await put(administrator, yes);
    await settle(living.endpoint);
    expect(await notForwarded()).toEqual({
      count: 1,
      why: expect.stringMatching(/trellis-local-forward.* explicit deny/),
    });
    expect(await news()).toEqual([]);
  });

  it('has no answer put by anybody else, alone or among others', async () => {
    await expect(put(administrator, yes, HUB_BUS_ARN)).rejects.toThrow(/not authorized to perform: events:PutEvents/);
    const entry = { Source: 'trellis.access', EventBusName: HUB_BUS_ARN };
    const Detail = JSON.stringify({ metadata: { eventId: crypto.randomUUID() }, data: yes });
    const Entries = [
      { ...entry, DetailType: 'Access Revocation Requested', Detail },
      { ...entry, DetailType: 'Access Decision Made', Detail },
    ];
    const client = new EventBridgeClient(administrator);
    await expect(client.send(new PutEventsCommand({ Entries }))).rejects.toThrow(/not authorized/);
    expect(await news()).toEqual([]);
  });

  it('has every other event of everybody of its account taken as before', async () => {
    await putEvent(administrator, 'trellis.access', 'Access Revocation Requested', { requestId: 'none', reason: 'x' });
    await putEvent(
      administrator,
      'trellis.access',
      'Access Revocation Requested',
      { requestId: 'none-2', reason: 'x' },
      { bus: HUB_BUS_ARN },
    );
    await settle(living.endpoint);
    expect((await news()).map(({ type }) => type)).toEqual(['Event Refused', 'Event Refused']);
  });

  it("takes its steward's own put", async () => {
    await put(steward, { ...yes, columns: ['wildlife_size'] }, HUB_BUS_ARN);
    await settle(living.endpoint);
    await theOne(living, 'Access Granted', 'asked');
    await rowsOf(living.analyst, 'SELECT wildlife_size FROM trellis_aviation_ops.birdstrikes LIMIT 1');
  });

  it("leaves the other domain's decisions as they were: events of its account", async () => {
    const approver = roleArn(CLIMATE, 'Steward');
    await put(administratorOf(living.endpoint, CLIMATE), { requestId: 'elsewhere', decision: 'approved', approver });
    await settle(living.endpoint);
    await theOne(living, 'Access Granted', 'elsewhere');
  });
});
