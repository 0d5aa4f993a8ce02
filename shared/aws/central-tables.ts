import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  type GlueClient,
  type PartitionInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import type { Partition, PartitionPlan } from '../catalog/plan-partition-sync.ts';
import type { CentralSnapshot } from '../catalog/plan-table-sync.ts';
import { type CentralTables, TableChangedError } from '../catalog/sync-table.ts';
import type { TableContent } from '../catalog/table-snapshot.ts';
import { isError } from './aws-errors.ts';
import { toContent, toTableInput } from './glue-tables.ts';
import { listPartitions } from './producer-catalog.ts';

/** Partitions a batch call takes. Source: Glue API reference (create and update 100, delete 25). */
const CREATED_A_CALL = 100;
const UPDATED_A_CALL = 100;
const DELETED_A_CALL = 25;

/** The central catalog. The role behind it is the only one that writes there: nobody but a table's maker can drop it. */
export class GlueCentralTables implements CentralTables {
  readonly #glue: GlueClient;

  constructor(glue: GlueClient) {
    this.#glue = glue;
  }

  async read(database: string, table: string): Promise<CentralSnapshot | undefined> {
    try {
      const { Table } = await this.#glue.send(new GetTableCommand({ DatabaseName: database, Name: table }));
      return Table && { content: toContent(Table), versionId: Table.VersionId ?? '0' };
    } catch (error) {
      if (isError(error, 'EntityNotFoundException')) return undefined;
      throw error;
    }
  }

  async create(database: string, content: TableContent): Promise<void> {
    try {
      await this.#createTable(database, content);
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
      await this.#createDatabase(database);
      await this.#createTable(database, content);
    }
  }

  async #createTable(DatabaseName: string, content: TableContent): Promise<void> {
    try {
      await this.#glue.send(new CreateTableCommand({ DatabaseName, TableInput: toTableInput(content) }));
    } catch (error) {
      if (!isError(error, 'AlreadyExistsException')) throw error;
      throw new TableChangedError(DatabaseName, content.Name, { cause: error });
    }
  }

  async #createDatabase(Name: string): Promise<void> {
    const Description = `Governed copies of the tables of ${Name.replace('_', ', database ')}. Written by Trellis alone.`;
    try {
      await this.#glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name, Description } }));
    } catch (error) {
      if (!isError(error, 'AlreadyExistsException')) throw error;
    }
  }

  async update(database: string, content: TableContent, versionId: string, keepVersion: boolean): Promise<void> {
    const command = new UpdateTableCommand({
      DatabaseName: database,
      TableInput: toTableInput(content),
      VersionId: versionId,
      SkipArchive: !keepVersion,
    });
    try {
      await this.#glue.send(command);
    } catch (error) {
      if (!isError(error, 'ConcurrentModificationException', 'EntityNotFoundException')) throw error;
      throw new TableChangedError(database, content.Name, { cause: error });
    }
  }

  readPartitions(database: string, table: string): Promise<Partition[]> {
    return listPartitions(this.#glue, database, table);
  }

  /** Adds before it removes, so that a partition that moved is never without a place. @throws PartitionsFailedError with what failed. */
  async applyPartitions(
    DatabaseName: string,
    TableName: string,
    { create, update, remove }: PartitionPlan,
  ): Promise<void> {
    const failed: string[] = [];
    const note = (values: string[] | undefined, code: string | undefined) =>
      failed.push(`${values?.join('/')}: ${code}`);
    for (const batch of batches(create, CREATED_A_CALL)) {
      const PartitionInputList = batch.map(toInput);
      const { Errors = [] } = await this.#glue.send(
        new BatchCreatePartitionCommand({ DatabaseName, TableName, PartitionInputList }),
      );
      // Two handlers at once: it is there, which is all that was wanted.
      for (const { PartitionValues, ErrorDetail } of Errors) {
        if (ErrorDetail?.ErrorCode !== 'AlreadyExistsException') note(PartitionValues, ErrorDetail?.ErrorCode);
      }
    }
    for (const batch of batches(update, UPDATED_A_CALL)) {
      const Entries = batch.map(partition => ({
        PartitionValueList: partition.values,
        PartitionInput: toInput(partition),
      }));
      const { Errors = [] } = await this.#glue.send(
        new BatchUpdatePartitionCommand({ DatabaseName, TableName, Entries }),
      );
      for (const { PartitionValueList, ErrorDetail } of Errors) note(PartitionValueList, ErrorDetail?.ErrorCode);
    }
    for (const batch of batches(remove, DELETED_A_CALL)) {
      const PartitionsToDelete = batch.map(Values => ({ Values }));
      const { Errors = [] } = await this.#glue.send(
        new BatchDeletePartitionCommand({ DatabaseName, TableName, PartitionsToDelete }),
      );
      for (const { PartitionValues, ErrorDetail } of Errors) {
        if (ErrorDetail?.ErrorCode !== 'EntityNotFoundException') note(PartitionValues, ErrorDetail?.ErrorCode);
      }
    }
    if (failed.length > 0) throw new PartitionsFailedError(DatabaseName, TableName, failed);
  }
}

function toInput({ values, storage, parameters }: Partition): PartitionInput {
  return { Values: values, StorageDescriptor: storage, Parameters: parameters };
}

function* batches<T>(items: readonly T[], size: number): Iterable<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

class PartitionsFailedError extends Error {
  override name = 'PartitionsFailedError';

  constructor(database: string, table: string, failed: string[]) {
    const shown = failed.slice(0, 5).join('; ');
    super(`${failed.length} partitions of ${database}.${table} could not be written: ${shown}. Trying again helps.`);
  }
}
