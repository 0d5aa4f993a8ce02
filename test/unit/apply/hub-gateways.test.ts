import {
  type DataLakeSettings,
  DeregisterResourceCommand,
  DescribeResourceCommand,
  GetDataLakeSettingsCommand,
  GrantPermissionsCommand,
  LakeFormationClient,
  ListPermissionsCommand,
  ListResourcesCommand,
  PutDataLakeSettingsCommand,
  RegisterResourceCommand,
  RevokePermissionsCommand,
} from '@aws-sdk/client-lakeformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { LakeFormationLocations } from '../../../shared/aws/hub-locations.ts';
import { LakeFormationHubPermissions } from '../../../shared/aws/hub-permissions.ts';
import { LakeFormationHubSettings } from '../../../shared/aws/hub-settings.ts';
import type { GrantPermission, RegisterLocation, SettingsChange } from '../../../shared/mesh/apply-changes.ts';
import { DATA, ENFORCE, HUB, INTAKE, SYNC } from './memory-hub.ts';

const client = new LakeFormationClient({
  region: 'us-east-1',
  credentials: { accessKeyId: HUB, secretAccessKey: 'x' },
});
const lake = mockClient(client);

beforeEach(() => {
  lake.reset();
});

const failure = (name: string, message = name) => Object.assign(new Error(message), { name });
const principal = (arn: string) => ({ DataLakePrincipalIdentifier: arn });
const ALL_FOR_IAM = [{ Principal: principal('IAM_ALLOWED_PRINCIPALS'), Permissions: ['ALL' as const] }];

describe('the data lake settings of the hub', () => {
  const settings = new LakeFormationHubSettings(client);
  const sentence = '';
  const everything: SettingsChange[] = [
    { kind: 'add-administrator', subject: ENFORCE, sentence },
    { kind: 'add-read-only-administrator', subject: INTAKE, sentence },
    { kind: 'clear-default-permissions', subject: 'databases', sentence },
    { kind: 'clear-default-permissions', subject: 'tables', sentence },
    { kind: 'raise-cross-account-version', subject: 'CROSS_ACCOUNT_VERSION', from: 1, to: 3, sentence },
  ];
  const found: DataLakeSettings = {
    DataLakeAdmins: [principal('arn:aws:iam::111111111111:user/chief')],
    ReadOnlyAdmins: [principal('arn:aws:iam::111111111111:user/auditor')],
    CreateDatabaseDefaultPermissions: ALL_FOR_IAM,
    CreateTableDefaultPermissions: ALL_FOR_IAM,
    Parameters: { CROSS_ACCOUNT_VERSION: '1', SET_CONTEXT: 'TRUE' },
    TrustedResourceOwners: ['222222222222'],
    AllowExternalDataFiltering: true,
    ExternalDataFilteringAllowList: [principal('333333333333')],
    AuthorizedSessionTagValueList: ['engine'],
  };

  it('reads what a fresh account has', async () => {
    lake.on(GetDataLakeSettingsCommand).resolves({
      DataLakeSettings: { CreateDatabaseDefaultPermissions: ALL_FOR_IAM, CreateTableDefaultPermissions: ALL_FOR_IAM },
    });
    expect(await settings.read()).toEqual({
      administrators: [],
      readOnlyAdministrators: [],
      leavesDatabasesToIam: true,
      leavesTablesToIam: true,
      crossAccountVersion: 1,
    });
  });

  it('changes what it is asked, and writes back all else as it was', async () => {
    lake.on(GetDataLakeSettingsCommand).resolves({ DataLakeSettings: found });
    lake.on(PutDataLakeSettingsCommand).resolves({});
    await settings.amend(everything);
    expect(lake.commandCalls(PutDataLakeSettingsCommand)[0]?.args[0].input).toEqual({
      DataLakeSettings: {
        ...found,
        DataLakeAdmins: [...found.DataLakeAdmins!, principal(ENFORCE)],
        ReadOnlyAdmins: [...found.ReadOnlyAdmins!, principal(INTAKE)],
        CreateDatabaseDefaultPermissions: [],
        CreateTableDefaultPermissions: [],
        Parameters: { CROSS_ACCOUNT_VERSION: '3', SET_CONTEXT: 'TRUE' },
      },
    });
  });

  it('leaves the other defaults when it clears those of tables', async () => {
    lake.on(GetDataLakeSettingsCommand).resolves({ DataLakeSettings: found });
    lake.on(PutDataLakeSettingsCommand).resolves({});
    await settings.amend([everything[3]!]);
    expect(lake.commandCalls(PutDataLakeSettingsCommand)[0]?.args[0].input).toEqual({
      DataLakeSettings: { ...found, CreateTableDefaultPermissions: [] },
    });
  });

  it('keeps what others changed since the plan: no principal twice, no version lowered', async () => {
    const since = { DataLakeAdmins: [principal(ENFORCE)], Parameters: { CROSS_ACCOUNT_VERSION: '4' } };
    lake.on(GetDataLakeSettingsCommand).resolves({ DataLakeSettings: { ...found, ...since } });
    lake.on(PutDataLakeSettingsCommand).resolves({});
    await settings.amend([everything[0]!, everything[4]!]);
    expect(lake.commandCalls(PutDataLakeSettingsCommand)[0]?.args[0].input.DataLakeSettings).toMatchObject(since);
  });

  it('reads again when another writes at the same time', async () => {
    const later = { ...found, DataLakeAdmins: [principal('arn:aws:iam::111111111111:user/newcomer')] };
    lake.on(GetDataLakeSettingsCommand).resolvesOnce({ DataLakeSettings: found }).resolves({ DataLakeSettings: later });
    lake.on(PutDataLakeSettingsCommand).rejectsOnce(failure('ConcurrentModificationException')).resolves({});
    await settings.amend([everything[0]!]);
    expect(
      lake.commandCalls(PutDataLakeSettingsCommand).at(-1)?.args[0].input.DataLakeSettings?.DataLakeAdmins,
    ).toEqual([...later.DataLakeAdmins, principal(ENFORCE)]);
  });

  it('writes nothing when the settings cannot be read', async () => {
    lake.on(GetDataLakeSettingsCommand).resolves({});
    await expect(settings.amend(everything)).rejects.toThrow('no data lake settings');
    expect(lake.commandCalls(PutDataLakeSettingsCommand)).toEqual([]);
  });
});

describe('the registered locations', () => {
  const locations = new LakeFormationLocations(client);
  const location: RegisterLocation = {
    kind: 'register-location',
    subject: 'arn:aws:s3:::lake/curated',
    roleArn: DATA,
    sentence: '',
  };

  it('lists every page, an empty one too', async () => {
    lake
      .on(ListResourcesCommand)
      .resolvesOnce({ ResourceInfoList: [], NextToken: 'more' })
      .resolvesOnce({ ResourceInfoList: [{ ResourceArn: 'arn:aws:s3:::a', RoleArn: DATA }] });
    expect(await locations.list()).toEqual([{ arn: 'arn:aws:s3:::a', roleArn: DATA }]);
  });

  it('registers with the role, never with the service-linked one', async () => {
    lake.on(RegisterResourceCommand).resolves({});
    expect(await locations.register(location)).toBeUndefined();
    expect(lake.commandCalls(RegisterResourceCommand)[0]?.args[0].input).toEqual({
      ResourceArn: 'arn:aws:s3:::lake/curated',
      RoleArn: DATA,
    });
  });

  it('is content when it is registered with the role already', async () => {
    lake.on(RegisterResourceCommand).rejects(failure('AlreadyExistsException'));
    lake.on(DescribeResourceCommand).resolves({ ResourceInfo: { ResourceArn: location.subject, RoleArn: DATA } });
    expect(await locations.register(location)).toBeUndefined();
  });

  it('says so when it is registered with another role, and leaves it', async () => {
    const other = 'arn:aws:iam::111111111111:role/Other';
    lake.on(RegisterResourceCommand).rejects(failure('AlreadyExistsException'));
    lake.on(DescribeResourceCommand).resolves({ ResourceInfo: { ResourceArn: location.subject, RoleArn: other } });
    expect(await locations.register(location)).toContain(`registered with ${other}`);
  });

  it('are registered no more, whether they were or not', async () => {
    const gone = { kind: 'unregister-location' as const, subject: location.subject, sentence: '' };
    lake.on(DeregisterResourceCommand).resolvesOnce({}).rejects(failure('EntityNotFoundException'));
    await locations.unregister(gone);
    await locations.unregister(gone);
    expect(lake.commandCalls(DeregisterResourceCommand)[0]?.args[0].input).toEqual({ ResourceArn: location.subject });
    lake.on(DeregisterResourceCommand).rejects(failure('AccessDeniedException'));
    await expect(locations.unregister(gone)).rejects.toThrow('AccessDenied');
  });

  it('fails when AWS refuses', async () => {
    lake.on(RegisterResourceCommand).rejects(failure('InvalidInputException'));
    await expect(locations.register(location)).rejects.toThrow('InvalidInputException');
  });
});

describe('the permissions on the catalog and on locations', () => {
  const permissions = new LakeFormationHubPermissions(client, HUB);
  const grant: GrantPermission = {
    kind: 'grant',
    subject: 'arn:aws:s3:::lake',
    principal: SYNC,
    permission: 'DATA_LOCATION_ACCESS',
    sentence: '',
  };

  it('lists both kinds, every page', async () => {
    const entry = (Resource: object, Permissions: ('CREATE_DATABASE' | 'DATA_LOCATION_ACCESS')[]) => ({
      Principal: principal(SYNC),
      Resource,
      Permissions,
    });
    lake
      .on(ListPermissionsCommand, { ResourceType: 'CATALOG' })
      .resolves({ PrincipalResourcePermissions: [entry({ Catalog: {} }, ['CREATE_DATABASE'])] })
      .on(ListPermissionsCommand, { ResourceType: 'DATA_LOCATION' })
      .resolvesOnce({ PrincipalResourcePermissions: [], NextToken: 'more' })
      .resolvesOnce({
        PrincipalResourcePermissions: [
          entry({ DataLocation: { ResourceArn: 'arn:aws:s3:::lake' } }, ['DATA_LOCATION_ACCESS']),
        ],
      });
    expect(await permissions.list()).toEqual([
      { principal: SYNC, permission: 'CREATE_DATABASE', resource: 'catalog' },
      { principal: SYNC, permission: 'DATA_LOCATION_ACCESS', resource: 'arn:aws:s3:::lake' },
    ]);
  });

  it('does not take a denied list for an empty one', async () => {
    lake.on(ListPermissionsCommand).rejects(failure('AccessDeniedException'));
    expect(await permissions.list()).toBeUndefined();
  });

  it('fails when listing fails otherwise', async () => {
    lake.on(ListPermissionsCommand).rejects(failure('InternalServiceException'));
    await expect(permissions.list()).rejects.toThrow('InternalServiceException');
  });

  it('grants on a location, and on the catalog itself', async () => {
    lake.on(GrantPermissionsCommand).resolves({});
    await permissions.grant(grant);
    await permissions.grant({ ...grant, subject: 'catalog', permission: 'CREATE_DATABASE' });
    expect(lake.commandCalls(GrantPermissionsCommand).map(({ args }) => args[0].input)).toEqual([
      {
        CatalogId: HUB,
        Principal: principal(SYNC),
        Resource: { DataLocation: { CatalogId: HUB, ResourceArn: 'arn:aws:s3:::lake' } },
        Permissions: ['DATA_LOCATION_ACCESS'],
      },
      {
        CatalogId: HUB,
        Principal: principal(SYNC),
        Resource: { Catalog: { Id: HUB } },
        Permissions: ['CREATE_DATABASE'],
      },
    ]);
  });

  it.each([
    ['a conflict', failure('ConcurrentModificationException')],
    ['a role that IAM has not spread yet', failure('InvalidInputException', 'Invalid principal')],
  ])('tries again after %s', async (_, error) => {
    lake.on(GrantPermissionsCommand).rejectsOnce(error).resolves({});
    await permissions.grant(grant);
    expect(lake.commandCalls(GrantPermissionsCommand)).toHaveLength(2);
  });

  it('does not try again what is refused', async () => {
    lake.on(GrantPermissionsCommand).rejects(failure('InvalidInputException', 'Permissions modification is invalid.'));
    await expect(permissions.grant(grant)).rejects.toThrow('modification');
    expect(lake.commandCalls(GrantPermissionsCommand)).toHaveLength(1);
  });

  it('revokes on a location, and is content when nothing is there to revoke', async () => {
    const revoke = { ...grant, kind: 'revoke' as const, permission: 'DATA_LOCATION_ACCESS' as const };
    lake
      .on(RevokePermissionsCommand)
      .resolvesOnce({})
      .rejectsOnce(failure('InvalidInputException', 'No permissions revoked. Grantee has no permissions.'))
      .rejectsOnce(failure('EntityNotFoundException'))
      .rejects(failure('InvalidInputException', 'Permissions modification is invalid.'));
    for (let times = 0; times < 3; times++) await permissions.revoke(revoke);
    await expect(permissions.revoke(revoke)).rejects.toThrow('modification');
    expect(lake.commandCalls(RevokePermissionsCommand)[0]?.args[0].input).toEqual({
      CatalogId: HUB,
      Principal: principal(SYNC),
      Resource: { DataLocation: { CatalogId: HUB, ResourceArn: 'arn:aws:s3:::lake' } },
      Permissions: ['DATA_LOCATION_ACCESS'],
    });
  });
});
