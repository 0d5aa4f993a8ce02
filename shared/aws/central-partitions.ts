import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  type ErrorDetail,
  type GlueClient,
  type PartitionInput,
} from '@aws-sdk/client-glue';
import type { Partition, PartitionPages } from '../catalog/compare-partitions.ts';
import type { CentralPartitions } from '../catalog/sync-partitions.ts';
import type { TableContent } from '../catalog/table-snapshot.ts';
import { getPartitions, listPartitions } from './producer-catalog.ts';

/** Partitions of central tables, written in batches of the size that the caller chose. A batch that half fails is told with what failed. */
export class GlueCentralPartitions implements CentralPartitions {
  readonly #glue: GlueClient;

  constructor(glue: GlueClient) {
    this.#glue = glue;
  }

  partitionPages(database: string, table: string): PartitionPages {
    return listPartitions(this.#glue, database, table);
  }

  findPartitions(database: string, table: string, values: readonly string[][]): Promise<Partition[]> {
    return getPartitions(this.#glue, database, table, values);
  }

  async createPartitions(DatabaseName: string, table: TableContent, partitions: readonly Partition[]): Promise<number> {
    const PartitionInputList = partitions.map(partition => toInput(table, partition));
    const { Errors = [], $metadata } = await this.#glue.send(
      new BatchCreatePartitionCommand({ DatabaseName, TableName: table.Name, PartitionInputList }),
    );
    // Two handlers at once: it is there, which is all that was wanted.
    const failed = Errors.map(({ PartitionValues, ErrorDetail }) => ({ values: PartitionValues, detail: ErrorDetail }));
    refuseFailures(DatabaseName, table.Name, failed, 'AlreadyExistsException');
    return countWritten(partitions.length, failed.length, $metadata);
  }

  async updatePartitions(DatabaseName: string, table: TableContent, partitions: readonly Partition[]): Promise<void> {
    const Entries = partitions.map(partition => ({
      PartitionValueList: partition.values,
      PartitionInput: toInput(table, partition),
    }));
    const { Errors = [] } = await this.#glue.send(
      new BatchUpdatePartitionCommand({ DatabaseName, TableName: table.Name, Entries }),
    );
    const failed = Errors.map(({ PartitionValueList, ErrorDetail }) => ({
      values: PartitionValueList,
      detail: ErrorDetail,
    }));
    refuseFailures(DatabaseName, table.Name, failed);
  }

  async removePartitions(DatabaseName: string, TableName: string, values: readonly string[][]): Promise<number> {
    const PartitionsToDelete = values.map(one => ({ Values: [...one] }));
    const { Errors = [], $metadata } = await this.#glue.send(
      new BatchDeletePartitionCommand({ DatabaseName, TableName, PartitionsToDelete }),
    );
    const failed = Errors.map(({ PartitionValues, ErrorDetail }) => ({ values: PartitionValues, detail: ErrorDetail }));
    refuseFailures(DatabaseName, TableName, failed, 'EntityNotFoundException');
    return countWritten(values.length, failed.length, $metadata);
  }
}

/** Columns are the table's: a partition that repeats them reads the same, and never disagrees with its table. */
function toInput(table: TableContent, { values, storage, parameters }: Partition): PartitionInput {
  const StorageDescriptor = { ...storage, Columns: table.StorageDescriptor.Columns };
  return { Values: values, StorageDescriptor, Parameters: parameters };
}

interface FailedPartition {
  values: string[] | undefined;
  detail: ErrorDetail | undefined;
}

function refuseFailures(database: string, table: string, all: FailedPartition[], asGoodAsDone?: string): void {
  const failed = all.filter(({ detail }) => detail?.ErrorCode !== asGoodAsDone || asGoodAsDone === undefined);
  if (failed.length > 0) throw new PartitionsFailedError(database, table, failed);
}

/** Of a call that the SDK made again, the first attempt may have written what the last one found there. */
function countWritten(asked: number, foundSo: number, metadata: { attempts?: number | undefined } | undefined): number {
  return (metadata?.attempts ?? 1) > 1 ? asked : asked - foundSo;
}

class PartitionsFailedError extends Error {
  override name = 'PartitionsFailedError';

  constructor(database: string, table: string, failed: FailedPartition[]) {
    const shown = failed.slice(0, 5).map(({ values, detail }) => `${values?.join('/')}: ${detail?.ErrorCode}`);
    super(
      `${failed.length} partitions of ${database}.${table} could not be written: ${shown.join('; ')}. Trying again helps.`,
    );
  }
}
