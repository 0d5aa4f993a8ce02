import { describe, expect, it } from 'vitest';
import { CONSUMER, column, createWorld, HUB, makeTable, refusal, type World } from './world.ts';

const TargetTable = { CatalogId: HUB, DatabaseName: 'aviation_ops', Name: 'flights' };
const link = { DatabaseName: 'trellis_aviation_ops', Name: 'flights' };

function withLink(): World {
  const world = createWorld();
  makeTable(world, HUB, 'aviation_ops', 'flights', {
    Description: 'the real one',
    PartitionKeys: [column('day')],
    TableType: 'EXTERNAL_TABLE',
  });
  world.run(CONSUMER, 'CreateDatabase', { DatabaseInput: { Name: link.DatabaseName } });
  world.run(CONSUMER, 'CreateTable', { DatabaseName: link.DatabaseName, TableInput: { Name: 'flights', TargetTable } });
  return world;
}

const share = (world: World) => {
  world.guard.shared.add(`${HUB}/aviation_ops`);
  world.guard.shared.add(`${HUB}/aviation_ops/flights`);
};

describe('resource links', () => {
  it('can be made before their target', () => {
    const { run } = createWorld();
    run(CONSUMER, 'CreateDatabase', { DatabaseInput: { Name: 'links' } });
    run(CONSUMER, 'CreateTable', { DatabaseName: 'links', TableInput: { Name: 'early', TargetTable } });
    const { Table } = run(CONSUMER, 'GetTable', { DatabaseName: 'links', Name: 'early' });
    expect(Table).toMatchObject({ Name: 'early', TargetTable });
  });

  it("answer the target's properties under their own name, with the columns that the caller may see", () => {
    const world = withLink();
    share(world);
    world.guard.columns = new Set(['id']);
    const { Table } = world.run(CONSUMER, 'GetTable', link);
    expect(Table).toMatchObject({ ...link, CatalogId: CONSUMER, TargetTable, Description: 'the real one' });
    expect(Table.StorageDescriptor.Columns).toEqual([column('id', 'bigint')]);
    expect(Table.PartitionKeys).toEqual([column('day')]);
    const listed = world.run(CONSUMER, 'GetTables', { DatabaseName: link.DatabaseName }).TableList;
    expect(listed).toEqual([Table]);
  });

  it('answer only themselves while the target is hidden', () => {
    const world = withLink();
    const { Table } = world.run(CONSUMER, 'GetTable', link);
    expect(Table).toMatchObject({ ...link, TargetTable });
    expect(Table.StorageDescriptor).toBeUndefined();
    expect(Table.Description).toBeUndefined();
    const partitions = () =>
      world.run(CONSUMER, 'GetPartitions', { DatabaseName: link.DatabaseName, TableName: 'flights' });
    expect(refusal(partitions)).toMatch(/^AccessDenied/);
    share(world);
    expect(partitions().Partitions).toEqual([]);
  });

  it('need DESCRIBE on themselves', () => {
    const world = withLink();
    share(world);
    world.guard.denies = asked => asked === 'DESCRIBE trellis_aviation_ops/flights';
    expect(refusal(() => world.run(CONSUMER, 'GetTable', link))).toMatch(/^AccessDenied/);
  });

  it('are followed one hop', () => {
    const world = withLink();
    share(world);
    const TargetOfSecond = { CatalogId: CONSUMER, DatabaseName: link.DatabaseName, Name: 'flights' };
    world.run(CONSUMER, 'CreateTable', {
      DatabaseName: link.DatabaseName,
      TableInput: { Name: 'second', TargetTable: TargetOfSecond },
    });
    const { Table } = world.run(CONSUMER, 'GetTable', { DatabaseName: link.DatabaseName, Name: 'second' });
    expect(Table.TargetTable).toEqual(TargetOfSecond);
    expect(Table.StorageDescriptor).toBeUndefined();
  });

  it('are deleted themselves, never the target', () => {
    const world = withLink();
    share(world);
    world.events.length = 0;
    world.run(CONSUMER, 'DeleteTable', link);
    expect(world.events.map(event => [event.account, event.detail.typeOfChange])).toEqual([[CONSUMER, 'DeleteTable']]);
    expect(world.glue.contents.table(HUB, 'aviation_ops', 'flights')).toBeDefined();
  });

  it('pass an update on to the target, whose owner is told', () => {
    const world = withLink();
    share(world);
    world.events.length = 0;
    const TableInput = { Name: 'flights', Description: 'through the link' };
    world.run(CONSUMER, 'UpdateTable', { DatabaseName: link.DatabaseName, TableInput });
    expect(world.glue.contents.table(HUB, 'aviation_ops', 'flights')).toMatchObject({
      Description: 'through the link',
      VersionId: '1',
    });
    expect(world.events).toMatchObject([
      { account: HUB, detail: { typeOfChange: 'UpdateTable', databaseName: 'aviation_ops', tableName: 'flights' } },
    ]);
    world.guard.denies = asked => asked === 'ALTER aviation_ops/flights';
    expect(refusal(() => world.run(CONSUMER, 'UpdateTable', { DatabaseName: link.DatabaseName, TableInput }))).toMatch(
      /^AccessDenied/,
    );
  });

  it('keep their target', () => {
    const world = withLink();
    share(world);
    const TableInput = { Name: 'flights', TargetTable: { ...TargetTable, Name: 'other' } };
    expect(refusal(() => world.run(CONSUMER, 'UpdateTable', { DatabaseName: link.DatabaseName, TableInput }))).toMatch(
      /^InvalidInputException/,
    );
    expect(world.glue.contents.table(HUB, 'aviation_ops', 'flights')?.VersionId).toBe('0');
  });

  it('do not become of tables', () => {
    const world = withLink();
    const TableInput = { Name: 'flights', TargetTable };
    expect(refusal(() => world.run(HUB, 'UpdateTable', { DatabaseName: 'aviation_ops', TableInput }))).toMatch(
      /^InvalidInputException/,
    );
  });

  it('to a database of another account list the shared tables only, without the links in it', () => {
    const world = withLink();
    makeTable(world, HUB, 'aviation_ops', 'secret');
    world.run(HUB, 'CreateTable', { DatabaseName: 'aviation_ops', TableInput: { Name: 'inner', TargetTable } });
    world.run(CONSUMER, 'CreateDatabase', {
      DatabaseInput: { Name: 'whole', TargetDatabase: { CatalogId: HUB, DatabaseName: 'aviation_ops' } },
    });
    share(world);
    world.guard.shared.add(`${HUB}/aviation_ops/inner`);
    const { TableList } = world.run(CONSUMER, 'GetTables', { DatabaseName: 'whole' });
    expect(TableList.map((table: { Name: string }) => table.Name)).toEqual(['flights']);
    expect(world.run(CONSUMER, 'GetTable', { DatabaseName: 'whole', Name: 'flights' }).Table.Description).toBe(
      'the real one',
    );
    const through = { DatabaseName: 'whole', TableInput: { Name: 'another', TargetTable } };
    expect(refusal(() => world.run(CONSUMER, 'CreateTable', through))).not.toBe('no error');
  });
});
