/** Finds what a call names, through resource links where it goes through them. */
import { AwsError } from '../core/aws-error.ts';
import type { CatalogGuard, GlueTable } from '../core/ports.ts';
import type { Caller } from '../core/service.ts';
import type { Catalog, StoredDatabase, StoredTable } from './catalog.ts';
import { databaseNotFound, tableNotFound } from './glue-errors.ts';

interface Lookup {
  catalog: Catalog;
  guard: () => CatalogGuard;
}

export interface FoundDatabase {
  owner: string;
  name: string;
  stored: StoredDatabase;
  /** The database is the target of the link that the call named. */
  throughLink: boolean;
}

export interface FoundTable {
  owner: string;
  database: string;
  name: string;
  stored: StoredTable;
}

/**
 * The database of that name. Where it is missing, a caller who could neither see nor make it is told AccessDenied, as Lake Formation does so that nobody
 * finds out what exists. Source: ExpediaGroup/waggle-dance pull request 359.
 */
export function findDatabase(at: Lookup, caller: Caller, owner: string, name: string): StoredDatabase {
  const found = at.catalog.database(owner, name);
  if (found) return found;
  if (!isAllowed(() => at.guard().requireCreateDatabase(caller, owner)))
    at.guard().requireDatabase(caller, owner, name, 'DESCRIBE');
  throw databaseNotFound(name);
}

/** The database of that name, or the target of the link of that name. One hop: a target that is a link is not followed. */
export function findDatabaseThroughLink(at: Lookup, caller: Caller, owner: string, name: string): FoundDatabase {
  const stored = findDatabase(at, caller, owner, name);
  const target = stored.database.TargetDatabase;
  if (!target) return { owner, name, stored, throughLink: false };
  at.guard().requireDatabase(caller, owner, name, 'DESCRIBE');
  return {
    owner: target.CatalogId,
    name: target.DatabaseName,
    stored: findDatabase(at, caller, target.CatalogId, target.DatabaseName),
    throughLink: true,
  };
}

/** The table (or link) of that name in a database. Missing ones as in findDatabase. */
export function findTable(
  at: Lookup,
  caller: Caller,
  database: FoundDatabase,
  name: string,
  missing = () => tableNotFound(name),
): FoundTable {
  const stored = database.stored.tables.get(name);
  if (stored) return { owner: database.owner, database: database.name, name, stored };
  if (!isAllowed(() => at.guard().requireDatabase(caller, database.owner, database.name, 'CREATE_TABLE')))
    at.guard().requireTable(caller, database.owner, database.name, name, 'DESCRIBE');
  throw missing();
}

/**
 * The table that a call about columns, versions or partitions means: the one of that name, or the target if it is a link. One hop: a table link in the
 * target of a database link stays a link. Source: Lake Formation Developer Guide, "Resource link handling in Glue APIs".
 */
export function findTableThroughLinks(at: Lookup, caller: Caller, owner: string, database: string, name: string) {
  const place = findDatabaseThroughLink(at, caller, owner, database);
  const found = findTable(at, caller, place, name);
  if (place.throughLink || !found.stored.table.TargetTable) return found;
  at.guard().requireTable(caller, found.owner, found.database, found.name, 'DESCRIBE');
  return followLink(at, caller, found.stored.table.TargetTable);
}

export function followLink(at: Lookup, caller: Caller, target: NonNullable<GlueTable['TargetTable']>): FoundTable {
  const { CatalogId: owner, DatabaseName: name } = target;
  const stored = findDatabase(at, caller, owner, name);
  return findTable(at, caller, { owner, name, stored, throughLink: true }, target.Name);
}

function isAllowed(require: () => void): boolean {
  try {
    require();
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'AccessDeniedException') return false;
    throw error;
  }
}
