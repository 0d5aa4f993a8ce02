/**
 * What AWS and the accounts do now and then. Consumers outside the organization are not here, as the sample's mesh has none: their
 * invitations are under test at the gateway and in the local RAM.
 */
import { CreateDatabaseCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import {
  GetDataLakeSettingsCommand,
  GrantPermissionsCommand,
  LakeFormationClient,
  type Permission,
  PutDataLakeSettingsCommand,
  RevokePermissionsCommand,
} from '@aws-sdk/client-lakeformation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/core/aws-error.ts';
import { ANALYTICS, advance, glueOf, HUB, roleArn, settle } from '../../local/story/actors.ts';
import { theOne, toldOf } from './hearing.ts';
import {
  advanceTo,
  bootLivingMesh,
  inMinutes,
  type LivingMesh,
  refusalOf,
  requestAccess,
  rowsOf,
} from './living-mesh.ts';
import { deadLetters, entriesOn, filtersOn, sharedTables, tableIn } from './traces.ts';

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

const conflict = () =>
  new AwsError(
    'ConcurrentModificationException',
    'Permission update failed for Resource. Please retry in a short while.',
  );
const timeout = () => new AwsError('OperationTimeoutException', 'The operation timed out.');
const denial = () => new AwsError('AccessDeniedException', 'Insufficient Lake Formation permission(s).');

const TABLE = 'aviation_ops.flights';
const SQL = 'SELECT origin FROM trellis_aviation_ops.flights LIMIT 1';

/** Asks for an end some minutes ahead. */
async function request(requestId: string, minutes: number): Promise<string> {
  const expiresAt = inMinutes(living, minutes);
  await requestAccess(living, { requestId, tables: [TABLE], columns: ['origin'], expiresAt });
  return expiresAt;
}

async function expectNothingLeft(table = TABLE): Promise<void> {
  expect(await entriesOn(living.endpoint, table)).toEqual([]);
  expect(await filtersOn(living.endpoint, table)).toEqual([]);
  expect(await tableIn(living.analytics, `trellis_${table}`)).toBeUndefined();
  expect(await sharedTables(living.endpoint)).toEqual([]);
}

/** The function that grants is an administrator of the hub's data lake; or somebody has taken that away. */
async function setEnforcerAsAdministrator(isAdministrator: boolean): Promise<void> {
  const lake = new LakeFormationClient(living.hub);
  const enforcer = roleArn(HUB, 'trellis-local-access-enforce');
  const { DataLakeSettings } = await lake.send(new GetDataLakeSettingsCommand({}));
  const others = (DataLakeSettings?.DataLakeAdmins ?? []).filter(one => one.DataLakePrincipalIdentifier !== enforcer);
  const DataLakeAdmins = isAdministrator ? [...others, principal(enforcer)] : others;
  await lake.send(new PutDataLakeSettingsCommand({ DataLakeSettings: { ...DataLakeSettings, DataLakeAdmins } }));
}

const principal = (arn: string) => ({ DataLakePrincipalIdentifier: arn });

describe('Lake Formation fails', () => {
  it.each([
    ['CreateDataCellsFilter', conflict],
    ['GrantPermissions', conflict],
    ['GrantPermissions', timeout],
    ['GrantPermissions', denial],
    ['ListPermissions', denial],
    ['ListDataCellsFilter', timeout],
  ] as const)('at %s of provisioning once: the grant comes all the same, told once (%#)', async (operation, error) => {
    const requestId = `grant-${crypto.randomUUID().slice(0, 8)}`;
    living.mesh.lakeFormation.failNext(operation, error());
    const expiresAt = await request(requestId, 5);
    await advance(living.endpoint, 20);
    await theOne(living, 'Access Granted', requestId);
    expect(await toldOf(living, 'Access Provisioning Failed', requestId)).toEqual([]);
    await rowsOf(living.analyst, SQL);
    await advanceTo(living, expiresAt, 65);
    await theOne(living, 'Access Revoked', requestId);
    await expectNothingLeft();
  });

  it.each([
    ['BatchRevokePermissions', timeout],
    ['RevokePermissions', conflict],
    ['RevokePermissions', denial],
    ['DeleteDataCellsFilter', conflict],
    ['DeleteDataCellsFilter', denial],
    ['ListPermissions', denial],
  ] as const)(
    'at %s of the end once: access ends within the next minutes, told once (%#)',
    async (operation, error) => {
      const requestId = `end-${crypto.randomUUID().slice(0, 8)}`;
      const expiresAt = await request(requestId, 5);
      await theOne(living, 'Access Granted', requestId);
      await advanceTo(living, expiresAt, -5);
      living.mesh.lakeFormation.failNext(operation, error());
      await advance(living.endpoint, 5 + 3 * 60);
      await theOne(living, 'Access Revoked', requestId);
      expect(await refusalOf(living.analyst, SQL)).toMatch(/TABLE_NOT_FOUND/);
      await expectNothingLeft();
    },
  );

  it('for long: the consumer is told, each try waits longer, and the grant comes when it can', async () => {
    await setEnforcerAsAdministrator(false);
    const expiresAt = await request('for-long', 30);
    await advance(living.endpoint, 2 * 60);
    const failures = await toldOf(living, 'Access Provisioning Failed', 'for-long');
    // After 0, 5, 15, 35 and 75 seconds; the first two are no news.
    expect(failures).toHaveLength(3);
    for (const failure of failures) expect(failure).toMatchObject({ tables: [TABLE], step: 'AccessDeniedException' });
    expect(await toldOf(living, 'Access Granted', 'for-long')).toEqual([]);

    await setEnforcerAsAdministrator(true);
    await advance(living.endpoint, 3 * 60);
    await theOne(living, 'Access Granted', 'for-long');
    await rowsOf(living.analyst, SQL);
    await advanceTo(living, expiresAt, 65);
    await theOne(living, 'Access Revoked', 'for-long');
    await expectNothingLeft();
  });

  it('at the end, for minutes: nobody is told that access was taken away before it is', async () => {
    const expiresAt = await request('stubborn', 5);
    await advanceTo(living, expiresAt, -5);
    await setEnforcerAsAdministrator(false);
    await advance(living.endpoint, 3 * 60);
    expect(await toldOf(living, 'Access Revoked', 'stubborn')).toEqual([]);
    expect(await entriesOn(living.endpoint, TABLE)).toHaveLength(1);

    await setEnforcerAsAdministrator(true);
    await advance(living.endpoint, 65);
    await theOne(living, 'Access Revoked', 'stubborn');
    expect(await refusalOf(living.analyst, SQL)).toMatch(/TABLE_NOT_FOUND/);
    await expectNothingLeft();
  });
});

describe("the consumer's account refuses", () => {
  const lake = () => new LakeFormationClient(living.analytics);
  const spoke = principal(roleArn(ANALYTICS, 'trellis-spoke'));
  const request = async (requestId: string, minutes: number) => {
    const expiresAt = inMinutes(living, minutes);
    await requestAccess(living, {
      requestId,
      tables: ['climate_observations.co2'],
      columns: ['date', 'co2'],
      expiresAt,
    });
    return expiresAt;
  };

  it('the link: the consumer is told why, and has its access when it lets Trellis make it', async () => {
    await lake().send(
      new PutDataLakeSettingsCommand({
        DataLakeSettings: { CreateDatabaseDefaultPermissions: [], CreateTableDefaultPermissions: [] },
      }),
    );
    const Name = 'trellis_climate_observations';
    await glueOf(living.analytics).send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
    await request('no-link', 20);
    await advance(living.endpoint, 60);
    const [failure] = await toldOf(living, 'Access Provisioning Failed', 'no-link');
    expect(failure).toMatchObject({ step: 'LinkNotMadeError' });
    expect(String(failure?.reasons)).toMatch(/climate_observations\.co2 in account 444444444444/);
    expect(await toldOf(living, 'Access Granted', 'no-link')).toEqual([]);

    const Resource = { Database: { Name } };
    await lake().send(
      new GrantPermissionsCommand({
        Principal: spoke,
        Resource,
        Permissions: ['CREATE_TABLE', 'DESCRIBE'],
        PermissionsWithGrantOption: ['DESCRIBE'],
      }),
    );
    await advance(living.endpoint, 5 * 60);
    await theOne(living, 'Access Granted', 'no-link');
    await rowsOf(living.analyst, 'SELECT co2 FROM trellis_climate_observations.co2 LIMIT 1');
  });

  it('to have its link removed: access ends on time, and the link goes when it may', async () => {
    const Resource = { Table: { DatabaseName: 'trellis_climate_observations', Name: 'co2' } };
    const Permissions: Permission[] = ['DESCRIBE', 'DROP'];
    await lake().send(
      new RevokePermissionsCommand({
        Principal: spoke,
        Resource,
        Permissions,
        PermissionsWithGrantOption: Permissions,
      }),
    );
    const { data } = await theOne(living, 'Access Granted', 'no-link');
    await advanceTo(living, String(data.expiresAt), 65);
    await theOne(living, 'Access Revoked', 'no-link');
    expect(await entriesOn(living.endpoint, 'climate_observations.co2')).toEqual([]);
    await refusalOf(living.analyst, 'SELECT co2 FROM trellis_climate_observations.co2');
    expect(await tableIn(living.analytics, 'trellis_climate_observations.co2')).toBeDefined();

    await lake().send(new GrantPermissionsCommand({ Principal: spoke, Resource, Permissions }));
    await advance(living.endpoint, 3 * 60);
    await expectNothingLeft('climate_observations.co2');
  });
});

describe('a producer lets nobody read its table', () => {
  const lake = () => new LakeFormationClient(living.aviation);
  const everybody = {
    Principal: principal('IAM_ALLOWED_PRINCIPALS'),
    Resource: { Table: { DatabaseName: 'ops', Name: 'airports' } },
    Permissions: ['ALL' as const],
  };

  it('which says nothing about the table: the central one stays, and follows when it can be read again', async () => {
    const before = await tableIn(living.hub, 'aviation_ops.airports');
    await lake().send(new RevokePermissionsCommand(everybody));
    const { Name, TableType, Parameters, PartitionKeys, StorageDescriptor } =
      (await tableIn(living.aviation, 'ops.airports')) ?? {};
    const TableInput = { Name, TableType, Parameters, PartitionKeys, StorageDescriptor, Description: 'unread' };
    await glueOf(living.aviation).send(new UpdateTableCommand({ DatabaseName: 'ops', TableInput }));
    await settle(living.endpoint);
    expect(await tableIn(living.hub, 'aviation_ops.airports')).toEqual(before);

    await lake().send(new GrantPermissionsCommand(everybody));
    // The message rests for 15 seconds, not for its queue's six minutes.
    await advance(living.endpoint, 20);
    expect(await tableIn(living.hub, 'aviation_ops.airports')).toMatchObject({ Description: 'unread' });
  });
});

it('and none of it leaves a dead letter', async () => {
  expect(await deadLetters(living.endpoint)).toEqual({});
});
