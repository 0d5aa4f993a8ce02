import type { CatalogContents } from '../core/ports.ts';
import type { DataFiles } from './data-files.ts';
import { notHad } from './query-failure.ts';
import type { ReadableTable } from './resolve-table.ts';

/** The data files of a table, or of one of its partitions. */
export interface TablePart {
  files: string[];
  /** In the order of the partition keys. */
  partitionValues: string[];
}

/**
 * Where a table's files are: its own location, or those of its partitions that are not under it.
 * Simplification: which partitions a query needs is not asked; all of them are read.
 */
export function tableLocations({ table, owner }: ReadableTable, contents: CatalogContents): string[] {
  const location = table.StorageDescriptor?.Location ?? '';
  if (!table.PartitionKeys?.length) return [location];
  const under = location.replace(/\/*$/, '/');
  const own = contents.partitions(owner, table.DatabaseName, table.Name).map(({ Location }) => Location ?? under);
  return [...new Set(own.map(path => (path.startsWith(under) ? location : path)))];
}

/** The parts of a table that have files. Throws QueryFailure for a table that is not plain Parquet. */
export function tableParts(
  { table, owner, database, name }: ReadableTable,
  contents: CatalogContents,
  files: DataFiles,
): TablePart[] {
  requireParquet(`${database}.${name}`, table);
  const location = table.StorageDescriptor?.Location ?? '';
  const keys = table.PartitionKeys ?? [];
  if (keys.length === 0) return withFiles([{ files: filesAt(location, files), partitionValues: [] }]);
  const partitions = contents.partitions(owner, table.DatabaseName, table.Name);
  return withFiles(
    partitions.map(({ Values, Location }) => ({
      // A partition without a location of its own is where Hive would put it.
      files: filesAt(Location ?? hiveLocation(location, keys, Values), files),
      partitionValues: Values,
    })),
  );
}

function requireParquet(name: string, table: ReadableTable['table']): void {
  const { SerdeInfo, InputFormat } = table.StorageDescriptor ?? {};
  const parameters = table.Parameters ?? {};
  const isParquet = /parquet/i.test(`${SerdeInfo?.SerializationLibrary} ${InputFormat}`);
  if (table.TableType === 'VIRTUAL_VIEW') throw notHad(`views, and '${name}' is one`);
  if (parameters.table_type?.toUpperCase() === 'ICEBERG') throw notHad(`Iceberg tables, and '${name}' is one`);
  if (parameters['projection.enabled'] === 'true') throw notHad(`partition projection, which '${name}' has`);
  if (!isParquet) throw notHad(`tables other than Parquet, and '${name}' is not`);
}

function filesAt(location: string, files: DataFiles): string[] {
  if (!location.startsWith('s3://')) throw notHad(`the location '${location}'`);
  return files.files(location);
}

function hiveLocation(location: string, keys: { Name: string }[], values: string[]): string {
  return [location.replace(/\/*$/, ''), ...keys.map((key, index) => `${key.Name}=${values[index]}`)].join('/');
}

function withFiles(parts: TablePart[]): TablePart[] {
  return parts.filter(part => part.files.length > 0);
}
