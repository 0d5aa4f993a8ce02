import { GetTableCommand, type GlueClient, paginateGetPartitions } from '@aws-sdk/client-glue';
import type { Partition } from '../catalog/plan-partition-sync.ts';
import type { ProducerCatalog } from '../catalog/sync-table.ts';
import type { TableSnapshot } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { isLinkOrView, toContent, toPartition } from './glue-tables.ts';

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
      return {
        content: toContent(Table),
        createdAt: Table.CreateTime.getTime(),
        versionId: Number(Table.VersionId ?? 0),
        isLinkOrView: isLinkOrView(Table),
      };
    } catch (error) {
      // Anything else, a denied read above all, proves nothing about the table.
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async readPartitions(account: string, database: string, table: string): Promise<Partition[]> {
    return listPartitions(this.#glue(account), database, table);
  }
}

export async function listPartitions(glue: GlueClient, DatabaseName: string, TableName: string): Promise<Partition[]> {
  const partitions: Partition[] = [];
  const pages = paginateGetPartitions(
    { client: glue, pageSize: 1000 },
    { DatabaseName, TableName, ExcludeColumnSchema: true },
  );
  for await (const page of pages) partitions.push(...(page.Partitions ?? []).map(toPartition));
  return partitions;
}
