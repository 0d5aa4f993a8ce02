/** From a name in a query to the table behind it and what the caller may read of it. */
import type {
  CatalogContents,
  CatalogGuard,
  DataAccess,
  GlueTable,
  ReadOfLocation,
  RequireRole,
} from '../core/ports.ts';
import type { Caller } from '../core/service.ts';
import {
  type CatalogName,
  type RequireCaller,
  requireDataAccess,
  requireDatabaseRead,
  requireObjectRead,
  requireTableRead,
  tableArn,
} from './caller-rights.ts';
import { columnNotFound, lineAndColumn, QueryFailure } from './query-failure.ts';
import type { Statement, TableReference } from './statement.ts';
import type { CellFilter } from './table-view.ts';

export interface Rights {
  contents: () => CatalogContents;
  /** What the catalog shows to a caller: a link is followed by those who may describe it. */
  guard: () => CatalogGuard;
  access: () => DataAccess;
  requireCaller: RequireCaller;
  /** For the role that a location is registered with, which must trust Lake Formation. */
  requireDataRole: RequireRole;
  readOf: ReadOfLocation;
}

/** A query as it was put. */
export interface Query {
  caller: Caller;
  sql: string;
  /** The database of names that say none, in lower case. */
  database: string;
}

export interface ReadableTable {
  /** As the query names it, in the caller's own catalog. */
  database: string;
  name: string;
  owner: string;
  table: GlueTable;
  tableArn: string;
  linkArn: string | undefined;
  /** Undefined: everything, as Lake Formation does not decide. */
  filters: CellFilter[] | undefined;
}

/**
 * The table that the name leads to, through a resource link if it is one (one hop: a link to a link leads nowhere).
 * Throws QueryFailure with the text that people see when it is not there or the caller may read nothing of it.
 */
export function resolveTable(
  reference: TableReference,
  query: Query,
  statement: Statement,
  rights: Rights,
): ReadableTable {
  const { caller } = query;
  const named = { owner: caller.account, database: reference.database ?? query.database, name: reference.name };
  const where = lineAndColumn(query.sql, reference.position);
  const target = targetOf(named, where, caller, rights);
  if (target) requireTableRead(rights.requireCaller, caller, target);

  const place = target ?? named;
  const table = rights.contents().table(place.owner, place.database, place.name);
  if (!table || table.TargetTable) throw tableNotFound(named, where);
  return {
    database: named.database,
    name: named.name,
    owner: place.owner,
    table,
    tableArn: tableArn(place),
    linkArn: target && tableArn(named),
    filters: readableCells(place, table, query, statement, rights),
  };
}

/** Checks what the caller's own catalog shows of the name, and says where it leads when it is a link, or in a linked database. */
function targetOf(named: CatalogName, where: string, caller: Caller, rights: Rights): CatalogName | undefined {
  const { owner, database, name } = named;
  requireDatabaseRead(rights.requireCaller, caller, owner, database);
  const found = rights.contents().database(owner, database);
  if (!found) throw new QueryFailure(`SCHEMA_NOT_FOUND: ${where}: Schema '${database}' does not exist`);
  if (!rights.guard().isDatabaseVisible(caller, owner, database)) throw describeRequired(database);
  requireTableRead(rights.requireCaller, caller, named);
  if (found.TargetDatabase)
    return { owner: found.TargetDatabase.CatalogId, database: found.TargetDatabase.DatabaseName, name };

  const table = rights.contents().table(owner, database, name);
  if (!table) throw tableNotFound(named, where);
  if (!rights.guard().isTableVisible(caller, owner, database, name)) throw describeRequired(name);
  const link = table.TargetTable;
  return link && { owner: link.CatalogId, database: link.DatabaseName, name: link.Name };
}

function readableCells(
  { owner, database, name }: CatalogName,
  table: GlueTable,
  { caller, sql }: Query,
  statement: Statement,
  rights: Rights,
): CellFilter[] | undefined {
  const { unrestricted, grants } = rights.access().selectable(caller, owner, database, name);
  if (unrestricted) {
    // Simplification: nobody reads another account's table by rights in Glue and S3 alone.
    if (owner !== caller.account) throw noPrivilege();
    requireObjectRead(rights, caller, table.StorageDescriptor?.Location ?? '');
    return undefined;
  }
  requireDataAccess(rights.requireCaller, caller);
  const readable = grants.filter(grant => grant.columns.length > 0);
  if (readable.length === 0) throw nothingAccessible(sql, statement);
  // Column filters cannot leave out a partition key. Source: Lake Formation Developer Guide, "Data filtering and cell-level security".
  const keys = (table.PartitionKeys ?? []).map(key => key.Name.toLowerCase());
  return readable.map(({ columns, rowFilter }) => ({
    columns: new Set([...columns.map(column => column.toLowerCase()), ...keys]),
    rowFilter,
  }));
}

/** The texts are those that people met in Athena, engine version 3. */
function nothingAccessible(sql: string, { tables, stars, columns }: Statement): QueryFailure {
  const [star] = stars;
  if (star !== undefined)
    return new QueryFailure(`COLUMN_NOT_FOUND: ${lineAndColumn(sql, star)}: Relation contains no accessible columns`);
  const [column] = columns;
  // Of several tables, it is not known whose column it is.
  if (!column || tables.length > 1) return noPrivilege();
  return columnNotFound(sql, column.position, column.name);
}

function noPrivilege(): QueryFailure {
  return new QueryFailure(
    'Insufficient permissions to execute the query. Principal does not have any privilege on specified resource',
  );
}

function describeRequired(name: string): QueryFailure {
  return new QueryFailure(`Insufficient Lake Formation permission(s): Required Describe on ${name}`);
}

function tableNotFound({ database, name }: CatalogName, where: string): QueryFailure {
  return new QueryFailure(`TABLE_NOT_FOUND: ${where}: Table '${database}.${name}' does not exist`);
}
