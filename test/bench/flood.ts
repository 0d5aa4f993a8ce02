/** Very many requests of one account at once: how long another account's request takes meanwhile, and what becomes of them. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { bootMesh } from '../../local/mesh.ts';
import {
  ANALYTICS,
  administratorOf,
  CLIMATE,
  HUB,
  listen,
  putEvent,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import type { Bench } from './figure.ts';

const REQUESTS = 10_000;
/** Of PutEvents. */
const BATCH = 10;
const AT_ONCE = 8;
const BUS = 'trellis-local';
const REST_LIMIT_MS = 900_000;
const LOOK_EVERY_MS = 250;

export const flood: Bench = {
  name: 'flood',
  async run(tell) {
    tell('a mesh boots');
    // As many as take events in AWS (serverless.yml: ten, and two for what is put off); the local mesh has two a function otherwise.
    const mesh = await bootMesh({ environmentsOfFunction: 12, warmEnvironments: 16 });
    const { endpoint } = mesh;
    try {
      const hear = await listen(endpoint, BUS, { source: ['trellis'], 'detail-type': ['Access Denied'] });
      const answered = new Set<string>();
      const listenFor = async (requestId: string) => {
        for (;;) {
          for (const { data } of await hear()) answered.add(String(data.requestId));
          if (answered.has(requestId)) return performance.now();
          await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
        }
      };
      const ask = async (requestId: string) => {
        const startedAt = performance.now();
        await putEvent(administratorOf(endpoint, CLIMATE), 'trellis.access', 'Access Requested', {
          ...denied(requestId),
          principal: roleArn(CLIMATE, 'Steward'),
        });
        return ((await listenFor(requestId)) - startedAt) / 1000;
      };
      await ask('warm');
      const alone = await ask('alone');
      tell(`${REQUESTS} requests of one account`);
      const startedAt = performance.now();
      await send(endpoint);
      const sent = (performance.now() - startedAt) / 1000;
      const before = answered.size;
      const meanwhile = await ask('meanwhile');
      const ahead = answered.size - before - 1;
      tell('all of them are answered');
      await settle(endpoint, REST_LIMIT_MS);
      await ask('last');
      const all = (performance.now() - startedAt) / 1000;
      const own = [...answered].filter(id => id.startsWith('flood-')).length;
      return [
        {
          name: `${REQUESTS} requests of one account: another account's answer`,
          value: meanwhile,
          unit: 's',
          budget: { kind: 'most', value: 60 },
          details: [
            `alone ${alone.toFixed(2)} s; they were sent in ${sent.toFixed(1)} s, and ${ahead} of them answered before it`,
          ],
        },
        {
          name: `${REQUESTS} requests of one account: answered in the end`,
          value: own,
          unit: 'requests',
          budget: { kind: 'least', value: REQUESTS },
          details: [`in ${all.toFixed(0)} s`],
        },
      ];
    } finally {
      await mesh.stop();
    }
  },
};

async function send(endpoint: string): Promise<void> {
  const client = new EventBridgeClient(administratorOf(endpoint, ANALYTICS));
  const EventBusName = `arn:aws:events:us-east-1:${HUB}:event-bus/${BUS}`;
  const entry = (index: number) => ({
    Source: 'trellis.access',
    DetailType: 'Access Requested',
    EventBusName,
    Detail: JSON.stringify({
      metadata: { eventId: `flood-${index}` },
      data: { ...denied(`flood-${index}`), principal: roleArn(ANALYTICS, 'Analyst') },
    }),
  });
  let next = 0;
  const worker = async () => {
    for (let from = next; from < REQUESTS; from = next) {
      next = from + BATCH;
      const Entries = Array.from({ length: BATCH }, (_, index) => entry(from + index));
      const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount) throw new Error(`${FailedEntryCount} events were not taken.`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Nobody needs to decide on it. */
function denied(requestId: string) {
  return { requestId, tables: ['aviation_ops.nowhere'], purpose: 'delay-study', durationDays: 1 };
}
