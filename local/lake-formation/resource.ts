/** What Lake Formation permissions are granted on, read from the wire and written to it. */
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import { REGION, type Wire } from '../core/service.ts';

/** Columns of a table, lower-case and sorted. All but none is a `ColumnWildcard` without exclusions: the whole table. */
export type Columns = { only: string[] } | { allBut: string[] };

export type Resource =
  | { kind: 'catalog' }
  | { kind: 'database'; database: string }
  | { kind: 'table'; database: string; table: string }
  | { kind: 'columns'; database: string; table: string; columns: Columns }
  | { kind: 'filter'; database: string; table: string; filter: string }
  | { kind: 'location'; arn: string };

/** Stands for every table of a database, those to come too. No table can be named so. */
export const ALL_TABLES = '*';

export const WHOLE_TABLE: Columns = { allBut: [] };

export function isWholeTable(columns: Columns): boolean {
  return 'allBut' in columns && columns.allBut.length === 0;
}

/** One text for each resource: the same for equal resources, and for no others. */
export function resourceKey(resource: Resource): string {
  return JSON.stringify(Object.values(resource));
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInputException', message);
}

export function accessDenied(message: string): AwsError {
  return new AwsError('AccessDeniedException', message, { status: 403 });
}

/** What AWS answers for what is not there and for what is hidden: nobody learns which. Source: Terraform AWS provider, CDK samples. */
export function missingOrHidden(): AwsError {
  return accessDenied('Resource does not exist or requester is not authorized to access requested permissions.');
}

/**
 * Reads a `Resource` of the API. The owner is its catalog id, else `defaultOwner`.
 * Throws InvalidInputException unless exactly one kind is there, and complete.
 */
export function parseResource(wire: Wire, defaultOwner: string): { owner: string; resource: Resource } {
  const kinds = Object.keys(wire ?? {}).filter(kind => wire[kind] !== undefined && wire[kind] !== null);
  if (kinds.length === 0) {
    // The text is the one in the Developer Guide's sample CloudTrail event.
    throw invalidInput('Resource must have one of the have either the catalog, table or database field populated.');
  }
  if (kinds.length > 1) throw invalidInput(`Resource must have only one field populated, not ${kinds.join(' and ')}.`);
  const kind = kinds[0]!;
  const body = wire[kind];
  switch (kind) {
    case 'Catalog':
      return { owner: body.Id ?? defaultOwner, resource: { kind: 'catalog' } };
    case 'Database':
      return {
        owner: body.CatalogId ?? defaultOwner,
        resource: { kind: 'database', database: requiredName(body.Name, 'Database.Name') },
      };
    case 'Table':
      return { owner: body.CatalogId ?? defaultOwner, resource: parseTable(body) };
    case 'TableWithColumns':
      return { owner: body.CatalogId ?? defaultOwner, resource: parseTableWithColumns(body) };
    case 'DataCellsFilter':
      return {
        owner: body.TableCatalogId ?? defaultOwner,
        resource: {
          kind: 'filter',
          database: requiredName(body.DatabaseName, 'DataCellsFilter.DatabaseName'),
          table: requiredName(body.TableName, 'DataCellsFilter.TableName'),
          filter: requiredText(body.Name, 'DataCellsFilter.Name'),
        },
      };
    case 'DataLocation':
      return {
        owner: body.CatalogId ?? defaultOwner,
        resource: { kind: 'location', arn: requiredText(body.ResourceArn, 'DataLocation.ResourceArn') },
      };
    case 'LFTag':
    case 'LFTagPolicy':
    case 'LFTagExpression':
      throw notInLocalMesh(`Lake Formation permissions on ${kind}`);
    default:
      throw invalidInput(`Unknown resource ${kind}.`);
  }
}

function parseTable(body: Wire): Resource {
  const database = requiredName(body.DatabaseName, 'Table.DatabaseName');
  const isWildcard = body.TableWildcard !== undefined && body.TableWildcard !== null;
  // ListPermissions answers the wildcard with the name ALL_TABLES, and takes it back. Source: Terraform #46245.
  if (isWildcard && (body.Name === undefined || body.Name === 'ALL_TABLES')) {
    return { kind: 'table', database, table: ALL_TABLES };
  }
  if (isWildcard) throw invalidInput('Table must have either Name or TableWildcard.');
  return { kind: 'table', database, table: requiredName(body.Name, 'Table.Name') };
}

function parseTableWithColumns(body: Wire): Resource {
  const database = requiredName(body.DatabaseName, 'TableWithColumns.DatabaseName');
  const columns = parseColumns(body);
  // What a list answers for SELECT on all tables is taken back for a revocation.
  if (body.Name === 'ALL_TABLES' && isWholeTable(columns))
    return { kind: 'columns', database, table: ALL_TABLES, columns };
  return { kind: 'columns', database, table: requiredName(body.Name, 'TableWithColumns.Name'), columns };
}

/** `ColumnNames` or `ColumnWildcard`, exactly one. Source: API reference, TableWithColumnsResource and DataCellsFilter. */
export function parseColumns(body: Wire): Columns {
  const names: string[] = body.ColumnNames ?? [];
  const wildcard = body.ColumnWildcard;
  if (names.length > 0 === Boolean(wildcard))
    throw invalidInput('Exactly one of ColumnNames or ColumnWildcard is required.');
  return wildcard ? { allBut: lowerSorted(wildcard.ExcludedColumnNames ?? []) } : { only: lowerSorted(names) };
}

function lowerSorted(names: string[]): string[] {
  return [...new Set(names.map(name => name.toLowerCase()))].sort();
}

/** Glue's names are lower-case, of 1-255 characters. */
export function requiredName(value: unknown, member: string): string {
  return requiredText(value, member).toLowerCase();
}

export function requiredText(value: unknown, member: string): string {
  if (typeof value !== 'string' || value.length < 1 || value.length > 255) {
    throw invalidInput(`${member} must have 1 to 255 characters.`);
  }
  return value;
}

export function resourceToWire(owner: string, resource: Resource): Wire {
  switch (resource.kind) {
    case 'catalog':
      return { Catalog: { Id: owner } };
    case 'database':
      return { Database: { CatalogId: owner, Name: resource.database } };
    case 'table':
      if (resource.table === ALL_TABLES) {
        return { Table: { CatalogId: owner, DatabaseName: resource.database, Name: 'ALL_TABLES', TableWildcard: {} } };
      }
      return { Table: { CatalogId: owner, DatabaseName: resource.database, Name: resource.table } };
    case 'columns': {
      const name = resource.table === ALL_TABLES ? 'ALL_TABLES' : resource.table;
      return {
        TableWithColumns: {
          CatalogId: owner,
          DatabaseName: resource.database,
          Name: name,
          ...columnsToWire(resource.columns),
        },
      };
    }
    case 'filter':
      return {
        DataCellsFilter: {
          TableCatalogId: owner,
          DatabaseName: resource.database,
          TableName: resource.table,
          Name: resource.filter,
        },
      };
    case 'location':
      return { DataLocation: { CatalogId: owner, ResourceArn: resource.arn } };
  }
}

/** A wildcard without exclusions reads back as `ColumnWildcard: {}`. Source: Terraform AWS provider. */
export function columnsToWire(columns: Columns): Wire {
  if ('only' in columns) return { ColumnNames: columns.only };
  return { ColumnWildcard: columns.allBut.length === 0 ? {} : { ExcludedColumnNames: columns.allBut } };
}

export function databaseArn(owner: string, database: string): string {
  return `arn:aws:glue:${REGION}:${owner}:database/${database}`;
}

export function tableArn(owner: string, database: string, table: string): string {
  return `arn:aws:glue:${REGION}:${owner}:table/${database}/${table}`;
}

/** What RAM shares for a grant across accounts: the table or the database. Undefined: locations and the catalog do not go through RAM. */
export function sharedArn(owner: string, resource: Resource): string | undefined {
  if (resource.kind === 'catalog' || resource.kind === 'location') return undefined;
  if (resource.kind === 'database') return databaseArn(owner, resource.database);
  return tableArn(owner, resource.database, resource.table);
}
