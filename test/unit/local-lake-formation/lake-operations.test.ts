import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { as, asRoot, createFixture, error, HUB, PREFIX, role } from './fixture.ts';

const SPOKE = '222222222222';
const principal = (name: string) => ({ DataLakePrincipalIdentifier: name });

describe('the data lake settings', () => {
  it('of a fresh account leave everything to IAM', () => {
    const { run } = createFixture();
    const iam = [{ Principal: principal('IAM_ALLOWED_PRINCIPALS'), Permissions: ['ALL'] }];
    expect(run('GetDataLakeSettings', {}, as('Any', SPOKE)).DataLakeSettings).toEqual({
      DataLakeAdmins: [],
      ReadOnlyAdmins: [],
      CreateDatabaseDefaultPermissions: iam,
      CreateTableDefaultPermissions: iam,
      Parameters: { CROSS_ACCOUNT_VERSION: '1', SET_CONTEXT: 'TRUE' },
      TrustedResourceOwners: [],
    });
  });

  it('read back as they were put, and can be put as they were read', () => {
    const { run } = createFixture();
    const settings = {
      DataLakeAdmins: [principal(role('Admin')), principal(role('Unknown'))],
      ReadOnlyAdmins: [principal(role('Auditor'))],
      CreateDatabaseDefaultPermissions: [],
      CreateTableDefaultPermissions: [{ Principal: principal('IAM_ALLOWED_PRINCIPALS'), Permissions: ['ALL'] }],
      Parameters: { CROSS_ACCOUNT_VERSION: '5', SET_CONTEXT: 'TRUE' },
      TrustedResourceOwners: [SPOKE],
      AllowExternalDataFiltering: true,
    };
    run('PutDataLakeSettings', { DataLakeSettings: settings });
    const read = run('GetDataLakeSettings', {}).DataLakeSettings;
    expect(read).toEqual(settings);
    run('PutDataLakeSettings', { DataLakeSettings: read });
    expect(run('GetDataLakeSettings', {}).DataLakeSettings).toEqual(settings);
  });

  it('are replaced as a whole', () => {
    const { run, grant } = createFixture();
    run('PutDataLakeSettings', { DataLakeSettings: {} });
    const read = run('GetDataLakeSettings', {}).DataLakeSettings;
    expect([read.DataLakeAdmins, read.Parameters.CROSS_ACCOUNT_VERSION]).toEqual([[], '1']);
    expect(() => grant(role('Analyst'), { Database: { Name: 'ops' } }, ['DROP'])).toThrow(
      error('AccessDeniedException', ''),
    );
  });

  const admins = (count: number) => Array.from({ length: count }, (_, i) => principal(role(`Admin${i}`)));
  it.each<[string, Wire, string]>([
    ['31 administrators', { DataLakeAdmins: admins(31) }, 'at most 30'],
    ['a version 6', { Parameters: { CROSS_ACCOUNT_VERSION: '6' } }, 'CROSS_ACCOUNT_VERSION'],
    ['another parameter', { Parameters: { COLOUR: 'red' } }, 'COLOUR'],
    [
      'another default',
      { CreateTableDefaultPermissions: [{ Principal: principal(role('A')), Permissions: ['ALL'] }] },
      'CreateTableDefaultPermissions',
    ],
    [
      'a lesser default',
      {
        CreateDatabaseDefaultPermissions: [{ Principal: principal('IAM_ALLOWED_PRINCIPALS'), Permissions: ['SELECT'] }],
      },
      'CreateDatabaseDefaultPermissions',
    ],
    ['an owner that is no account', { TrustedResourceOwners: ['hub'] }, 'hub'],
    ['an administrator that is none', { DataLakeAdmins: [principal('nobody')] }, 'Invalid principal'],
  ])('refuse %s and stay as they were', (_, settings, text) => {
    const { run } = createFixture();
    const before = run('GetDataLakeSettings', {});
    expect(() => run('PutDataLakeSettings', { DataLakeSettings: settings })).toThrow(
      error('InvalidInputException', text),
    );
    expect(run('GetDataLakeSettings', {})).toEqual(before);
  });

  it('take 30 administrators, and are of one account', () => {
    const { run } = createFixture();
    run('PutDataLakeSettings', { DataLakeSettings: { DataLakeAdmins: admins(30) } });
    expect(() => run('GetDataLakeSettings', { CatalogId: SPOKE })).toThrow(error('AccessDeniedException', ''));
    expect(() => run('PutDataLakeSettings', { DataLakeSettings: undefined })).toThrow(
      error('InvalidInputException', ''),
    );
  });
});

describe('registered locations', () => {
  it('are described, listed, changed and deregistered', () => {
    const { run } = createFixture();
    run('RegisterResource', {
      ResourceArn: 'arn:aws:s3:::trellis-climate',
      UseServiceLinkedRole: true,
      HybridAccessEnabled: false,
    });
    expect(run('DescribeResource', { ResourceArn: 'arn:aws:s3:::trellis-climate' }).ResourceInfo).toEqual({
      ResourceArn: 'arn:aws:s3:::trellis-climate',
      RoleArn: `arn:aws:iam::${HUB}:role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess`,
      LastModified: expect.any(Number),
      HybridAccessEnabled: false,
    });
    run('UpdateResource', { ResourceArn: PREFIX, RoleArn: role('NewData') });
    const first = run('ListResources', { MaxResults: 1 });
    const rest = run('ListResources', { MaxResults: 1, NextToken: first.NextToken });
    expect([...first.ResourceInfoList, ...rest.ResourceInfoList].map((info: Wire) => info.RoleArn)).toEqual([
      role('NewData'),
      expect.stringContaining('ServiceRole'),
    ]);
    expect(rest.NextToken).toBeUndefined();
    run('DeregisterResource', { ResourceArn: PREFIX });
    expect(run('ListResources', {}).ResourceInfoList).toHaveLength(1);
    expect(run('ListResources', {}, as('Any', SPOKE)).ResourceInfoList).toEqual([]);
  });

  it.each<[string, string[], number]>([
    ['EQ', [PREFIX], 1],
    ['NE', [PREFIX], 1],
    ['BEGINS_WITH', ['arn:aws:s3:::trellis'], 2],
    ['CONTAINS', ['climate'], 1],
    ['NOT_CONTAINS', ['climate'], 1],
  ])('are listed by %s', (ComparisonOperator, StringValueList, count) => {
    const { run } = createFixture();
    run('RegisterResource', { ResourceArn: 'arn:aws:s3:::trellis-climate', RoleArn: role('Data') });
    const condition = { Field: 'RESOURCE_ARN', ComparisonOperator, StringValueList };
    expect(run('ListResources', { FilterConditionList: [condition] }).ResourceInfoList).toHaveLength(count);
  });

  it.each<[string, string, Wire, string, string]>([
    [
      'one twice',
      'RegisterResource',
      { ResourceArn: PREFIX, RoleArn: role('Data') },
      'AlreadyExistsException',
      'already registered',
    ],
    [
      'no role',
      'RegisterResource',
      { ResourceArn: 'arn:aws:s3:::x-y-z' },
      'InvalidInputException',
      'Exactly one of RoleArn',
    ],
    [
      'two roles',
      'RegisterResource',
      { ResourceArn: 'arn:aws:s3:::x-y-z', RoleArn: role('Data'), UseServiceLinkedRole: true },
      'InvalidInputException',
      'Exactly one of RoleArn',
    ],
    [
      'what is not in S3',
      'RegisterResource',
      { ResourceArn: 's3://x-y-z', RoleArn: role('Data') },
      'InvalidInputException',
      'not an S3 location',
    ],
    [
      'to describe what is not there',
      'DescribeResource',
      { ResourceArn: 'arn:aws:s3:::x-y-z' },
      'EntityNotFoundException',
      'not found',
    ],
    [
      'to deregister what is not there',
      'DeregisterResource',
      { ResourceArn: 'arn:aws:s3:::x-y-z' },
      'EntityNotFoundException',
      'not found',
    ],
    [
      'to change what is not there',
      'UpdateResource',
      { ResourceArn: 'arn:aws:s3:::x-y-z', RoleArn: role('Data') },
      'EntityNotFoundException',
      'not found',
    ],
    [
      'a filter by date',
      'ListResources',
      { FilterConditionList: [{ Field: 'LAST_MODIFIED' }] },
      'InvalidInputException',
      'LAST_MODIFIED',
    ],
    [
      'an unknown comparison',
      'ListResources',
      { FilterConditionList: [{ Field: 'ROLE_ARN', ComparisonOperator: 'GT' }] },
      'InvalidInputException',
      'GT',
    ],
  ])('refuse %s', (_, operation, input, code, text) => {
    expect(() => createFixture().run(operation, input)).toThrow(error(code, text));
  });

  it('need the right to pass their role', () => {
    const { access } = createFixture();
    expect(access('RegisterResource', { ResourceArn: PREFIX, RoleArn: role('Data') }, asRoot)[1]).toEqual({
      action: 'iam:PassRole',
      resource: role('Data'),
      context: { 'iam:PassedToService': 'lakeformation.amazonaws.com' },
    });
    expect(access('RegisterResource', { ResourceArn: PREFIX, UseServiceLinkedRole: true })).toHaveLength(1);
  });
});

it('every operation of the API is there, or says that it is not', async () => {
  const commands = Object.keys(await import('@aws-sdk/client-lakeformation')).filter(name =>
    /^[A-Z]\w+Command$/.test(name),
  );
  const { service } = createFixture();
  const missing = commands
    .map(name => name.replace(/Command$/, ''))
    .filter(name => name !== '$' && !service.operations[name]);
  expect(missing).toEqual([]);
});
