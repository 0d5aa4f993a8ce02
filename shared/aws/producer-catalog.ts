import {
  BatchGetPartitionCommand,
  GetDatabaseCommand,
  GetTableCommand,
  GetTablesCommand,
  type GlueClient,
  paginateGetDatabases,
  paginateGetPartitions,
  type Table,
} from '@aws-sdk/client-glue';
import type { ProducerCatalog, TablePage } from '../catalog/catalog-ports.ts';
import type { Partition, PartitionPages } from '../catalog/compare-partitions.ts';
import type { DatabaseContent, TableSnapshot } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { toDatabaseContent, toPartition, toSnapshot } from './glue-tables.ts';

/** Producers' catalogs, read as `trellis-spoke` of each account. */
export class GlueProducerCatalog implements ProducerCatalog {
  readonly #glue: (account: string) => GlueClient;

  constructor(glue: (account: string) => GlueClient) {
    this.#glue = glue;
  }

  async readTable(account: string, database: string, table: string): Promise<TableSnapshot | undefined> {
    try {
      const { Table } = await this.#glue(account).send(new GetTableCommand({ DatabaseName: database, Name: table }));
      if (!Table?.CreateTime)
        throw new Error(`Glue answered no CreateTime for ${database}.${table} of account ${account}.`);
      return toSnapshot(Table);
    } catch (error) {
      // Anything else, a denied read above all, proves nothing about the table.
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async readDatabase(account: string, database: string): Promise<DatabaseContent | undefined> {
    try {
      const { Database } = await this.#glue(account).send(new GetDatabaseCommand({ Name: database }));
      return Database && !Database.TargetDatabase ? toDatabaseContent(Database) : undefined;
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  databaseNames(account: string): AsyncGenerator<string[]> {
    return listDatabases(this.#glue(account));
  }

  async *tablePages(account: string, database: string, from?: string) {
    for await (const { tables, next } of listTables(this.#glue(account), database, from))
      yield { tables: tables.map(toSnapshot), next };
  }

  partitionPages(account: string, database: string, table: string): PartitionPages {
    return listPartitions(this.#glue(account), database, table);
  }

  findPartitions(account: string, database: string, table: string, values: readonly string[][]): Promise<Partition[]> {
    return getPartitions(this.#glue(account), database, table, values);
  }
}

/** Links are left out. */
export async function* listDatabases(glue: GlueClient): AsyncGenerator<string[]> {
  for await (const { DatabaseList = [] } of paginateGetDatabases({ client: glue, pageSize: 100 }, {}))
    yield DatabaseList.filter(({ TargetDatabase }) => !TargetDatabase).map(({ Name = '' }) => Name);
}

/** Pages of 100, the most that Glue gives, beginning with the one that `from` names. */
export async function* listTables(
  glue: GlueClient,
  DatabaseName: string,
  from: string | undefined,
): AsyncGenerator<TablePage<Table>> {
  let next = from;
  do {
    const { TableList = [], NextToken } = await glue.send(
      new GetTablesCommand({ DatabaseName, MaxResults: 100, ...(next !== undefined && { NextToken: next }) }),
    );
    next = NextToken;
    yield { tables: TableList, next };
  } while (next !== undefined);
}

/** Pages of 1,000, the most that Glue gives. Columns are left out: they are most of the answer, and the table has them. */
export async function* listPartitions(glue: GlueClient, DatabaseName: string, TableName: string) {
  const query = { DatabaseName, TableName, ExcludeColumnSchema: true };
  for await (const { Partitions = [], NextToken } of paginateGetPartitions({ client: glue, pageSize: 1000 }, query))
    yield { partitions: Partitions.map(toPartition), hasMore: NextToken !== undefined };
}

/** @throws when the table is not there, or Glue goes on leaving keys unprocessed: neither says anything of a partition. */
export async function getPartitions(
  glue: GlueClient,
  DatabaseName: string,
  TableName: string,
  values: readonly string[][],
): Promise<Partition[]> {
  const found: Partition[] = [];
  let left = values.map(Values => ({ Values: [...Values] as string[] | undefined }));
  for (let round = 0; left.length > 0; round++) {
    if (round === MOST_ROUNDS) throw new PartitionsUnreadError(DatabaseName, TableName, left.length);
    const { Partitions = [], UnprocessedKeys = [] } = await glue.send(
      new BatchGetPartitionCommand({ DatabaseName, TableName, PartitionsToGet: left as { Values: string[] }[] }),
    );
    found.push(...Partitions.map(toPartition));
    left = UnprocessedKeys.map(({ Values }) => ({ Values }));
  }
  return found;
}

const MOST_ROUNDS = 5;

class PartitionsUnreadError extends Error {
  override name = 'PartitionsUnreadError';

  constructor(database: string, table: string, count: number) {
    super(
      `Glue did not say of ${count} partitions of ${database}.${table} whether they are there. Trying again helps.`,
    );
  }
}
