import { readdir } from 'node:fs/promises';
import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GlueClient,
  type PartitionInput,
  type StorageDescriptor,
} from '@aws-sdk/client-glue';
import type { DataFiles } from '../athena/data-files.ts';
import { REGION } from '../core/service.ts';
import { SAMPLE_DATABASES, type SampleTable } from './tables.ts';

/**
 * Makes the sample's databases, tables and partitions in their domains' catalogs, as the pipelines of the producers would: Glue calls of each domain
 * account's administrator. The files must be there (`prepareSampleFiles`): each folder of a partitioned table becomes a partition.
 */
export async function loadSample({ endpoint, files }: { endpoint: string; files: DataFiles }): Promise<void> {
  for (const { account, name, description, location, tables } of SAMPLE_DATABASES) {
    const glue = new GlueClient({
      endpoint,
      region: REGION,
      credentials: { accessKeyId: account, secretAccessKey: 'local' },
    });
    try {
      await glue.send(
        new CreateDatabaseCommand({ DatabaseInput: { Name: name, Description: description, LocationUri: location } }),
      );
      for (const table of tables) await createTable(glue, name, table, files);
    } finally {
      glue.destroy();
    }
  }
}

async function createTable(glue: GlueClient, database: string, table: SampleTable, files: DataFiles): Promise<void> {
  await glue.send(
    new CreateTableCommand({
      DatabaseName: database,
      TableInput: {
        Name: table.name,
        Description: table.description,
        TableType: 'EXTERNAL_TABLE',
        Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'parquet.compression': 'ZSTD' },
        PartitionKeys: table.partitionKeys,
        StorageDescriptor: storage(table, table.location),
      },
    }),
  );
  const partitions = await partitionsOf(table, files);
  // BatchCreatePartition takes 100. Source: Glue API reference.
  for (let first = 0; first < partitions.length; first += 100) {
    const { Errors = [] } = await glue.send(
      new BatchCreatePartitionCommand({
        DatabaseName: database,
        TableName: table.name,
        PartitionInputList: partitions.slice(first, first + 100),
      }),
    );
    if (Errors.length > 0) throw new Error(`Partitions of ${database}.${table.name}: ${JSON.stringify(Errors)}`);
  }
}

async function partitionsOf(table: SampleTable, files: DataFiles): Promise<PartitionInput[]> {
  if (table.partitionKeys.length === 0) return [];
  const folders = (await readdir(files.folderOf(table.location))).sort();
  return folders.map(folder => ({
    // `location=Seattle`: the sample's partitioned tables have one key.
    Values: [folder.slice(folder.indexOf('=') + 1)],
    StorageDescriptor: storage(table, `${table.location}${folder}/`),
  }));
}

/** What Athena's `CREATE EXTERNAL TABLE … STORED AS PARQUET` makes. */
function storage(table: SampleTable, location: string): StorageDescriptor {
  return {
    Columns: table.columns,
    Location: location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    Compressed: false,
    NumberOfBuckets: -1,
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    },
    BucketColumns: [],
    SortColumns: [],
    Parameters: {},
    StoredAsSubDirectories: false,
  };
}
