import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { as, columns, createFixture, error, filter, filterData, HUB, role, table } from './fixture.ts';

const identity = { TableCatalogId: HUB, DatabaseName: 'ops', TableName: 'flights', Name: 'f' };
const rows = (FilterExpression: string) => ({ RowFilter: { FilterExpression } });
const analyst = role('Analyst');

describe('a data cells filter', () => {
  it('reads back as it was made, with a version', () => {
    const lake = createFixture();
    lake.createFilter('f', { ColumnNames: ['Origin', 'delay'], ...rows("origin = 'OSL' and year > 2020") });
    expect(lake.run('GetDataCellsFilter', identity).DataCellsFilter).toEqual({
      ...identity,
      ColumnNames: ['origin', 'delay'],
      RowFilter: { FilterExpression: "origin = 'OSL' and year > 2020" },
      VersionId: expect.any(String),
    });
    lake.createFilter('g', { ColumnWildcard: { ExcludedColumnNames: ['passenger'] } });
    expect(lake.run('GetDataCellsFilter', { ...identity, Name: 'g' }).DataCellsFilter).toMatchObject({
      ColumnWildcard: { ExcludedColumnNames: ['passenger'] },
      RowFilter: { AllRowsWildcard: {} },
    });
  });

  it('is listed by table, in pages', () => {
    const lake = createFixture();
    for (const name of ['c', 'a', 'b']) lake.createFilter(name);
    lake.run('CreateDataCellsFilter', { TableData: filterData('x', { TableName: 'planes' }) });
    const Table = { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' };
    const first = lake.run('ListDataCellsFilter', { Table, MaxResults: 2 });
    const second = lake.run('ListDataCellsFilter', { Table, MaxResults: 2, NextToken: first.NextToken });
    const names = [...first.DataCellsFilters, ...second.DataCellsFilters].map((each: Wire) => each.Name);
    expect([names, second.NextToken]).toEqual([['a', 'b', 'c'], undefined]);
    expect(lake.run('ListDataCellsFilter', {}).DataCellsFilters).toHaveLength(4);
  });

  it('changes its columns and rows, under a new version, and keeps its grants', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(analyst, filter('f'), ['SELECT']);
    const { VersionId } = lake.run('GetDataCellsFilter', identity).DataCellsFilter;
    const change = (more: Wire) => lake.run('UpdateDataCellsFilter', { TableData: filterData('f', more) });
    change({ ColumnNames: ['delay'], ...rows('delay > 5'), VersionId });
    expect(() => change({ VersionId })).toThrow(error('ConcurrentModificationException', 'another version'));
    expect(lake.dataAccess.selectable(as('Analyst').caller, HUB, 'ops', 'flights').grants).toEqual([
      { columns: ['delay', 'year'], rowFilter: 'delay > 5' },
    ]);
  });

  it('is deleted in spite of its grants, which go with it and do not come back', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(analyst, filter('f'), ['SELECT']);
    lake.run('DeleteDataCellsFilter', identity);
    expect(lake.held(analyst)).toEqual([]);
    expect(() => lake.revoke(analyst, filter('f'), ['SELECT'])).toThrow(
      error('InvalidInputException', 'Cell Filter not found'),
    );
    lake.createFilter('f');
    expect(lake.held(analyst)).toEqual([]);
    expect(lake.dataAccess.selectable(as('Analyst').caller, HUB, 'ops', 'flights').grants).toEqual([]);
  });

  it('goes with its table', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.guard.tableDeleted(HUB, 'ops', 'flights');
    expect(lake.run('ListDataCellsFilter', {}).DataCellsFilters).toEqual([]);
    lake.createFilter('f');
    lake.guard.databaseDeleted(HUB, 'ops');
    expect(lake.run('ListDataCellsFilter', {}).DataCellsFilters).toEqual([]);
  });

  it.each<[string, Wire, string, string]>([
    [
      'columns and a wildcard',
      { ColumnNames: ['delay'], ColumnWildcard: {} },
      'InvalidInputException',
      'Exactly one of ColumnNames',
    ],
    ['neither columns nor a wildcard', { ColumnNames: [] }, 'InvalidInputException', 'Exactly one of ColumnNames'],
    [
      'an expression and all rows',
      { RowFilter: { FilterExpression: 'delay = 1', AllRowsWildcard: {} } },
      'InvalidInputException',
      'Exactly one of FilterExpression',
    ],
    ['no rows', { RowFilter: undefined }, 'InvalidInputException', 'Exactly one of FilterExpression'],
    ['an empty row filter', { RowFilter: {} }, 'InvalidInputException', 'Exactly one of FilterExpression'],
    ['a missing column', { ColumnNames: ['nobody'] }, 'InvalidInputException', 'no column nobody'],
    [
      'a missing column, excluded',
      { ColumnWildcard: { ExcludedColumnNames: ['nobody'] } },
      'InvalidInputException',
      'no column nobody',
    ],
    [
      'an excluded partition key',
      { ColumnWildcard: { ExcludedColumnNames: ['year'] } },
      'InvalidInputException',
      'partition key year',
    ],
    ['an expression that is none', rows('delay ~ 1'), 'InvalidInputException', 'Unsupported row filter expression'],
    ['a constant of another type', rows("delay = 'x'"), 'InvalidInputException', 'takes a number'],
    ['a missing filter column', rows('nobody = 1'), 'InvalidInputException', 'no column nobody'],
    ['a missing table', { TableName: 'nobody' }, 'EntityNotFoundException', 'Table not found'],
    ['a view', { TableName: 'view' }, 'InvalidInputException', 'not supported on views'],
    ['a link', { TableName: 'link' }, 'InvalidInputException', 'not supported on views and resource links'],
    ['a name twice', { Name: 'taken' }, 'AlreadyExistsException', 'already exists'],
    ['a long name', { Name: 'x'.repeat(256) }, 'InvalidInputException', 'Name'],
    ['no catalog', { TableCatalogId: undefined }, 'InvalidInputException', 'TableCatalogId'],
  ])('is refused with %s', (_, more, code, text) => {
    const lake = createFixture();
    const whole = lake.tables.get(`${HUB} ops flights`)!;
    lake.addTable('ops', 'view', { ...whole, Name: 'view', TableType: 'VIRTUAL_VIEW' });
    lake.addTable('ops', 'link', { TargetTable: { CatalogId: HUB, DatabaseName: 'ops', Name: 'flights' } });
    lake.createFilter('taken');
    expect(() => lake.createFilter('f', more)).toThrow(error(code, text));
    expect(lake.run('ListDataCellsFilter', {}).DataCellsFilters).toHaveLength(1);
  });

  it('is not found where it is not', () => {
    const lake = createFixture();
    const notFound = error('EntityNotFoundException', 'not found');
    expect(() => lake.run('GetDataCellsFilter', identity)).toThrow(notFound);
    expect(() => lake.run('DeleteDataCellsFilter', identity)).toThrow(notFound);
    expect(() => lake.run('UpdateDataCellsFilter', { TableData: filterData('f') })).toThrow(notFound);
  });

  it('is made, changed and seen by whoever may pass on SELECT on the whole table', () => {
    const lake = createFixture();
    const steward = as('Steward');
    const denied = error('AccessDeniedException', '');
    lake.grant(role('Steward'), columns('origin', 'delay'), ['SELECT'], ['SELECT']);
    expect(() => lake.createFilter('f', {}, steward)).toThrow(denied);
    lake.revoke(role('Steward'), columns('origin', 'delay'), ['SELECT']);
    lake.grant(role('Steward'), table, ['SELECT'], ['SELECT']);
    lake.createFilter('f', {}, steward);
    lake.grant(analyst, filter('f'), ['SELECT'], [], steward);
    const update = { TableData: filterData('f') };
    for (const call of [as('Analyst'), as('Nobody'), as('Admin', '444444444444')]) {
      expect(() => lake.run('GetDataCellsFilter', identity, call)).toThrow(denied);
      expect(() => lake.run('UpdateDataCellsFilter', update, call)).toThrow(denied);
      expect(() => lake.run('DeleteDataCellsFilter', identity, call)).toThrow(denied);
      const list = lake.run('ListDataCellsFilter', { Table: { CatalogId: HUB, ...table.Table } }, call);
      expect(list.DataCellsFilters).toEqual([]);
    }
    lake.run('UpdateDataCellsFilter', update, steward);
    lake.run('DeleteDataCellsFilter', identity, steward);
  });

  it('is seen with DESCRIBE on it, and deleted with DROP', () => {
    const lake = createFixture();
    lake.createFilter('f');
    lake.grant(analyst, filter('f'), ['DESCRIBE']);
    expect(lake.run('GetDataCellsFilter', identity, as('Analyst')).DataCellsFilter.Name).toBe('f');
    expect(lake.run('ListDataCellsFilter', { Table: table.Table }, as('Analyst')).DataCellsFilters).toHaveLength(1);
    expect(() => lake.run('DeleteDataCellsFilter', identity, as('Analyst'))).toThrow(
      error('AccessDeniedException', 'Drop'),
    );
    lake.grant(analyst, filter('f'), ['DROP']);
    lake.run('DeleteDataCellsFilter', identity, as('Analyst'));
  });
});
