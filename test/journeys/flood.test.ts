import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  administratorOf,
  advance,
  CLIMATE,
  type Connection,
  listen,
  putEvent,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import { ANALYST, BUS, bootLivingMesh, HUB_BUS_ARN, type LivingMesh } from './living-mesh.ts';
import { deadLetters } from './traces.ts';

/** Three times the share that all processes together allow an account at once. */
const FLOOD = 300;

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

/** So many requests of one account in one go, straight on the hub's bus. */
async function flood(who: Connection, count: number, data: (index: number) => Record<string, unknown>): Promise<void> {
  const client = new EventBridgeClient(who);
  const entry = { Source: 'trellis.access', DetailType: 'Access Requested', EventBusName: HUB_BUS_ARN };
  const calls = Array.from({ length: count / 10 }, (_, call) =>
    Array.from({ length: 10 }, (_, index) => {
      const metadata = { eventId: crypto.randomUUID() };
      return { ...entry, Detail: JSON.stringify({ metadata, data: data(call * 10 + index) }) };
    }),
  );
  await Promise.all(calls.map(Entries => client.send(new PutEventsCommand({ Entries }))));
}

/** What comes to a queue from now on is not taken for so many seconds. */
async function hold(hub: Connection, name: string, seconds: number): Promise<void> {
  const sqs = new SQSClient(hub);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${BUS}-${name}` }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { DelaySeconds: String(seconds) } }));
}

const nowhere = (requestId: string) => ({
  requestId,
  principal: ANALYST,
  tables: ['aviation_ops.nowhere'],
  purpose: 'delay-study',
  durationDays: 1,
});

describe('very many requests of one account at once', () => {
  it("do not keep another's waiting, and are each answered in the end", async () => {
    const { endpoint, hub, analytics } = living;
    const hear = await listen(endpoint, BUS);
    await hold(hub, 'access', 60);
    await hold(hub, 'access-surplus', 600);
    // Tried again, it is another flood.
    const run = crypto.randomUUID().slice(0, 8);
    await flood(analytics, FLOOD, index => nowhere(`flood-${run}-${index}`));
    const quiet = { ...nowhere(`quiet-${run}`), principal: roleArn(CLIMATE, 'Steward') };
    await putEvent(administratorOf(endpoint, CLIMATE), 'trellis.access', 'Access Requested', quiet);
    // And the flood's own account can still end what it has.
    const mine = { requestId: `mine-${run}`, reason: 'x' };
    await putEvent(analytics, 'trellis.access', 'Access Revocation Requested', mine);
    await settle(endpoint);

    // All of the flood is in line before the two when the first of it is taken.
    await advance(endpoint, 61);
    await settle(endpoint, 150_000);
    const early = (await hear()).map(({ data }) => String(data.requestId));
    expect(early).toEqual(expect.arrayContaining([quiet.requestId, mine.requestId]));
    // A hundred at once, and what a slow machine takes in its minutes.
    expect(early.length).toBeLessThan(FLOOD * 0.8);

    await advance(endpoint, 601);
    await settle(endpoint, 150_000);
    const late = (await hear()).map(({ data }) => String(data.requestId));
    expect([...early, ...late].filter(id => id.startsWith(`flood-${run}-`)).sort()).toEqual(
      Array.from({ length: FLOOD }, (_, index) => `flood-${run}-${index}`).sort(),
    );
    expect(await deadLetters(endpoint)).toEqual({});
  }, 180_000);
});
