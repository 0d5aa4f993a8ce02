import { GetPartitionsCommand, GetTableCommand, GlueClient, type Table } from '@aws-sdk/client-glue';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { GlueCentralCatalog } from '../../../shared/aws/central-catalog.ts';
import { GlueProducerCatalog } from '../../../shared/aws/producer-catalog.ts';
import { fault, SURFACING } from './faults.ts';

const glue = mockClient(GlueClient);
const accounts: string[] = [];
const producers = new GlueProducerCatalog(account => {
  accounts.push(account);
  return new GlueClient();
});
const central = new GlueCentralCatalog(new GlueClient());

beforeEach(() => {
  glue.reset();
  accounts.length = 0;
});

/** As GetTable answers it, with what is Glue's own. */
const FLIGHTS: Table = {
  Name: 'flights',
  DatabaseName: 'ops',
  CatalogId: '222222222222',
  CreatedBy: 'arn:aws:sts::222222222222:assumed-role/Loader/run',
  CreateTime: new Date('2026-11-20T08:00:00Z'),
  UpdateTime: new Date('2026-11-20T09:00:00Z'),
  VersionId: '12',
  IsRegisteredWithLakeFormation: true,
  Retention: 0,
  TableType: 'EXTERNAL_TABLE',
  Parameters: { classification: 'parquet' },
  PartitionKeys: [{ Name: 'day', Type: 'date', Parameters: { 'trellis.classification': 'public' } }],
  StorageDescriptor: {
    Columns: [
      { Name: 'delay', Type: 'bigint', Parameters: { 'trellis.classification': 'PII, restricted' } },
      { Name: 'origin' },
    ],
    Location: 's3://trellis-aviation/ops/flights/',
  },
};

describe("a producer's catalog", () => {
  it('is read as the account of the producer, without what is Glue’s own', async () => {
    glue.on(GetTableCommand).resolves({ Table: FLIGHTS });
    expect(await producers.readTable('222222222222', 'ops', 'flights')).toEqual({
      content: {
        Name: 'flights',
        TableType: 'EXTERNAL_TABLE',
        Parameters: FLIGHTS.Parameters,
        PartitionKeys: FLIGHTS.PartitionKeys,
        StorageDescriptor: FLIGHTS.StorageDescriptor,
      },
      createdAt: Date.parse('2026-11-20T08:00:00Z'),
      versionId: 12,
      isLinkOrView: false,
    });
    expect(accounts).toEqual(['222222222222']);
    expect(glue).toHaveReceivedCommandExactlyOnceWith(GetTableCommand, { DatabaseName: 'ops', Name: 'flights' });
  });

  it('counts a table that was never changed from version 0', async () => {
    const { VersionId: _, ...unversioned } = FLIGHTS;
    glue.on(GetTableCommand).resolves({ Table: unversioned });
    expect(await producers.readTable('222222222222', 'ops', 'flights')).toMatchObject({ versionId: 0 });
  });

  it.each<[string, Partial<Table>]>([
    ['a link', { TargetTable: { CatalogId: '333333333333', DatabaseName: 'observations', Name: 'weather' } }],
    ['a view', { TableType: 'VIRTUAL_VIEW' }],
    ['a view of another engine', { ViewOriginalText: '/* Presto View: e30= */' }],
  ])('says of %s that it is one', async (_, more) => {
    glue.on(GetTableCommand).resolves({ Table: { ...FLIGHTS, ...more } });
    expect(await producers.readTable('222222222222', 'ops', 'flights')).toMatchObject({ isLinkOrView: true });
  });

  it('believes that a table is absent from its EntityNotFoundException alone', async () => {
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException'));
    expect(await producers.readTable('222222222222', 'ops', 'flights')).toBeUndefined();
  });

  it.each(SURFACING)('proves nothing by %s', async name => {
    glue.on(GetTableCommand).rejects(fault(name)).on(GetPartitionsCommand).rejects(fault(name));
    await expect(producers.readTable('222222222222', 'ops', 'flights')).rejects.toThrow(
      expect.objectContaining({ name }),
    );
    await expect(all(producers.partitionPages('222222222222', 'ops', 'flights'))).rejects.toThrow(
      expect.objectContaining({ name }),
    );
  });

  it.each([{}, { Table: { ...FLIGHTS, CreateTime: undefined } }] as { Table?: Table }[])(
    'takes an answer without a table or its time of creation for a fault: %j',
    async answer => {
      glue.on(GetTableCommand).resolves(answer);
      await expect(producers.readTable('222222222222', 'ops', 'flights')).rejects.toThrow(
        'Glue answered no CreateTime for ops.flights of account 222222222222.',
      );
    },
  );

  it('lists partitions over all pages, also an empty one with a token', async () => {
    const page = (Values: string[], NextToken?: string) => ({
      Partitions: [
        { Values, StorageDescriptor: { Location: 's3://trellis-aviation/a/' }, Parameters: { numRows: '1' } },
      ],
      ...(NextToken && { NextToken }),
    });
    glue
      .on(GetPartitionsCommand)
      .resolvesOnce(page(['2026-11-01'], 'a'))
      .resolvesOnce({ Partitions: [], NextToken: 'b' })
      .resolvesOnce({ NextToken: 'c' })
      .resolvesOnce(page(['2026-11-02']));
    const pages = await all(producers.partitionPages('222222222222', 'ops', 'flights'));
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, true, false]);
    const found = pages.flatMap(({ partitions }) => partitions);
    expect(found.map(one => one.values)).toEqual([['2026-11-01'], ['2026-11-02']]);
    expect(found[0]).toEqual({
      values: ['2026-11-01'],
      storage: { Location: 's3://trellis-aviation/a/' },
      parameters: { numRows: '1' },
    });
    expect(glue).toHaveReceivedNthCommandWith(GetPartitionsCommand, 4, {
      DatabaseName: 'ops',
      TableName: 'flights',
      ExcludeColumnSchema: true,
      NextToken: 'c',
      MaxResults: 1000,
    });
  });
});

describe('the central catalog, to decide requests', () => {
  const marked = { ...FLIGHTS, Parameters: { 'trellis.domain': 'aviation' } };

  it('describes a table with its labels, partition keys last', async () => {
    glue.on(GetTableCommand).resolves({ Table: marked });
    expect(await central.describe('aviation_ops.flights')).toEqual({
      table: 'aviation_ops.flights',
      domain: 'aviation',
      database: 'ops',
      columns: [
        { name: 'delay', type: 'bigint', labels: ['pii', 'restricted'], isPartitionKey: false },
        { name: 'origin', type: 'string', labels: [], isPartitionKey: false },
        { name: 'day', type: 'date', labels: ['public'], isPartitionKey: true },
      ],
    });
    expect(glue).toHaveReceivedCommandWith(GetTableCommand, { DatabaseName: 'aviation_ops', Name: 'flights' });
  });

  it('knows no table that has no domain', async () => {
    glue.on(GetTableCommand).resolvesOnce({ Table: FLIGHTS }).resolvesOnce({});
    expect(await central.describe('aviation_ops.flights')).toBeUndefined();
    expect(await central.describe('aviation_ops.flights')).toBeUndefined();
  });

  it('knows no table that is not there', async () => {
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException'));
    expect(await central.describe('aviation_ops.flights')).toBeUndefined();
  });

  it.each(SURFACING)('proves nothing by %s', async name => {
    glue.on(GetTableCommand).rejects(fault(name));
    await expect(central.describe('aviation_ops.flights')).rejects.toThrow(expect.objectContaining({ name }));
  });
});

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const page of pages) read.push(page);
  return read;
}
