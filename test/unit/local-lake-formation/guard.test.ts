import { describe, expect, it } from 'vitest';
import {
  allBut,
  allTables,
  as,
  asAdmin,
  asRoot,
  columns,
  createFixture,
  database,
  error,
  filter,
  HUB,
  location,
  PREFIX,
  role,
  table,
} from './fixture.ts';

const analyst = role('Analyst');
const { caller } = as('Analyst');
const insufficient = (what: string) =>
  error('AccessDeniedException', `Insufficient Lake Formation permission(s): Required ${what}`);

describe('what one may do with a table', () => {
  it('is what was granted, ALL for everything, and DESCRIBE with anything', () => {
    const { guard, grant, revoke } = createFixture();
    const may = (permission: 'ALTER' | 'DELETE' | 'DESCRIBE' | 'DROP' | 'INSERT') => {
      try {
        guard.requireTable(caller, HUB, 'ops', 'flights', permission);
        return true;
      } catch {
        return false;
      }
    };
    expect(() => guard.requireTable(caller, HUB, 'ops', 'flights', 'DESCRIBE')).toThrow(
      insufficient('Describe on flights'),
    );
    grant(analyst, columns('delay'), ['SELECT']);
    expect([may('DESCRIBE'), may('INSERT')]).toEqual([true, false]);
    grant(analyst, allTables, ['INSERT']);
    expect([may('INSERT'), may('DROP')]).toEqual([true, false]);
    revoke(analyst, columns('delay'), ['SELECT']);
    grant(analyst, table, ['ALL']);
    expect([may('ALTER'), may('DELETE'), may('DROP')]).toEqual([true, true, true]);
    expect(() => guard.requireTable(caller, HUB, 'ops', 'planes', 'DROP')).toThrow(insufficient('Drop on planes'));
  });

  it('lets an administrator of the data lake look, and not touch what others made', () => {
    const { guard, grant } = createFixture();
    for (const { caller: administrator } of [asAdmin, asRoot]) {
      guard.requireTable(administrator, HUB, 'ops', 'flights', 'DESCRIBE');
      guard.requireDatabase(administrator, HUB, 'ops', 'DESCRIBE');
      guard.requireCreateDatabase(administrator, HUB);
      expect(() => guard.requireTable(administrator, HUB, 'ops', 'flights', 'DROP')).toThrow(
        insufficient('Drop on flights'),
      );
      expect(() => guard.requireTable(administrator, HUB, 'ops', 'flights', 'ALTER')).toThrow(insufficient('Alter'));
      expect(() => guard.requireDatabase(administrator, HUB, 'ops', 'CREATE_TABLE')).toThrow(
        insufficient('Create Table on ops'),
      );
    }
    grant(role('Admin'), table, ['DROP']);
    guard.requireTable(asAdmin.caller, HUB, 'ops', 'flights', 'DROP');
  });

  it('lets a read-only administrator look', () => {
    const { guard, run } = createFixture();
    const settings = run('GetDataLakeSettings', {}).DataLakeSettings;
    run('PutDataLakeSettings', {
      DataLakeSettings: { ...settings, ReadOnlyAdmins: [{ DataLakePrincipalIdentifier: analyst }] },
    });
    guard.requireTable(caller, HUB, 'ops', 'flights', 'DESCRIBE');
    expect(() => guard.requireCreateDatabase(as('Sync').caller, '222222222222')).toThrow(
      insufficient('Create Database'),
    );
  });

  it('is for its creator everything, with the account left to Lake Formation', () => {
    const { guard, held } = createFixture();
    const sync = as('Sync').caller;
    guard.databaseCreated(sync, 'ops');
    guard.tableCreated(sync, 'ops', 'flights');
    guard.requireTable(sync, HUB, 'ops', 'flights', 'DROP');
    guard.requireDatabase(sync, HUB, 'ops', 'CREATE_TABLE');
    expect(() => guard.requireTable(sync, HUB, 'ops', 'planes', 'DESCRIBE')).toThrow(insufficient('Describe'));
    expect(held('IAM_ALLOWED_PRINCIPALS')).toEqual(['catalog CREATE_DATABASE']);
  });

  it('is in a fresh account what IAM allows, for everybody of that account', () => {
    const { guard, addDatabase, addTable } = createFixture();
    const spoke = '222222222222';
    addDatabase('raw', {}, spoke);
    addTable('raw', 'events', {}, spoke);
    guard.requireCreateDatabase(as('Pipeline', spoke).caller, spoke);
    guard.databaseCreated(as('Pipeline', spoke).caller, 'raw');
    guard.tableCreated(as('Pipeline', spoke).caller, 'raw', 'events');
    guard.requireTable(as('Other', spoke).caller, spoke, 'raw', 'events', 'DROP');
    guard.requireDatabase(as('Other', spoke).caller, spoke, 'raw', 'CREATE_TABLE');
    expect(guard.visibleColumns(as('Other', spoke).caller, spoke, 'raw', 'events')).toBe('all');
    expect(guard.isTableVisible(as('Other').caller, spoke, 'raw', 'events')).toBe(false);
  });

  it('is for the creator of a link DESCRIBE and DROP', () => {
    const { guard, addTable, held } = createFixture();
    addTable('ops', 'link', { TargetTable: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } });
    guard.tableCreated(caller, 'ops', 'link');
    expect(held(analyst)).toEqual(['table link DESCRIBE*,DROP*']);
  });
});

describe('what one sees', () => {
  it('is the database of any table that one may do anything with, and not its other tables', () => {
    const { guard, grant, createFilter, revoke } = createFixture();
    expect(guard.isDatabaseVisible(caller, HUB, 'ops')).toBe(false);
    createFilter('f');
    grant(analyst, filter('f'), ['SELECT']);
    expect(guard.isDatabaseVisible(caller, HUB, 'ops')).toBe(true);
    expect(guard.isTableVisible(caller, HUB, 'ops', 'flights')).toBe(true);
    expect(guard.isTableVisible(caller, HUB, 'ops', 'planes')).toBe(false);
    revoke(analyst, filter('f'), ['SELECT']);
    expect(guard.isDatabaseVisible(caller, HUB, 'ops')).toBe(false);
    grant(analyst, database, ['DESCRIBE']);
    expect(guard.isDatabaseVisible(caller, HUB, 'ops')).toBe(true);
    expect(guard.isTableVisible(caller, HUB, 'ops', 'flights')).toBe(false);
  });

  it('are the permitted columns and the partition keys', () => {
    const { guard, grant, createFilter } = createFixture();
    const visible = () => guard.visibleColumns(caller, HUB, 'ops', 'flights');
    expect(visible).toThrow(insufficient('Describe on flights'));
    grant(analyst, columns('delay'), ['SELECT']);
    expect(visible()).toEqual(new Set(['delay', 'year']));
    createFilter('f', { ColumnNames: ['origin'] });
    grant(analyst, filter('f'), ['DESCRIBE']);
    expect(visible()).toEqual(new Set(['delay', 'year']));
    grant(analyst, filter('f'), ['SELECT']);
    expect(visible()).toEqual(new Set(['delay', 'origin', 'year']));
    grant(analyst, table, ['DESCRIBE']);
    expect(visible()).toBe('all');
    expect(guard.visibleColumns(asAdmin.caller, HUB, 'ops', 'flights')).toBe('all');
  });

  it('is an excluded column once it has another name', () => {
    const { guard, grant, addTable } = createFixture();
    grant(analyst, allBut('passenger'), ['SELECT']);
    expect(guard.visibleColumns(caller, HUB, 'ops', 'flights')).toEqual(new Set(['origin', 'delay', 'year']));
    addTable('ops', 'flights', { StorageDescriptor: { Columns: [{ Name: 'origin' }, { Name: 'traveller' }] } });
    expect(guard.visibleColumns(caller, HUB, 'ops', 'flights')).toEqual(new Set(['origin', 'traveller']));
  });

  it('ends with the table and does not come back with its name', () => {
    const { guard, grant, held } = createFixture();
    grant(analyst, table, ['DROP', 'SELECT']);
    grant(analyst, { Table: { DatabaseName: 'ops', Name: 'planes' } }, ['DROP']);
    guard.tableDeleted(HUB, 'ops', 'flights');
    expect(held(analyst)).toEqual(['table planes DROP']);
    guard.databaseDeleted(HUB, 'ops');
    expect(held(analyst)).toEqual([]);
    guard.databaseCreated(as('Sync').caller, 'ops');
    expect(guard.isTableVisible(caller, HUB, 'ops', 'planes')).toBe(false);
  });
});

describe('locations', () => {
  it('are covered by a registered prefix, whole names only', () => {
    const { guard } = createFixture();
    const covered = (uri: string | undefined) => guard.isRegisteredLocation(HUB, uri);
    expect(covered('s3://trellis-aviation/flights/')).toBe(true);
    expect(covered('s3://trellis-aviation')).toBe(true);
    expect(covered('s3://trellis-aviation-2/flights/')).toBe(false);
    expect(covered(undefined)).toBe(false);
    expect(guard.isRegisteredLocation('222222222222', 's3://trellis-aviation/flights/')).toBe(false);
  });

  it('need DATA_LOCATION_ACCESS where they are registered, but not from an administrator', () => {
    const { guard, grant } = createFixture();
    const use = (uri: string, who = caller) => guard.requireLocation(who, HUB, uri);
    const uri = 's3://trellis-aviation/flights/2020/';
    expect(() => use(uri)).toThrow(
      error('AccessDeniedException', `Insufficient Lake Formation permission(s) on ${uri}`),
    );
    use('s3://elsewhere/x');
    use(uri, asAdmin.caller);
    guard.requireLocation(caller, HUB, undefined);
    grant(analyst, location, ['DATA_LOCATION_ACCESS']);
    use(uri);
    expect(() => use('s3://trellis-aviation/planes/')).toThrow(error('AccessDeniedException', 'planes'));
    grant(analyst, { DataLocation: { ResourceArn: PREFIX } }, ['DATA_LOCATION_ACCESS']);
    use('s3://trellis-aviation/planes/');
  });
});
