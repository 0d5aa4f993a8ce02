import { EventBridgeClient, StartReplayCommand } from '@aws-sdk/client-eventbridge';
import { GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { FinishedCall } from '../../local/front/server.ts';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  glueOf,
  HUB,
  putEvent,
  roleArn,
  settle,
} from '../../local/story/actors.ts';
import type { DueItem } from '../../shared/access/ledger.ts';
import {
  bootWatchedMesh,
  callsInARow,
  isWrite,
  listCalls,
  untilGranted,
  type WatchedMesh,
  withoutSweep,
} from './call-log.ts';
import { type Bench, type Figure, median } from './figure.ts';

const ROUNDS = 5;
const BUS = 'trellis-local';
const BUS_ARN = `arn:aws:events:us-east-1:${HUB}:event-bus/${BUS}`;

/** How many AWS calls Trellis makes for what it does most: the price, and the wait, of each event. */
export const awsCalls: Bench = {
  name: 'aws-calls',
  async run(tell) {
    tell('a mesh boots');
    const warm = await bootWatchedMesh();
    let figures: Figure[];
    try {
      figures = [
        ...(await catalogFigures(warm, tell)),
        ...(await grantFigures(warm, tell)),
        ...(await settledFigures(warm, tell)),
        await sweepFigure(warm),
      ];
    } finally {
      await warm.mesh.stop();
    }
    tell('a mesh boots that keeps one function warm');
    const cold = await bootWatchedMesh({ warmEnvironments: 1 });
    try {
      return [...figures, ...(await coldFigures(cold, tell))];
    } finally {
      await cold.mesh.stop();
    }
  },
};

async function catalogFigures(watched: WatchedMesh, tell: (text: string) => void): Promise<Figure[]> {
  const changed: FinishedCall[][] = [];
  const unchanged: FinishedCall[][] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    tell(`a changed and an unchanged table's event, ${round} of ${ROUNDS}`);
    await watched.mesh.advance(60);
    // The process reads what mesh.yml says once a minute: not part of an event's price.
    await watched.callsOf(() => changeTable(watched));
    await watched.mesh.advance(10);
    changed.push(withoutSweep(await watched.callsOf(() => changeTable(watched))));
    unchanged.push(withoutSweep(await watched.callsOf(() => replayLastEvent(watched))));
  }
  return [
    {
      name: "an unchanged table's event: calls",
      value: median(unchanged.map(calls => calls.length)),
      unit: 'calls',
      budget: { kind: 'most', value: 1 },
      details: listCalls(unchanged.at(-1)!),
    },
    {
      name: "an unchanged table's event: writes",
      value: median(unchanged.map(calls => calls.filter(isWrite).length)),
      unit: 'calls',
      budget: { kind: 'most', value: 0 },
    },
    {
      name: "a changed table's event: calls",
      value: median(changed.map(calls => calls.length)),
      unit: 'calls',
      budget: { kind: 'most', value: 5 },
      details: listCalls(changed.at(-1)!),
    },
  ];
}

async function grantFigures(watched: WatchedMesh, tell: (text: string) => void): Promise<Figure[]> {
  // The account gets its link, and the functions are warm.
  await requestAccess(watched, 'Analyst', 'first');
  const rounds: { before: FinishedCall[]; chain: FinishedCall[] }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    tell(`an automatic grant, ${round} of ${ROUNDS}`);
    const requestId = `round-${round}`;
    rounds.push(chainOf(await watched.callsOf(() => requestAccess(watched, 'Regional', requestId))));
    await revokeAccess(watched, requestId);
  }
  const lengths = rounds.map(({ chain }) => chain.length);
  const middle = rounds.find(({ chain }) => chain.length === median(lengths))!;
  return [
    {
      name: 'an automatic grant where the account has its link: calls in a row',
      value: median(lengths),
      unit: 'calls',
      budget: { kind: 'most', value: 6 },
      details: [
        `in a row: ${lengths.join(', ')}; of one such grant (* in the row):`,
        ...listCalls(middle.before, middle.chain),
      ],
    },
  ];
}

/** A pair that the sweep found unsettled, and that is settled by the time it is looked at. */
async function settledFigures(watched: WatchedMesh, tell: (text: string) => void): Promise<Figure[]> {
  const rounds: FinishedCall[][] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    tell(`a settled pair, ${round} of ${ROUNDS}`);
    const pair = { principal: roleArn(ANALYTICS, 'Analyst'), table: 'aviation_ops.flights' };
    const look = () => workOn(watched, { kind: 'pair', pair });
    // The process reads what mesh.yml says once a minute: not part of a pair's price.
    await look();
    await settle(watched.mesh.endpoint);
    rounds.push(withoutSweep(await watched.callsOf(look)));
  }
  const name = 'a settled pair';
  const writes = median(rounds.map(calls => calls.filter(isWrite).length));
  return [
    {
      name: `${name}: calls`,
      value: median(rounds.map(calls => calls.length)),
      unit: 'calls',
      budget: { kind: 'most', value: 3 },
      details: listCalls(rounds.at(-1)!),
    },
    { name: `${name}: writes`, value: writes, unit: 'calls', budget: { kind: 'most', value: 0 } },
  ];
}

/** Hands a piece of work to the function that grants and revokes, as the sweep does. */
async function workOn({ mesh: { endpoint } }: WatchedMesh, item: DueItem): Promise<void> {
  const sqs = new SQSClient(administratorOf(endpoint, HUB));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'trellis-local-enforce' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(item) }));
}

async function sweepFigure({ mesh, callsOf }: WatchedMesh): Promise<Figure> {
  await mesh.advance(600);
  const rounds: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) rounds.push((await callsOf(() => mesh.advance(60))).length);
  return {
    name: 'a sweep with nothing due: calls',
    value: median(rounds),
    unit: 'calls',
    budget: { kind: 'most', value: 1 },
  };
}

/** The same in processes that have just started: they read the mesh and assume roles first. */
async function coldFigures(watched: WatchedMesh, tell: (text: string) => void): Promise<Figure[]> {
  // The sweep takes the one place that is kept warm.
  const cool = () => watched.mesh.advance(120);
  tell('events for cold functions');
  await cool();
  const changed = withoutSweep(await watched.callsOf(() => changeTable(watched)));
  await cool();
  const unchanged = withoutSweep(await watched.callsOf(() => replayLastEvent(watched, 180)));
  await requestAccess(watched, 'Analyst', 'first');
  await cool();
  const { before, chain } = chainOf(await watched.callsOf(() => requestAccess(watched, 'Regional', 'second')));
  return [
    {
      name: "cold: an unchanged table's event: calls",
      value: unchanged.length,
      unit: 'calls',
      details: listCalls(unchanged),
    },
    { name: "cold: a changed table's event: calls", value: changed.length, unit: 'calls', details: listCalls(changed) },
    {
      name: 'cold: an automatic grant: calls in a row',
      value: chain.length,
      unit: 'calls',
      details: listCalls(before, chain),
    },
  ];
}

function chainOf(calls: readonly FinishedCall[]): { before: FinishedCall[]; chain: FinishedCall[] } {
  const before = untilGranted(withoutSweep(calls));
  return { before, chain: callsInARow(before) };
}

let changes = 0;

/** A new description: a change that the central table takes over. */
async function changeTable({ mesh: { endpoint } }: WatchedMesh): Promise<void> {
  const glue = glueOf(administratorOf(endpoint, AVIATION));
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'ops', Name: 'airports' }));
  if (!Table) throw new Error('The sample has no table ops.airports.');
  const { Name = '', TableType, PartitionKeys, Parameters, StorageDescriptor } = Table;
  const Description = `Airports, looked through ${++changes} times.`;
  const TableInput = { Name, TableType, PartitionKeys, Parameters, StorageDescriptor, Description };
  await glue.send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
}

/** Sends the event of the table's last change again, from the archive: the table is as it was. */
async function replayLastEvent({ mesh }: WatchedMesh, withinSeconds = 8): Promise<void> {
  const events = new EventBridgeClient(administratorOf(mesh.endpoint, HUB));
  await events.send(
    new StartReplayCommand({
      ReplayName: `again-${changes}`,
      EventSourceArn: `arn:aws:events:us-east-1:${HUB}:archive/${BUS}`,
      EventStartTime: new Date(mesh.clock.now() - withinSeconds * 1000),
      EventEndTime: new Date(mesh.clock.now() + 1000),
      Destination: { Arn: BUS_ARN, FilterArns: [`arn:aws:events:us-east-1:${HUB}:rule/${BUS}/${BUS}-catalog`] },
    }),
  );
}

/** Asks for a table whose columns all are public. */
async function requestAccess({ mesh: { endpoint } }: WatchedMesh, role: string, requestId: string): Promise<void> {
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Requested', {
    requestId,
    principal: roleArn(ANALYTICS, role),
    tables: ['aviation_ops.flights'],
    purpose: 'delay-study',
    durationDays: 7,
  });
  await settle(endpoint);
}

async function revokeAccess({ mesh: { endpoint } }: WatchedMesh, requestId: string): Promise<void> {
  const data = { requestId, reason: 'The bench asks again.' };
  await putEvent(administratorOf(endpoint, ANALYTICS), 'trellis.access', 'Access Revocation Requested', data);
  await settle(endpoint);
}
