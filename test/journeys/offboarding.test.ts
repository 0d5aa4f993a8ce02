/** A domain and an account leave the mesh with access that lives: by `trellis apply` and the deployed functions, until nothing is left of them. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetDatabasesCommand, GetTableCommand, GetTablesCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { LakeFormationClient, paginateListPermissions } from '@aws-sdk/client-lakeformation';
import { GetResourceShareAssociationsCommand, RAMClient } from '@aws-sdk/client-ram';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYTICS, administratorOf, CLIMATE, glueOf, putEvent, roleArn, type Told } from '../../local/story/actors.ts';
import { applyWithout } from './apply-without.ts';
import { bootLivingMesh, type LivingMesh, REGIONAL, requestAccess } from './living-mesh.ts';

const STEWARD = roleArn(CLIMATE, 'Steward');
const WEATHER = { tables: ['climate_observations.weather'], durationDays: 30 };
const FLIGHTS = { tables: ['aviation_ops.flights'], durationDays: 30 };
const BIRDS = { tables: ['aviation_ops.birdstrikes'], purpose: 'safety-study', durationDays: 30 };
const TABLES = ['co2', 'weather'];

let living: LivingMesh;
let told: readonly Told[];
const before = { calls: 0, told: 0 };
/** All that was told of the departure. */
let departure: readonly Told[] = [];

beforeAll(async () => {
  living = await bootLivingMesh();
  await requestAccess(living, { requestId: 'weather', ...WEATHER });
  await requestAccess(living, { requestId: 'flights', ...FLIGHTS });
  await requestAccess(living, { requestId: 'regional', principal: REGIONAL, ...FLIGHTS, rowFilter: "origin = 'SEA'" });
  await requestAccess(living, { requestId: 'birds', ...BIRDS });
  const flights = { requestId: 'steward', principal: STEWARD, purpose: 'delay-study', ...FLIGHTS };
  await putEvent(administratorOf(living.endpoint, CLIMATE), 'trellis.access', 'Access Requested', flights);
  before.told = (await living.told()).length;
  const grants = (await living.told())
    .filter(({ type }) => type === 'Access Granted')
    .map(({ data }) => data.requestId);
  expect(grants.sort()).toEqual(['flights', 'regional', 'steward', 'weather']);
  before.calls = living.mesh.calls().length;
  await applyWithout(living.mesh, { domains: ['climate'], consumers: ['analytics'] });
  await living.mesh.settle(60_000);
}, 120_000);
afterAll(() => living?.stop());

/** What was told since the apply. */
const since = (type: string) => told.slice(before.told).filter(event => event.type === type);
const ids = (events: readonly Told[]) => events.map(({ data }) => data.requestId).sort();

async function ledgerItems(): Promise<Record<string, unknown>[]> {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(living.hub));
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: 'trellis-local-ledger' }));
  return Items;
}

describe('a domain and an account that leave', () => {
  it('are out of reach at once: requests of theirs are refused or denied', async () => {
    await requestAccess(living, { requestId: 'late', ...FLIGHTS });
    told = await living.told();
    expect(ids(since('Access Granted'))).toEqual([]);
    expect(ids(since('Event Refused'))).toEqual(['late']);
  });

  it('lose all access within minutes, each told once', async () => {
    for (let minute = 0; minute < 4; minute++) await living.mesh.advance(60);
    told = await living.told();
    expect(ids(since('Access Revoked'))).toEqual(['flights', 'regional', 'steward', 'weather']);
    for (const { data } of since('Access Revoked')) expect(data.cause).toBe('offboarded');
    expect(ids(since('Access Denied'))).toContain('birds');
    expect(since('Access Denied').find(({ data }) => data.requestId === 'birds')?.data.reasons).toEqual([
      `Account ${ANALYTICS} has left the mesh.`,
    ]);
    const removed = since('Catalog Table Removed').map(({ data }) => data);
    expect(removed.map(({ table }) => String(table)).sort()).toEqual(TABLES);
    for (const { changes } of removed) expect(changes).toEqual(['removed', 'offboarded']);
  });

  it('leave nothing in Lake Formation, in RAM, in catalogs', async () => {
    const lake = new LakeFormationClient(living.hub);
    const members = [ANALYTICS, CLIMATE];
    for await (const { PrincipalResourcePermissions = [] } of paginateListPermissions({ client: lake }, {}))
      for (const { Principal } of PrincipalResourcePermissions)
        expect(members).not.toContain(Principal?.DataLakePrincipalIdentifier?.split(':')[4]);
    const { resourceShareAssociations = [] } = await new RAMClient(living.hub).send(
      new GetResourceShareAssociationsCommand({ associationType: 'PRINCIPAL', associationStatus: 'ASSOCIATED' }),
    );
    expect(resourceShareAssociations).toEqual([]);
    const { DatabaseList = [] } = await glueOf(living.hub).send(new GetDatabasesCommand({}));
    expect(DatabaseList.map(({ Name }) => Name).filter(name => name?.startsWith('climate_'))).toEqual([]);
    expect(DatabaseList.map(({ Name }) => Name)).toContain('aviation_ops');
    for (const account of members) {
      const glue = glueOf(administratorOf(living.endpoint, account));
      const { DatabaseList: own = [] } = await glue.send(new GetDatabasesCommand({}));
      for (const { Name = '' } of own.filter(({ Name }) => Name?.startsWith('trellis_'))) {
        const { TableList } = await glue.send(new GetTablesCommand({ DatabaseName: Name }));
        expect(TableList).toEqual([]);
      }
    }
  });

  it('keep no state machine waiting', async () => {
    const sfn = new SFNClient(living.hub);
    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
    const running = await Promise.all(
      stateMachines.map(({ stateMachineArn }) =>
        sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' })),
      ),
    );
    const waiting = running.flatMap(({ executions = [] }) => executions.map(({ name }) => name));
    expect(waiting).not.toContain('birds');
  });

  it('are not brought back by an event of their catalog', async () => {
    const glue = glueOf(administratorOf(living.endpoint, CLIMATE));
    const { TableList: [co2] = [] } = await glue.send(new GetTablesCommand({ DatabaseName: 'observations' }));
    const { Name, Parameters, PartitionKeys, StorageDescriptor, TableType } = co2!;
    const TableInput = { Name, Parameters, PartitionKeys, StorageDescriptor, TableType, Description: 'Again.' };
    await glue.send(new UpdateTableCommand({ DatabaseName: 'observations', TableInput }));
    await living.mesh.settle(60_000);
    const { DatabaseList = [] } = await glueOf(living.hub).send(new GetDatabasesCommand({}));
    expect(DatabaseList.map(({ Name }) => Name).filter(name => name?.startsWith('climate_'))).toEqual([]);
  });

  it('are done with when nobody can know the mesh before, and the next apply forgets them', async () => {
    const isDone = (items: Record<string, unknown>[]) =>
      items.filter(({ sk }) => sk === 'leaving').map(({ doneAt }) => doneAt !== undefined);
    expect(isDone(await ledgerItems())).toContain(false);
    for (let minute = 0; minute < 8; minute++) await living.mesh.advance(60);
    expect(isDone(await ledgerItems())).toEqual([true, true, true]);
    const applied = await applyWithout(living.mesh, { domains: ['climate'], consumers: ['analytics'] });
    expect(applied.isFinished).toBe(true);
    const items = await ledgerItems();
    const left = items.filter(
      ({ pk, sk }) =>
        /^(leaving|partitions#climate|quarantine#climate|told)/.test(`${pk}`) || /^(closed|missing)$/.test(`${sk}`),
    );
    expect(left).toEqual([]);
    expect(items.filter(({ due }) => due !== undefined)).toEqual([]);
  });

  it('may come back, and start afresh', async () => {
    departure = (await living.told()).slice(before.told);
    before.told += departure.length;
    await applyWithout(living.mesh, {});
    // Functions know the mesh within a minute.
    await living.mesh.advance(60);
    const glue = glueOf(administratorOf(living.endpoint, CLIMATE));
    for (const Name of TABLES) {
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'observations', Name }));
      const { Parameters, PartitionKeys, StorageDescriptor, TableType } = Table!;
      const TableInput = { Name, Parameters, PartitionKeys, StorageDescriptor, TableType, Description: 'Back.' };
      await glue.send(new UpdateTableCommand({ DatabaseName: 'observations', TableInput }));
    }
    await living.mesh.settle(60_000);
    await requestAccess(living, { requestId: 'weather-again', ...WEATHER });
    told = await living.told();
    expect(since('Catalog Table Synced').map(({ data }) => data.changes)).toEqual([['created'], ['created']]);
    expect(ids(since('Access Granted'))).toEqual(['weather-again']);
  });

  it('were served by roles to which nothing was denied', () => {
    const denied = living.mesh
      .calls()
      .slice(before.calls)
      .filter(({ principal, allowed }) => !allowed && /role\/trellis-/.test(principal));
    expect(denied).toEqual([]);
  });

  it('told everything once', () => {
    const keys = departure.map(({ type, data }) => `${type} ${data.requestId ?? data.table}`);
    expect(keys.length).toBe(new Set(keys).size);
  });
});
