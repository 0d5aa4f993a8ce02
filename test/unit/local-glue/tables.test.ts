import { describe, expect, it } from 'vitest';
import { VERSIONS_PER_TABLE } from '../../../local/glue/table-writes.ts';
import { column, createWorld, HUB, makeTable, PRODUCER, refusal, roleCall } from './world.ts';

const at = { DatabaseName: 'db', Name: 't' };
const names = (answer: { TableList: { Name: string }[] }) => answer.TableList.map(table => table.Name);

describe('tables', () => {
  it('are kept in lower case with who made them, when, and version 0', () => {
    const world = createWorld();
    makeTable(world, PRODUCER, 'db', 'Flights');
    const { Table } = world.run(PRODUCER, 'GetTable', { DatabaseName: 'DB', Name: 'FLIGHTS' });
    expect(Table).toMatchObject({
      Name: 'flights',
      DatabaseName: 'db',
      CatalogId: PRODUCER,
      VersionId: '0',
      CreatedBy: `arn:aws:iam::${PRODUCER}:root`,
      IsRegisteredWithLakeFormation: true,
      Retention: 0,
    });
    expect(Table.StorageDescriptor).toMatchObject({ Compressed: false, NumberOfBuckets: 0, SortColumns: [] });
    expect(Table.UpdateTime).toBe(Table.CreateTime);
  });

  it('refuse what a GetTable answer has and a TableInput has not', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const { Table } = world.run(HUB, 'GetTable', at);
    expect(refusal(() => world.run(HUB, 'UpdateTable', { DatabaseName: 'db', TableInput: Table }))).toMatch(
      /^InvalidInputException: Unknown parameter in TableInput: .*"DatabaseName".*"VersionId"/,
    );
    const bad = { Name: 'x', StorageDescriptor: { Columns: [{ Name: 'c', Sort: 'asc' }] } };
    expect(refusal(() => world.run(HUB, 'CreateTable', { DatabaseName: 'db', TableInput: bad }))).toBe(
      'InvalidInputException: Unknown parameter in TableInput.StorageDescriptor.Columns.0: "Sort"',
    );
  });

  it('name what the local mesh does not have', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const withIndexes = { DatabaseName: 'db', TableInput: { Name: 'x' }, PartitionIndexes: [] };
    expect(refusal(() => world.run(HUB, 'CreateTable', withIndexes))).toMatch(
      /^NotImplementedInLocalMesh.*PartitionIndexes/,
    );
    expect(refusal(() => world.run(HUB, 'SearchTables', {}))).toMatch(/^NotImplementedInLocalMesh.*SearchTables/);
  });

  it('tell their changes in the shapes of AWS', () => {
    const world = createWorld();
    makeTable(world, PRODUCER, 'db', 'a');
    makeTable(world, PRODUCER, 'db', 'b');
    makeTable(world, PRODUCER, 'db', 'c');
    world.events.length = 0;
    world.run(PRODUCER, 'CreateTable', { DatabaseName: 'db', TableInput: { Name: 't' } });
    world.run(PRODUCER, 'UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't' } });
    world.run(PRODUCER, 'DeleteTable', at);
    const { Errors } = world.run(PRODUCER, 'BatchDeleteTable', {
      DatabaseName: 'db',
      TablesToDelete: ['a', 'gone', 'B'],
    });
    expect(Errors).toEqual([
      {
        TableName: 'gone',
        ErrorDetail: { ErrorCode: 'EntityNotFoundException', ErrorMessage: 'Table gone not found.' },
      },
    ]);
    const arn = (table: string) => `arn:aws:glue:us-east-1:${PRODUCER}:table/db/${table}`;
    const database = {
      account: PRODUCER,
      source: 'aws.glue',
      'detail-type': 'Glue Data Catalog Database State Change',
    };
    const detail = (typeOfChange: string, changedTables: string[]) => ({
      databaseName: 'db',
      typeOfChange,
      changedTables,
    });
    expect(world.events).toEqual([
      { ...database, resources: [arn('t')], detail: detail('CreateTable', ['t']) },
      {
        ...database,
        'detail-type': 'Glue Data Catalog Table State Change',
        resources: [arn('t')],
        detail: { databaseName: 'db', typeOfChange: 'UpdateTable', tableName: 't', changedPartitions: [] },
      },
      { ...database, resources: [arn('t')], detail: detail('DeleteTable', ['t']) },
      { ...database, resources: [arn('a'), arn('b')], detail: detail('BatchDeleteTable', ['a', 'b']) },
    ]);
  });

  it('say nothing when a call was refused', () => {
    const world = createWorld();
    makeTable(world, PRODUCER, 'db', 't');
    world.events.length = 0;
    world.guard.told.length = 0;
    world.guard.denies = asked => !asked.startsWith('DESCRIBE');
    for (const [operation, input] of [
      ['CreateTable', { DatabaseName: 'db', TableInput: { Name: 'x' } }],
      ['UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't' } }],
      ['DeleteTable', at],
      ['DeleteDatabase', { Name: 'db' }],
      ['CreateDatabase', { DatabaseInput: { Name: 'other' } }],
    ] as const)
      expect(refusal(() => world.run(PRODUCER, operation, input))).toMatch(/^AccessDenied/);
    const batch = world.run(PRODUCER, 'BatchDeleteTable', { DatabaseName: 'db', TablesToDelete: ['t'] });
    expect(batch.Errors[0].ErrorDetail.ErrorCode).toBe('AccessDeniedException');
    expect([world.events, world.guard.told]).toEqual([[], []]);
    expect(world.run(PRODUCER, 'GetTable', at).Table.VersionId).toBe('0');
  });

  it('need the location where it changes, and not where it stays', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    world.guard.denies = asked => asked.startsWith('DATA_LOCATION_ACCESS');
    const update = (Location: string) =>
      world.run(HUB, 'UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't', StorageDescriptor: { Location } } });
    update('s3://registered/t/');
    expect(refusal(() => update('s3://registered/elsewhere/'))).toMatch(/^AccessDenied.*elsewhere/);
  });

  it('keep every version but those whose archiving is skipped, and refuse a stale one', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const update = (Description: string, more: object = {}) =>
      world.run(HUB, 'UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't', Description }, ...more });
    update('one', { VersionId: '0' });
    expect(refusal(() => update('stale', { VersionId: '0' }))).toBe(
      'ConcurrentModificationException: Update table failed due to concurrent modifications.',
    );
    update('two', { SkipArchive: true });
    update('three');
    const versions = (input: object = {}) =>
      world.run(HUB, 'GetTableVersions', { DatabaseName: 'db', TableName: 't', ...input });
    const listed = versions().TableVersions.map((one: { VersionId: string; Table: { Description?: string } }) => [
      one.VersionId,
      one.Table.Description,
    ]);
    expect(listed).toEqual([
      ['3', 'three'],
      ['2', 'two'],
      ['0', undefined],
    ]);
    const first = versions({ MaxResults: 2 });
    const second = versions({ MaxResults: 2, NextToken: first.NextToken });
    expect(second.TableVersions.map((one: { VersionId: string }) => one.VersionId)).toEqual(['0']);
    expect(second.NextToken).toBeUndefined();
    const one = { DatabaseName: 'db', TableName: 't' };
    expect(world.run(HUB, 'GetTableVersion', { ...one, VersionId: '2' }).TableVersion.Table.Description).toBe('two');
    expect(refusal(() => world.run(HUB, 'GetTableVersion', { ...one, VersionId: '1' }))).toMatch(/^EntityNotFound/);
    const batch = world.run(HUB, 'BatchDeleteTableVersion', { ...one, VersionIds: ['0', '1', '3'] });
    expect(batch.Errors.map((error: { VersionId: string }) => error.VersionId)).toEqual(['1', '3']);
    world.run(HUB, 'DeleteTableVersion', { ...one, VersionId: '2' });
    expect(versions().TableVersions).toHaveLength(1);
    expect(world.run(HUB, 'GetTable', at).Table.VersionId).toBe('3');
  });

  it('have a quota of versions that skipping the archive does not use', { timeout: 60_000 }, () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    const update = (more: object = {}) =>
      world.run(HUB, 'UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't' }, ...more });
    for (let made = 1; made < VERSIONS_PER_TABLE; made++) update();
    expect(refusal(() => update())).toMatch(/^ResourceNumberLimitExceededException/);
    update({ SkipArchive: true });
    expect(world.run(HUB, 'GetTable', at).Table.VersionId).toBe(String(VERSIONS_PER_TABLE));
  });

  it('begin anew when made again under the same name', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    world.run(HUB, 'UpdateTable', { DatabaseName: 'db', TableInput: { Name: 't' } });
    world.run(HUB, 'DeleteTable', at);
    expect(refusal(() => world.run(HUB, 'GetTable', at))).toBe('EntityNotFoundException: Entity Not Found');
    expect(refusal(() => world.run(HUB, 'DeleteTable', at))).toBe('EntityNotFoundException: Table t not found.');
    makeTable(world, HUB, 'db', 't');
    expect(world.run(HUB, 'GetTable', at).Table.VersionId).toBe('0');
    expect(world.run(HUB, 'GetTableVersions', { DatabaseName: 'db', TableName: 't' }).TableVersions).toHaveLength(1);
  });

  it("show only the permitted columns, and Spark's copy of the schema only with all of them", () => {
    const world = createWorld();
    const Parameters = { 'spark.sql.sources.schema.part.0': '{"email"}', owner: 'me' };
    makeTable(world, HUB, 'db', 't', { Parameters, PartitionKeys: [column('day', 'date')] });
    world.guard.columns = new Set(['id']);
    const { Table } = world.run(HUB, 'GetTable', at);
    expect(Table.StorageDescriptor.Columns).toEqual([column('id', 'bigint')]);
    expect(Table.PartitionKeys).toEqual([column('day', 'date')]);
    expect(Table.Parameters).toEqual({ owner: 'me' });
    world.guard.columns = 'all';
    expect(world.run(HUB, 'GetTable', at).Table.Parameters).toEqual(Parameters);
    expect(world.glue.contents.table(HUB, 'DB', 'T')?.StorageDescriptor?.Columns).toHaveLength(2);
  });

  it('are listed by a pattern for their whole name, in pages, only the visible', () => {
    const world = createWorld();
    for (const name of ['flights', 'flights_raw', 'raw_flights', 'airports']) makeTable(world, HUB, 'db', name);
    const list = (Expression: string) => names(world.run(HUB, 'GetTables', { DatabaseName: 'db', Expression }));
    expect(list('flights')).toEqual(['flights']);
    expect(list('flights*')).toEqual(['flights', 'flights_raw']);
    expect(list('.*flights')).toEqual(['flights', 'raw_flights']);
    expect(list('airports|raw.*')).toEqual(['airports', 'raw_flights']);
    expect(refusal(() => list('('))).toMatch(/^InvalidInputException/);
    world.guard.denies = asked => asked === 'DESCRIBE db/flights';
    expect(list('flights*')).toEqual(['flights_raw']);
  });

  it('are 50,000 in a database and still paged in order, each once', { timeout: 60_000 }, () => {
    const world = createWorld();
    world.run(HUB, 'CreateDatabase', { DatabaseInput: { Name: 'db' } });
    const count = 50_000;
    for (let made = 0; made < count; made++) {
      const Name = `t${((made * 7919) % count).toString().padStart(5, '0')}`;
      world.run(HUB, 'CreateTable', { DatabaseName: 'db', TableInput: { Name } });
    }
    let previous = '';
    let seen = 0;
    for (let NextToken: string | undefined, first = true; first || NextToken; first = false) {
      const answer = world.run(HUB, 'GetTables', { DatabaseName: 'db', NextToken });
      for (const name of names(answer)) {
        expect(name > previous).toBe(true);
        previous = name;
        seen++;
      }
      NextToken = answer.NextToken;
    }
    expect(seen).toBe(count);
  });

  it('that do not exist are hidden from whoever could neither see nor make them', () => {
    const world = createWorld();
    makeTable(world, HUB, 'db', 't');
    world.guard.denies = (_asked, caller) => !caller.isAdministrator;
    const gone = { DatabaseName: 'db', Name: 'none' };
    expect(refusal(() => world.run(roleCall(HUB, 'Nobody'), 'GetTable', gone))).toMatch(/^AccessDenied/);
    expect(refusal(() => world.run(HUB, 'GetTable', gone))).toBe('EntityNotFoundException: Entity Not Found');
  });
});
