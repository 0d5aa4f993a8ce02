import { canonicalText } from './canonical-text.ts';

import { DOMAIN_PARAMETER, SOURCE_ACCOUNT_PARAMETER, SOURCE_VERSION_PARAMETER } from './table-marks.ts';
import { type DatabaseContent, type TableContent, type TableSnapshot, writeSourceVersion } from './table-snapshot.ts';

/**
 * Parameters that crawlers, Hive and Spark change without anything having changed for a reader: row counts, sizes, crawler marks, last-DDL
 * times. Names as Hive's StatsSetupConst and the Glue crawler write them.
 */
const VOLATILE = new Set([
  'averageRecordSize',
  'objectCount',
  'recordCount',
  'sizeKey',
  'numFiles',
  'numRows',
  'rawDataSize',
  'totalSize',
  'COLUMN_STATS_ACCURATE',
  'last_modified_by',
  'last_modified_time',
  'transient_lastDdlTime',
  'CrawlerSchemaDeserializerVersion',
  'CrawlerSchemaSerializerVersion',
  'UPDATED_BY_CRAWLER',
  'CrawlerRunId',
]);

/** The central table that a producer's table should have, without marks of what happened to it. */
export function centralContent(source: TableSnapshot, domain: string, account: string): TableContent {
  return {
    ...source.content,
    Parameters: {
      ...withoutOurs(source.content.Parameters),
      [DOMAIN_PARAMETER]: domain,
      [SOURCE_ACCOUNT_PARAMETER]: account,
      [SOURCE_VERSION_PARAMETER]: writeSourceVersion(source),
    },
  };
}

/** The central database that a producer's database should have. */
export function centralDatabaseContent(
  { description }: DatabaseContent,
  domain: string,
  database: string,
): DatabaseContent {
  return {
    description:
      description ?? `Governed copies of the tables of ${domain}, database ${database}. Written by Trellis alone.`,
  };
}

/** A producer cannot set Trellis's own marks. Column labels are parameters of columns, and stay. */
export function withoutOurs(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !name.startsWith('trellis.')));
}

/**
 * What differs between two contents in a way that matters to a reader, in the words of `Catalog Table Synced`. Empty: nothing to write.
 */
export function meaningfulChanges(before: TableContent, after: TableContent): string[] {
  const changes: string[] = [];
  if (!isSame(before.StorageDescriptor.Columns, after.StorageDescriptor.Columns)) changes.push('columns');
  if (!isSame(before.PartitionKeys, after.PartitionKeys)) changes.push('partition-keys');
  if (before.StorageDescriptor.Location !== after.StorageDescriptor.Location) changes.push('location');
  if (!isSame(withoutColumns(before), withoutColumns(after))) changes.push('storage');
  if ((before.Description ?? '') !== (after.Description ?? '')) changes.push('description');
  if (before.TableType !== after.TableType) changes.push('table-type');
  if (!isSame(lastingParameters(before.Parameters), lastingParameters(after.Parameters))) changes.push('parameters');
  return changes;
}

/** A schema change keeps the version before it in Glue; anything else does not use up the quota of versions. */
export function keepsVersion(changes: readonly string[]): boolean {
  return changes.includes('columns') || changes.includes('partition-keys');
}

function withoutColumns({ StorageDescriptor: { Columns: _, Location: __, ...rest } }: TableContent): object {
  return rest;
}

/** The parameters that a reader may rely on: neither volatile ones nor marks. Whose table it is never changes. */
export function lastingParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(withoutOurs(parameters)).filter(([name]) => !VOLATILE.has(name)));
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalText(a) === canonicalText(b);
}
