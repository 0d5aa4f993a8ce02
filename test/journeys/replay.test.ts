import {
  DescribeReplayCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetPartitionsCommand,
  GetTablesCommand,
  GetTableVersionsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  administratorOf,
  advance,
  CLIMATE,
  type Connection,
  glueOf,
  HUB,
  listen,
  putEvent,
  settle,
} from '../../local/story/actors.ts';
import { newsOf, theOne } from './hearing.ts';
import {
  BUS,
  bootLivingMesh,
  decideAccess,
  HUB_BUS_ARN,
  inMinutes,
  type LivingMesh,
  refusalOf,
  requestAccess,
  rowsOf,
} from './living-mesh.ts';
import { deadLetters, entriesOn, filtersOn, sharedTables, tableIn } from './traces.ts';

const CENTRAL = ['aviation_ops', 'climate_observations'];
const TABLES = ['aviation_ops.flights', 'aviation_ops.birdstrikes', 'climate_observations.weather'];

let living: LivingMesh;
let news: Awaited<ReturnType<typeof newsOf>>;
let hearReplayed: Awaited<ReturnType<typeof listen>>;
let bootedAt: Date;

/** A mesh in which something of everything has happened: changes, a quarantine, requests granted, narrowed, denied, refused, ended. */
beforeAll(async () => {
  living = await bootLivingMesh();
  bootedAt = new Date(living.mesh.clock.now() - 3_600_000);
  await describeTable(living.aviation, 'ops.airports', 'seen by the operations desk');
  await describeTable(living.aviation, 'ops.airports', 'seen twice');
  const days = { durationDays: 3 };
  await requestAccess(living, {
    requestId: 'lasting',
    tables: ['aviation_ops.flights'],
    columns: ['origin', 'delay'],
    ...days,
  });
  const birds = { tables: ['aviation_ops.birdstrikes'], columns: ['wildlife_size', 'cost_total'] };
  await requestAccess(living, { requestId: 'narrowed', ...birds, ...days });
  await decideAccess(living, {
    requestId: 'narrowed',
    decision: 'approved',
    columns: ['wildlife_size'],
    rowFilter: "wildlife_size = 'Large'",
  });
  await requestAccess(living, { requestId: 'declined', ...birds, ...days });
  await decideAccess(living, { requestId: 'declined', decision: 'denied' });
  await requestAccess(living, { requestId: 'impossible', tables: ['aviation_ops.zeppelins'], ...days });
  await requestAccess(living, {
    requestId: 'short',
    tables: ['climate_observations.weather'],
    expiresAt: inMinutes(living, 5),
  });
  await requestAccess(living, { requestId: 'taken-back', tables: ['aviation_ops.airports'], ...days });
  await putEvent(living.analytics, 'trellis.access', 'Access Revocation Requested', {
    requestId: 'taken-back',
    reason: 'done',
  });
  await settle(living.endpoint);
  await advance(living.endpoint, 6 * 60);
  for (const requestId of ['short', 'taken-back']) await theOne(living, 'Access Revoked', requestId);
  for (const requestId of ['declined', 'impossible']) await theOne(living, 'Access Denied', requestId);
  news = await newsOf(living);
  hearReplayed = await listen(living.endpoint, BUS, { 'replay-name': [{ exists: true }] });
});
afterAll(() => living?.stop());

async function describeTable(who: Connection, table: string, Description: string): Promise<void> {
  const { Name, DatabaseName, TableType, Parameters, PartitionKeys, StorageDescriptor } =
    (await tableIn(who, table)) ?? {};
  const TableInput = { Name, TableType, Parameters, PartitionKeys, StorageDescriptor, Description };
  await glueOf(who).send(new UpdateTableCommand({ DatabaseName, TableInput }));
  await settle(living.endpoint);
}

/** A change whose event finds its way blocked, as those that AWS does not deliver. */
async function loseAChange(Description: string): Promise<void> {
  const climate = administratorOf(living.endpoint, CLIMATE);
  const events = new EventBridgeClient(climate);
  await events.send(new DisableRuleCommand({ Name: 'trellis-local-forward' }));
  await describeTable(climate, 'observations.co2', Description);
  await events.send(new EnableRuleCommand({ Name: 'trellis-local-forward' }));
  expect((await tableIn(living.hub, 'climate_observations.co2'))?.Description).not.toBe(Description);
}

/** All that a replay could wrongly touch, in the hub and in the consumer's account. */
async function everything(): Promise<unknown> {
  const glue = glueOf(living.hub);
  const tables = await Promise.all(CENTRAL.map(DatabaseName => glue.send(new GetTablesCommand({ DatabaseName }))));
  const versions = await glue.send(
    new GetTableVersionsCommand({ DatabaseName: 'aviation_ops', TableName: 'airports' }),
  );
  const weather = { DatabaseName: 'climate_observations', TableName: 'weather' };
  const { Partitions } = await glue.send(new GetPartitionsCommand(weather));
  const links = await glueOf(living.analytics).send(new GetTablesCommand({ DatabaseName: 'trellis_aviation_ops' }));
  return {
    central: tables.map(({ TableList }) => TableList),
    versions: versions.TableVersions?.map(({ VersionId, Table }) => [VersionId, Table?.UpdateTime]),
    partitions: Partitions,
    links: links.TableList?.map(({ Name, CreateTime, UpdateTime }) => [Name, CreateTime, UpdateTime]),
    entries: await Promise.all(TABLES.map(table => entriesOn(living.endpoint, table))),
    filters: await Promise.all(TABLES.map(table => filtersOn(living.endpoint, table))),
    shares: await sharedTables(living.endpoint),
  };
}

async function replayAll(name: string): Promise<void> {
  const events = new EventBridgeClient(living.hub);
  await events.send(
    new StartReplayCommand({
      ReplayName: name,
      EventSourceArn: `arn:aws:events:us-east-1:${HUB}:archive/${BUS}`,
      Destination: { Arn: HUB_BUS_ARN },
      EventStartTime: bootedAt,
      EventEndTime: new Date(living.mesh.clock.now() + 60_000),
    }),
  );
  await settle(living.endpoint, 60_000);
  const replay = await events.send(new DescribeReplayCommand({ ReplayName: name }));
  expect(replay.State).toBe('COMPLETED');
  // It did bring everything again: changes of catalogs, and every request.
  const types = (await hearReplayed()).map(({ type }) => type);
  expect(types.filter(type => type === 'Access Requested')).toHaveLength(6);
  expect(types.filter(type => type.startsWith('Glue Data Catalog')).length).toBeGreaterThan(5);
}

async function expectNothingHappens(work: () => Promise<void>): Promise<void> {
  const before = await everything();
  await news();
  await work();
  expect(await news()).toEqual([]);
  expect(await everything()).toEqual(before);
}

it('everything again, twice over, changes nothing and tells nobody', async () => {
  await expectNothingHappens(() => replayAll('again'));
  await expectNothingHappens(() => replayAll('and-again'));
  expect((await rowsOf(living.analyst, 'SELECT * FROM trellis_aviation_ops.flights LIMIT 1')).columns).toEqual([
    'delay',
    'origin',
  ]);
  expect(await refusalOf(living.analyst, 'SELECT date FROM trellis_climate_observations.weather')).toMatch(
    /TABLE_NOT_FOUND/,
  );
});

it('nor a day later, when the records of deliveries are forgotten', async () => {
  await advance(living.endpoint, 27 * 3600);
  await expectNothingHappens(() => replayAll('a-day-later'));
  expect(await refusalOf(living.analyst, 'SELECT date FROM trellis_climate_observations.weather')).toMatch(
    /TABLE_NOT_FOUND/,
  );
});

it('a change that was lost is mended by it, once', async () => {
  await loseAChange('measured on Mauna Loa');
  await news();
  await replayAll('mends');
  expect((await tableIn(living.hub, 'climate_observations.co2'))?.Description).toBe('measured on Mauna Loa');
  expect(await news()).toEqual([{ type: 'Catalog Table Synced', reasons: '' }]);
  await expectNothingHappens(() => replayAll('mended'));
});

it('leaves no dead letter', async () => {
  expect(await deadLetters(living.endpoint)).toEqual({});
});
