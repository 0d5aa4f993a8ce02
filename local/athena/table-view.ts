/** What a caller sees of a table, as SQL over its Parquet files: the granted columns, the granted rows, and nothing else. */
import type { ColumnDefinition } from '../core/ports.ts';
import { parseRowFilter, rowFilterToSql } from '../lake-formation/row-filter.ts';
import { engineType, quoteName, quoteText } from './column-types.ts';

/** Files with the same values of the partition keys; the whole of an unpartitioned table. */
export interface FileGroup {
  files: string[];
  /** In the order of the partition keys. */
  partitionValues: string[];
  /** Names of the columns that the files have, in lower case. */
  fileColumns: ReadonlySet<string>;
}

/** One cell filter: its columns in lower case, and a predicate in Lake Formation's grammar; null for all rows. */
export interface CellFilter {
  columns: ReadonlySet<string>;
  rowFilter: string | null;
}

export interface TableShape {
  columns: ColumnDefinition[];
  partitionKeys: ColumnDefinition[];
}

/**
 * The query of the view. `filters` undefined: everything. A row is there when any filter has it; a column's value is there in the rows of the filters that
 * have the column, elsewhere it is null. Source: Lake Formation Developer Guide, "Data filtering and cell-level security".
 * Simplification: the engine may evaluate the query's own conditions before the row filter, so an error in one (a cast) can arise from a row that is not granted.
 */
export function viewQuery(shape: TableShape, groups: FileGroup[], filters: CellFilter[] | undefined): string {
  const rows =
    groups.length === 0
      ? `SELECT ${emptyColumns(shape)} WHERE false`
      : groups.map(group => groupQuery(shape, group)).join('\nUNION ALL\n');
  if (!filters) return rows;
  const all = [...shape.columns, ...shape.partitionKeys];
  const visible = all.filter(({ Name }) => filters.some(filter => filter.columns.has(Name.toLowerCase())));
  const select = visible.map(({ Name }) => visibleColumn(Name.toLowerCase(), filters)).join(', ');
  const where = anyRowOf(filters);
  return `SELECT ${select} FROM (SELECT * FROM (${rows})${where === undefined ? '' : ` WHERE ${where}`})`;
}

function visibleColumn(name: string, filters: CellFilter[]): string {
  const covering = filters.filter(filter => filter.columns.has(name));
  const rows = covering.length === filters.length ? undefined : anyRowOf(covering);
  const column = quoteName(name);
  return rows === undefined ? column : `CASE WHEN ${rows} THEN ${column} END AS ${column}`;
}

/** The rows that any of the filters has; undefined for all rows. */
function anyRowOf(filters: CellFilter[]): string | undefined {
  const predicates = new Set<string>();
  for (const { rowFilter } of filters) {
    if (rowFilter === null) return undefined;
    predicates.add(`(${rowFilterToSql(parseRowFilter(rowFilter))})`);
  }
  return [...predicates].join(' OR ');
}

function groupQuery({ columns, partitionKeys }: TableShape, group: FileGroup): string {
  const select = [
    // Athena reads Parquet columns by name; one that the files do not have is null. Source: Athena User Guide, "Handle schema updates".
    ...columns.map(column =>
      typed(column, group.fileColumns.has(column.Name.toLowerCase()) ? quoteName(column.Name) : 'NULL'),
    ),
    ...partitionKeys.map((key, index) => typed(key, partitionValue(group.partitionValues[index]))),
  ].join(', ');
  return `SELECT ${select} FROM ${readFiles(group.files)}`;
}

function emptyColumns({ columns, partitionKeys }: TableShape): string {
  return [...columns, ...partitionKeys].map(column => typed(column, 'NULL')).join(', ');
}

function typed({ Name, Type = 'string' }: ColumnDefinition, value: string): string {
  return `CAST(${value} AS ${engineType(Type)}) AS ${quoteName(Name.toLowerCase())}`;
}

/** Hive writes a null partition value as a name of its own. */
function partitionValue(value: string | undefined): string {
  return value === undefined || value === '__HIVE_DEFAULT_PARTITION__' ? 'NULL' : quoteText(value);
}

export function readFiles(files: string[]): string {
  return `read_parquet([${files.map(quoteText).join(', ')}], union_by_name = true, hive_partitioning = false)`;
}
