/** A data cells filter: some columns and some rows of one table, under a name. */
import { randomUUID } from 'node:crypto';
import type { GlueTable } from '../core/ports.ts';
import type { Wire } from '../core/service.ts';
import { isLink, isView } from './permissions.ts';
import { type Columns, invalidInput, parseColumns, requiredName, requiredText } from './resource.ts';
import { parseRowFilter, RowFilterError } from './row-filter.ts';
import { checkRowFilter } from './row-filter-types.ts';

export interface CellsFilter {
  owner: string;
  /** Owner, database, table and name are its identity and never change. */
  database: string;
  table: string;
  name: string;
  columns: Columns;
  /** In the order in which they were given. */
  columnNames: string[];
  /** Null for all rows. */
  rowFilter: string | null;
  versionId: string;
}

export interface FilterIdentity {
  owner: string;
  database: string;
  table: string;
  name: string;
}

/** Reads what names a filter: `DataCellsFilter` or the parameters of Get and Delete. Throws InvalidInputException. */
export function parseFilterIdentity(wire: Wire, defaultOwner?: string): FilterIdentity {
  if (!wire) throw invalidInput('TableData is required.');
  return {
    owner: requiredText(wire.TableCatalogId ?? defaultOwner, 'TableCatalogId'),
    database: requiredName(wire.DatabaseName, 'DatabaseName'),
    table: requiredName(wire.TableName, 'TableName'),
    name: requiredText(wire.Name, 'Name'),
  };
}

/**
 * Reads a filter for a table. Throws InvalidInputException for a view or a link, columns that are not there, and an expression that the
 * grammar or the columns' types do not allow. Sources: API reference, DataCellsFilter; Developer Guide, "Data filtering limitations".
 */
export function parseCellsFilter(wire: Wire, table: GlueTable): CellsFilter {
  const identity = parseFilterIdentity(wire);
  if (isView(table) || isLink(table))
    throw invalidInput('Data cells filters are not supported on views and resource links.');
  const columns = parseColumns(wire);
  requireColumns(columns, table);
  return {
    ...identity,
    columns,
    columnNames: [...new Set<string>((wire.ColumnNames ?? []).map((name: string) => name.toLowerCase()))],
    rowFilter: parseRows(wire.RowFilter, table),
    versionId: randomUUID(),
  };
}

export function cellsFilterToWire(filter: CellsFilter): Wire {
  const { columns } = filter;
  return {
    TableCatalogId: filter.owner,
    DatabaseName: filter.database,
    TableName: filter.table,
    Name: filter.name,
    RowFilter: filter.rowFilter === null ? { AllRowsWildcard: {} } : { FilterExpression: filter.rowFilter },
    ...('only' in columns
      ? { ColumnNames: filter.columnNames }
      : { ColumnWildcard: columns.allBut.length === 0 ? {} : { ExcludedColumnNames: columns.allBut } }),
    VersionId: filter.versionId,
  };
}

/** Simplification: columns within a struct column cannot be named; the guide's pages disagree on whether they can. */
function requireColumns(columns: Columns, table: GlueTable): void {
  const data = dataColumns(table);
  const partitionKeys = partitionColumns(table);
  if ('only' in columns) {
    const missing = columns.only.find(column => !data.includes(column) && !partitionKeys.includes(column));
    if (missing !== undefined) throw invalidInput(`The table has no column ${missing}.`);
    return;
  }
  for (const column of columns.allBut) {
    // Source: Developer Guide, "Notes and restrictions for column-level filtering".
    if (partitionKeys.includes(column)) throw invalidInput(`The partition key ${column} cannot be excluded.`);
    if (!data.includes(column)) throw invalidInput(`The table has no column ${column}.`);
  }
}

function parseRows(wire: Wire, table: GlueTable): string | null {
  const expression: unknown = wire?.FilterExpression;
  const isAllRows = wire?.AllRowsWildcard !== undefined && wire.AllRowsWildcard !== null;
  if ((expression !== undefined && expression !== null) === isAllRows) {
    throw invalidInput('Exactly one of FilterExpression or AllRowsWildcard is required.');
  }
  if (isAllRows) return null;
  try {
    if (typeof expression !== 'string') throw new RowFilterError('the expression is not a string');
    checkRowFilter(parseRowFilter(expression), table.StorageDescriptor?.Columns ?? [], table.PartitionKeys ?? []);
    return expression;
  } catch (error) {
    if (error instanceof RowFilterError) throw invalidInput(`Unsupported row filter expression: ${error.message}.`);
    throw error;
  }
}

/** The columns that `columns` lets one read. Partition keys are always among them: column filters cannot be on partition keys. */
export function readableColumns(columns: Columns, table: GlueTable): string[] {
  const data = dataColumns(table).filter(name =>
    'only' in columns ? columns.only.includes(name) : !columns.allBut.includes(name),
  );
  return [...data, ...partitionColumns(table)];
}

function dataColumns(table: GlueTable): string[] {
  return (table.StorageDescriptor?.Columns ?? []).map(column => column.Name.toLowerCase());
}

function partitionColumns(table: GlueTable): string[] {
  return (table.PartitionKeys ?? []).map(column => column.Name.toLowerCase());
}
