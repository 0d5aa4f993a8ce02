import { describe, expect, it } from 'vitest';
import {
  allBut,
  allTables,
  as,
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

const HIDDEN = error(
  'AccessDeniedException',
  'Resource does not exist or requester is not authorized to access requested permissions.',
);
const analyst = role('Analyst');

describe('who may grant', () => {
  it('lets administrators, root and holders of a grant option, nobody else', () => {
    const lake = createFixture();
    lake.grant(role('Steward'), table, ['SELECT', 'DROP'], ['SELECT']);
    lake.grant(analyst, table, ['SELECT'], [], as('Steward'));
    lake.grant(analyst, table, ['DROP'], [], asRoot);
    expect(() => lake.grant(analyst, table, ['ALTER'], [], as('Steward'))).toThrow(HIDDEN);
    expect(() => lake.grant(analyst, table, ['DROP'], [], as('Steward'))).toThrow(HIDDEN);
    expect(() => lake.grant(role('Other'), table, ['SELECT'], [], as('Analyst'))).toThrow(HIDDEN);
    expect(() => lake.revoke(analyst, table, ['DROP'], [], as('Steward'))).toThrow(HIDDEN);
    lake.revoke(analyst, table, ['SELECT'], [], as('Steward'));
    expect(lake.held(analyst)).toEqual(['table flights DROP']);
  });

  it('lets the holder of some columns pass on those, or fewer', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(role('Steward'), columns('origin', 'delay'), ['SELECT'], ['SELECT']);
    lake.grant(analyst, columns('delay'), ['SELECT'], [], as('Steward'));
    for (const resource of [columns('delay', 'passenger'), allBut(), table, allBut('passenger'), filter('f')]) {
      expect(() => lake.grant(role('Other'), resource, ['SELECT'], [], as('Steward'))).toThrow(HIDDEN);
    }
  });

  it('lets the holder of all tables, of a location and of a filter pass them on', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(role('Steward'), allTables, ['DROP'], ['DROP']);
    lake.grant(
      role('Steward'),
      { DataLocation: { ResourceArn: PREFIX } },
      ['DATA_LOCATION_ACCESS'],
      ['DATA_LOCATION_ACCESS'],
    );
    lake.grant(role('Steward'), filter('f'), ['SELECT'], ['SELECT']);
    lake.grant(analyst, table, ['DROP'], [], as('Steward'));
    lake.grant(analyst, location, ['DATA_LOCATION_ACCESS'], [], as('Steward'));
    lake.grant(analyst, filter('f'), ['SELECT'], [], as('Steward'));
    expect(() => lake.grant(analyst, database, ['DROP'], [], as('Steward'))).toThrow(HIDDEN);
    expect(() => lake.grant(analyst, { Catalog: {} }, ['CREATE_DATABASE'], [], as('Steward'))).toThrow(HIDDEN);
    expect(lake.held(analyst)).toHaveLength(3);
  });

  it("lets a creator grant what it made, to its own account's principals", () => {
    const lake = createFixture();
    lake.guard.databaseCreated(as('Sync').caller, 'ops');
    lake.guard.tableCreated(as('Sync').caller, 'ops', 'flights');
    lake.grant(analyst, database, ['ALL'], [], as('Sync'));
    lake.grant(role('Other'), columns('delay'), ['SELECT'], [], as('Sync'));
    expect(lake.held(role('Sync'))).toEqual([
      'database ops ALL*,ALTER*,CREATE_TABLE*,DESCRIBE*,DROP*',
      'table flights ALL*,ALTER*,DELETE*,DESCRIBE*,DROP*,INSERT*',
      'columns flights all SELECT*',
    ]);
  });

  it("refuses another account's administrator", () => {
    const lake = createFixture();
    const foreign = { Table: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } };
    expect(() => lake.grant(analyst, foreign, ['DROP'], [], as('Admin', '444444444444'))).toThrow(HIDDEN);
  });
});
