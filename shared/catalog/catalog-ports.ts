/** What the use cases of the catalog need of the outside. Every read is consistent; every write may be repeated. */
import type { Mesh } from '../mesh/mesh.ts';
import type { Measure } from '../telling/measure.ts';
import type { Announcer, Outbox } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import type { CentralSnapshot } from './plan-table-sync.ts';
import type { SeenTables } from './seen-tables.ts';
import type { CentralPartitions, PartitionActivity, ProducerPartitions } from './sync-partitions.ts';
import type { Quarantine } from './table-marks.ts';
import type { DatabaseContent, TableContent, TableSnapshot } from './table-snapshot.ts';

/** A producer's catalog, for reading. Absence is believed only from the catalog's own word on that one thing. */
export interface ProducerCatalog extends ProducerPartitions {
  /** @returns undefined when the catalog says that there is no such table. @throws when it cannot be read: that proves nothing. */
  readTable(account: string, database: string, table: string): Promise<TableSnapshot | undefined>;
  /** @returns undefined when the catalog says that there is no such database, or that it is a link to another. */
  readDatabase(account: string, database: string): Promise<DatabaseContent | undefined>;
  /** The names of an account's own databases, a page at a time; links are none. What Lake Formation hides is left out: a list proves no absence. */
  databaseNames(account: string): AsyncIterable<readonly string[]>;
  /** @param from the page to begin with, as `next` of the page before it named it */
  tablePages(account: string, database: string, from?: string): AsyncIterable<TablePage<TableSnapshot>>;
}

export interface TablePage<T> {
  tables: readonly T[];
  /** Names the page after this one; undefined: it is the last. */
  next?: string | undefined;
}

/** The central catalog, as its one writer. */
export interface CentralTables extends CentralPartitions {
  read(database: string, table: string): Promise<CentralSnapshot | undefined>;
  /** @throws TableChangedError when the table is there already; DatabaseMissingError. */
  create(database: string, content: TableContent): Promise<void>;
  /** @throws TableChangedError when the table is no longer at `versionId`. */
  update(database: string, content: TableContent, versionId: string, keepVersion: boolean): Promise<void>;
  /** One that is not there counts as removed. */
  remove(database: string, table: string): Promise<void>;
  createDatabase(database: string, content: DatabaseContent): Promise<void>;
  readDatabase(database: string): Promise<DatabaseContent | undefined>;
  updateDatabase(database: string, content: DatabaseContent): Promise<void>;
  /** With whatever is in it. One that is not there counts as removed. @throws DatabaseOfAnotherError */
  removeDatabase(database: string): Promise<void>;
  /** The names of all databases, a page at a time. */
  databaseNames(): AsyncIterable<readonly string[]>;
  /** No page for a database that is not there. */
  tablePages(database: string, from?: string): AsyncIterable<TablePage<CentralSnapshot>>;
}

/** A producer's table and its place in the central catalog. */
export interface TablePlace {
  account: string;
  domain: string;
  /** The producer's database. */
  sourceDatabase: string;
  /** The central one. */
  database: string;
  table: string;
}

/** Tables that are kept out and have no central table to say so. */
export interface KeptOutTables {
  load(place: TablePlace): Promise<Quarantine | undefined>;
  /** All of a producer's database, by table. */
  keptOutIn(domain: string, database: string): Promise<Map<string, Quarantine>>;
  /** Keeps it, and the event that tells of it, together. */
  save(place: TablePlace, quarantine: Quarantine, event: ToldEvent): Promise<void>;
  /** Forgets it; with an event, that is kept in the same step. */
  forget(place: TablePlace, event?: ToldEvent): Promise<void>;
}

/** Tables that are gone at their source, and when they go from the central catalog too. */
export interface PendingRemovals {
  schedule(place: TablePlace, since: string, dueAt: string): Promise<void>;
  cancel(place: TablePlace): Promise<void>;
}

export interface SyncServices {
  mesh: Mesh;
  producers: ProducerCatalog;
  central: CentralTables;
  activity: PartitionActivity;
  keptOut: KeptOutTables;
  removals: PendingRemovals;
  outbox: Outbox;
  announcer: Announcer;
  seen: SeenTables;
  measure: Measure;
  now(): string;
}

/** Another wrote the central table between reading and writing it: read again and plan again. */
export class TableChangedError extends Error {
  override name = 'TableChangedError';

  constructor(database: string, table: string, options?: ErrorOptions) {
    super(
      `${database}.${table} changed while it was being brought up to its source. Read again and plan again.`,
      options,
    );
  }
}

/** The central database is not there yet. Making it helps. */
export class DatabaseMissingError extends Error {
  override name = 'DatabaseMissingError';

  constructor(database: string, options?: ErrorOptions) {
    super(`The central database ${database} does not exist yet.`, options);
  }
}

/** The domain has left the mesh since it was read: nothing of it is made any more. Reading the mesh again helps. */
export class DomainLeftError extends Error {
  override name = 'DomainLeftError';

  constructor(database: string, domain: string) {
    super(`Nothing is made in ${database}: domain ${domain} has left the mesh.`);
  }
}

/** Somebody else made the database. Trying again does not help. */
export class DatabaseOfAnotherError extends Error {
  override name = 'DatabaseOfAnotherError';

  constructor(database: string, options: ErrorOptions) {
    super(
      `Trellis may not drop the central database ${database}, so somebody else made it. Delete it if nobody needs it.`,
      options,
    );
  }
}
