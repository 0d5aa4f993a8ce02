import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import {
  allBut,
  allTables,
  as,
  asRoot,
  CONSUMER,
  columns,
  createFixture,
  database,
  error,
  filter,
  HUB,
  location,
  role,
  table,
} from './fixture.ts';

const analyst = role('Analyst', CONSUMER);
const asAnalyst = as('Analyst', CONSUMER);
const shareOfTable = `${HUB} ${CONSUMER} arn:aws:glue:us-east-1:${HUB}:table/ops/flights`;
const shareOfDatabase = `${HUB} ${CONSUMER} arn:aws:glue:us-east-1:${HUB}:database/ops`;
const INVALID = error('InvalidInputException', 'Permissions modification is invalid.');

function readable(lake: ReturnType<typeof createFixture>) {
  return lake.dataAccess.selectable(asAnalyst.caller, HUB, 'ops', 'flights').grants.flatMap(grant => grant.columns);
}

describe("a grant to another account's role", () => {
  it('shares the table with its account, once for all grants, until the last is revoked', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(analyst, filter('f'), ['SELECT']);
    lake.grant(role('Regional', CONSUMER), columns('delay'), ['SELECT']);
    lake.grant(analyst, table, ['DESCRIBE']);
    expect([...lake.shares]).toEqual([shareOfTable]);
    lake.revoke(analyst, filter('f'), ['SELECT']);
    lake.revoke(analyst, table, ['DESCRIBE']);
    expect([...lake.shares]).toEqual([shareOfTable]);
    lake.revoke(role('Regional', CONSUMER), columns('delay'), ['SELECT']);
    expect([...lake.shares]).toEqual([]);
  });

  it('shares a database, all of its tables and a table each on its own', () => {
    const lake = createFixture();
    lake.grant(analyst, database, ['DESCRIBE']);
    lake.grant(analyst, allTables, ['DESCRIBE']);
    lake.grant(analyst, table, ['DESCRIBE']);
    expect([...lake.shares]).toEqual([shareOfDatabase, shareOfTable.replace('flights', '*'), shareOfTable]);
    lake.revoke(analyst, database, ['DESCRIBE']);
    expect([...lake.shares]).toEqual([shareOfTable.replace('flights', '*'), shareOfTable]);
  });

  it('shares nothing for a location, nor within the account', () => {
    const lake = createFixture();
    lake.grant(analyst, location, ['DATA_LOCATION_ACCESS']);
    lake.grant(role('Analyst'), table, ['DESCRIBE']);
    expect(lake.shares.size).toBe(0);
  });

  it('has effect only while RAM has associated the account', () => {
    const lake = createFixture();
    lake.pending.add(CONSUMER);
    lake.grant(analyst, columns('delay'), ['SELECT']);
    expect(readable(lake)).toEqual([]);
    expect(lake.guard.isTableVisible(asAnalyst.caller, HUB, 'ops', 'flights')).toBe(false);
    expect(lake.guard.isDatabaseVisible(asAnalyst.caller, HUB, 'ops')).toBe(false);
    lake.pending.clear();
    expect(readable(lake)).toEqual(['delay', 'year']);
    expect(lake.guard.isTableVisible(asAnalyst.caller, HUB, 'ops', 'flights')).toBe(true);
    expect(lake.guard.isDatabaseVisible(asAnalyst.caller, HUB, 'ops')).toBe(true);
    lake.shares.clear();
    expect(readable(lake)).toEqual([]);
  });

  it("is its principal's alone: not its account's other roles', nor its administrators'", () => {
    const lake = createFixture();
    lake.grant(analyst, table, ['SELECT']);
    for (const call of [as('Regional', CONSUMER), as('Admin', CONSUMER)]) {
      expect(lake.guard.isTableVisible(call.caller, HUB, 'ops', 'flights')).toBe(false);
      const answer = lake.run('ListPermissions', { CatalogId: HUB, Resource: table }, call);
      expect(answer.PrincipalResourcePermissions).toEqual([]);
    }
    const own = lake.run('ListPermissions', { CatalogId: HUB, Resource: table }, asAnalyst);
    expect(own.PrincipalResourcePermissions).toHaveLength(1);
  });

  it('to all tables does not show the database', () => {
    const lake = createFixture();
    lake.grant(analyst, allTables, ['SELECT']);
    expect(lake.guard.isTableVisible(asAnalyst.caller, HUB, 'ops', 'flights')).toBe(true);
    expect(lake.guard.isDatabaseVisible(asAnalyst.caller, HUB, 'ops')).toBe(false);
  });

  it('to the whole account is for its data lake administrators', () => {
    const lake = createFixture();
    lake.grant(CONSUMER, table, ['SELECT'], ['SELECT']);
    const administrator = { ...asRoot.caller, account: CONSUMER, principal: `arn:aws:iam::${CONSUMER}:root` };
    expect(lake.guard.isTableVisible(asAnalyst.caller, HUB, 'ops', 'flights')).toBe(false);
    expect(lake.guard.isTableVisible(administrator, HUB, 'ops', 'flights')).toBe(true);
    const theirs = { Table: { CatalogId: HUB, ...table.Table } };
    expect(() => lake.grant(analyst, theirs, ['SELECT'], [], { caller: administrator, requestId: 'r' })).toThrow(
      error('NotImplementedInLocalMesh', 'another account shared'),
    );
  });

  const refused: [string, Wire, string[], string[], Wire][] = [
    ['with grant option', table, ['SELECT'], ['SELECT'], INVALID],
    ['on all but some columns', allBut('delay'), ['SELECT'], [], INVALID],
    ['of DESCRIBE on a filter', filter('f'), ['SELECT', 'DESCRIBE'], [], INVALID],
    ['on a resource link', { Table: { DatabaseName: 'ops', Name: 'link' } }, ['DESCRIBE'], [], INVALID],
    ['on the catalog', { Catalog: {} }, ['CREATE_DATABASE'], [], error('NotImplementedInLocalMesh', 'CREATE_DATABASE')],
  ];
  it.each(refused)('is refused %s', (_, resource, permissions, grantable, problem) => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.addTable('ops', 'link', { TargetTable: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } });
    expect(() => lake.grant(analyst, resource, permissions, grantable)).toThrow(problem);
    expect(lake.shares.size).toBe(0);
  });

  it.each(['1', '2'])('is refused with cross account version %s', version => {
    const lake = createFixture();
    const settings = lake.run('GetDataLakeSettings', {}).DataLakeSettings;
    lake.run('PutDataLakeSettings', {
      DataLakeSettings: { ...settings, Parameters: { CROSS_ACCOUNT_VERSION: version } },
    });
    expect(() => lake.grant(analyst, table, ['SELECT'])).toThrow(error('InvalidInputException', 'version 3'));
    lake.grant(CONSUMER, table, ['SELECT']);
    lake.run('PutDataLakeSettings', { DataLakeSettings: { ...settings, Parameters: { CROSS_ACCOUNT_VERSION: '3' } } });
    lake.grant(analyst, table, ['SELECT']);
  });

  it.each<[string, string, Wire, Wire]>([
    ['table', 'SELECT', table, table],
    ['table', 'SELECT', columns('delay'), table],
    ['database', 'DESCRIBE', database, database],
  ])('is refused while IAM_ALLOWED_PRINCIPALS has the %s', (object, permission, resource, open) => {
    const lake = createFixture();
    lake.grant('IAM_ALLOWED_PRINCIPALS', open, ['ALL']);
    expect(() => lake.grant(analyst, resource, [permission])).toThrow(
      error('InvalidInputException', `Please revoke permission(s) for IAM_ALLOWED_PRINCIPALS on the ${object}`),
    );
    lake.revoke('IAM_ALLOWED_PRINCIPALS', open, ['ALL']);
    lake.grant(analyst, resource, [permission]);
  });

  it('is not refused for IAM_ALLOWED_PRINCIPALS on another table', () => {
    const lake = createFixture();
    lake.grant('IAM_ALLOWED_PRINCIPALS', { Table: { DatabaseName: 'ops', Name: 'planes' } }, ['ALL']);
    lake.grant(analyst, table, ['DESCRIBE']);
    expect(lake.held(analyst)).toEqual(['table flights DESCRIBE']);
  });

  it('leaves its share behind when the table is deleted first', () => {
    const lake = createFixture();
    lake.grant(analyst, table, ['SELECT']);
    lake.guard.tableDeleted(HUB, 'ops', 'flights');
    expect(lake.held(analyst)).toEqual([]);
    expect([...lake.shares]).toEqual([shareOfTable]);
  });
});

describe('what IAM must allow', () => {
  const actions = (operation: string, input: Wire) =>
    createFixture()
      .access(operation, input)
      .map((item: Wire) => item.action);
  const command = createFixture().command;

  it('is the action and the read of the table within the account', () => {
    expect(createFixture().access('GrantPermissions', command(role('Analyst'), table, ['SELECT']))).toEqual([
      { action: 'lakeformation:GrantPermissions', resource: '*' },
      { action: 'glue:GetTable', resource: `arn:aws:glue:us-east-1:${HUB}:table/ops/flights` },
    ]);
    expect(actions('RevokePermissions', command(role('Analyst'), database, ['DROP']))).toEqual([
      'lakeformation:RevokePermissions',
      'glue:GetDatabase',
    ]);
    expect(actions('GrantPermissions', command(analyst, location, ['DATA_LOCATION_ACCESS']))).toEqual([
      'lakeformation:GrantPermissions',
    ]);
  });

  it('is also the sharing across accounts', () => {
    const grants = createFixture().access('GrantPermissions', command(analyst, filter('f'), ['SELECT']));
    expect(grants.map((item: Wire) => item.action)).toEqual([
      'lakeformation:GrantPermissions',
      'glue:GetTable',
      'ram:GetResourceShares',
      'ram:CreateResourceShare',
      'ram:AssociateResourceShare',
      'ram:AssociateResourceSharePermission',
      'glue:PutResourcePolicy',
      'organizations:DescribeOrganization',
    ]);
    expect(grants[3].context['ram:RequestedResourceType']).toBe('glue:Table');
    expect(actions('RevokePermissions', command(analyst, table, ['SELECT']))).toContain(
      'ram:DisassociateResourceShare',
    );
  });

  it('is asked once for a batch, and only for the action where the input cannot be read', () => {
    const entries = [command(analyst, table, ['SELECT']), command(analyst, table, ['DROP']), { Id: 'bad' }];
    const batch = actions('BatchGrantPermissions', { Entries: entries });
    expect(batch[0]).toBe('lakeformation:BatchGrantPermissions');
    expect(batch.filter((action: string) => action === 'ram:CreateResourceShare')).toHaveLength(1);
    expect(actions('BatchRevokePermissions', {})).toEqual(['lakeformation:BatchRevokePermissions']);
    expect(actions('GrantPermissions', {})).toEqual(['lakeformation:GrantPermissions']);
  });
});
