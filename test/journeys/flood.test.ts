import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  administratorOf,
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

const nowhere = (index: number) => ({
  requestId: `flood-${index}`,
  principal: ANALYST,
  tables: ['aviation_ops.nowhere'],
  purpose: 'delay-study',
  durationDays: 1,
});

describe('very many requests of one account at once', () => {
  it("do not keep another's waiting, and are each answered in the end", async () => {
    const hear = await listen(living.endpoint, BUS);
    await flood(living.analytics, FLOOD, nowhere);
    const climate = administratorOf(living.endpoint, CLIMATE);
    const quiet = { ...nowhere(0), requestId: 'quiet', principal: roleArn(CLIMATE, 'Steward') };
    await putEvent(climate, 'trellis.access', 'Access Requested', quiet);
    // And the flood's own account can still end what it has.
    await putEvent(living.analytics, 'trellis.access', 'Access Revocation Requested', {
      requestId: 'mine',
      reason: 'x',
    });
    await settle(living.endpoint, 150_000);
    const answered = (await hear()).map(({ data }) => String(data.requestId));
    // Waiting in line, they would be answered after all of the flood. The slower the machine, the more of it comes within the share meanwhile.
    const answeredBefore = (id: string) => answered.slice(0, answered.indexOf(id)).length;
    expect(answered).toEqual(expect.arrayContaining(['quiet', 'mine']));
    expect(answeredBefore('quiet')).toBeLessThan(FLOOD * 0.8);
    expect(answeredBefore('mine')).toBeLessThan(FLOOD * 0.8);
    expect(new Set(answered.filter(id => id.startsWith('flood-'))).size).toBe(FLOOD);
    expect(await deadLetters(living.endpoint)).toEqual({});
  }, 180_000);
});
