import type { ActiveGrant } from '../access/access-request.ts';
import { nearestName } from '../mesh/nearest-name.ts';
import {
  type CatalogTable,
  describeKeptOut,
  describeTable,
  type KeptOutTable,
  type PartitionsState,
  withPartitions,
} from './describe-table.ts';
import { readAhead } from './read-ahead.ts';
import { type CatalogQuery, matchesContent, matchesState } from './search-tables.ts';
import type { Quarantine } from './table-marks.ts';
import type { TableContent } from './table-snapshot.ts';

/** Who looks: an account of the mesh, or the hub itself. */
export interface Viewer {
  account: string;
  hub: string;
}

/** A grant that counts, with who has it. */
export interface ReadingGrant extends ActiveGrant {
  principal: string;
}

/** The central catalog and what is known of its tables, as far as the viewer may see it. Reads may be some seconds old. */
export interface CatalogReader {
  viewer: Viewer;
  /** The names of the central databases, a page at a time. */
  databases(): AsyncIterable<readonly string[]>;
  /** The tables of a central database, a page at a time; none where there is no such database. */
  tables(database: string): AsyncIterable<readonly TableContent[]>;
  /** @param database the central database */
  table(database: string, table: string): Promise<TableContent | undefined>;
  /** What is known of the partitions of each table of a producer's database, by the table's name. */
  partitions(domain: string, database: string): Promise<ReadonlyMap<string, PartitionsState>>;
  partitionsOf(domain: string, database: string, table: string): Promise<PartitionsState | undefined>;
  keptOut(domain: string): AsyncIterable<readonly KeptOutTable[]>;
  keptOutOf(domain: string, database: string, table: string): Promise<Quarantine | undefined>;
  /** The active grants on a central table: all of them for the hub and for the account that owns it, otherwise those of the viewer's own principals. */
  grants(table: string, owner: string | undefined): Promise<ReadingGrant[]>;
}

/** How far a search has come. */
export interface SearchProgress {
  databases: number;
  ofDatabases: number;
  tables: number;
}

const DOMAIN = /^[a-z][a-z0-9]*$/;

/** Databases whose first page is asked for before its turn. */
const READ_AHEAD = 6;

/**
 * The tables that meet the query, by database, each as soon as it is found: stop when there are enough. Tables that were never published come after
 * the others, for the domains that the catalog or the query names.
 * @param onProgress told after every page
 */
export async function* searchCatalog(
  reader: CatalogReader,
  query: CatalogQuery,
  onProgress: (progress: SearchProgress) => void = () => {},
): AsyncGenerator<CatalogTable> {
  const all = await databasesOf(reader);
  const isWanted = (domain: string | undefined) => domain !== undefined && (query.domain ?? domain) === domain;
  const wanted = all.filter(database => isWanted(domainOf(database)));
  const partitionsOf = rememberingLast(reader);
  const accounts = new Map<string, string>();
  let databases = 0;
  let tables = 0;
  for await (const { source: database, page } of readAhead(wanted, name => reader.tables(name), READ_AHEAD)) {
    if (page === 'end') databases++;
    else tables += page.length;
    onProgress({ databases, ofDatabases: wanted.length, tables });
    for (const content of page === 'end' ? [] : page) {
      const table = describeTable(database, content);
      if (!table) continue;
      if (table.source.account) accounts.set(table.domain, table.source.account);
      if (!matchesContent(table, query)) continue;
      const whole = withPartitions(table, await partitionsOf(table));
      if (matchesState(whole, query)) yield whole;
    }
  }
  if (query.state !== undefined && query.state !== 'quarantined') return;
  const domains = query.domain === undefined ? [...all.map(domainOf), query.owner] : [query.domain];
  for (const domain of new Set(domains.filter(name => name !== undefined && DOMAIN.test(name))) as Set<string>)
    yield* keptOutMatches(reader, domain, accounts.get(domain), query);
}

/** Asks for the partitions of a whole database, once, when the first table needs them: tables come by database. */
function rememberingLast(reader: CatalogReader): (table: CatalogTable) => Promise<PartitionsState | undefined> {
  let last: { database: string; changes: ReadonlyMap<string, PartitionsState> } | undefined;
  return async ({ domain, source, columns }) => {
    if (!columns.some(column => column.isPartitionKey)) return undefined;
    const database = `${domain}_${source.database}`;
    if (last?.database !== database) last = { database, changes: await reader.partitions(domain, source.database) };
    return last.changes.get(source.table);
  };
}

async function* keptOutMatches(
  reader: CatalogReader,
  domain: string,
  account: string | undefined,
  query: CatalogQuery,
): AsyncGenerator<CatalogTable> {
  for await (const page of reader.keptOut(domain)) {
    for (const one of page) {
      const table = describeKeptOut(domain, one, account);
      if (!matchesContent(table, query) || !matchesState(table, query)) continue;
      // Published since: it was found above, or will be the next time.
      if (!(await reader.table(`${domain}_${one.database}`, one.table))) yield table;
    }
  }
}

/** Sorted, so that two searches give one order. */
async function databasesOf(reader: CatalogReader): Promise<string[]> {
  const names: string[] = [];
  for await (const page of reader.databases()) names.push(...page);
  return names.sort();
}

/** The domain in the name of a central database: it has no underscore itself. */
function domainOf(database: string): string | undefined {
  return /^([a-z][a-z0-9]*)_/.exec(database)?.[1];
}

export interface ShownTable {
  table: CatalogTable;
  grants: ReadingGrant[];
}

/** One table with all that is known of it, and who may read it. Takes and throws as `findTable`. */
export async function showTable(reader: CatalogReader, name: string): Promise<ShownTable> {
  const table = await findTable(reader, name);
  return { table, grants: table.isPublished ? await reader.grants(table.name, table.source.account) : [] };
}

/**
 * One table, published or kept out.
 * @param name the central table's, in any case
 * @throws TableNameError for a name of another form; NoSuchTableError with the names that are most like it; ForeignTableError
 */
export async function findTable(reader: CatalogReader, name: string): Promise<CatalogTable> {
  const [, domain, sourceDatabase, table] = /^([a-z][a-z0-9]*)_([^.]+)\.([^.]+)$/.exec(name.toLowerCase()) ?? [];
  if (!domain || !sourceDatabase || !table) throw new TableNameError(name);
  const database = `${domain}_${sourceDatabase}`;
  const [content, partitions] = await Promise.all([
    reader.table(database, table),
    reader.partitionsOf(domain, sourceDatabase, table),
  ]);
  const described = content && describeTable(database, content, partitions);
  if (described) return described;
  if (content) throw new ForeignTableError(name);
  const quarantine = await reader.keptOutOf(domain, sourceDatabase, table);
  if (!quarantine) throw new NoSuchTableError(name, await nearestTable(reader, database, table));
  return describeKeptOut(domain, { database: sourceDatabase, table, quarantine });
}

/** The table of the database, or of the one whose name is most like it, that is most like what was written. */
async function nearestTable(reader: CatalogReader, database: string, table: string): Promise<string | undefined> {
  const databases = await databasesOf(reader);
  const place = databases.includes(database) ? database : nearestName(database, databases);
  if (place === undefined) return undefined;
  let nearest: string | undefined;
  for await (const page of reader.tables(place)) {
    const names = page.map(content => content.Name);
    nearest = nearestName(table, nearest === undefined ? names : [nearest, ...names]);
  }
  return nearest && `${place}.${nearest}`;
}

/** Not a name that a central table can have. */
export class TableNameError extends Error {
  override name = 'TableNameError';

  constructor(written: string) {
    super(
      `${written} is no central table's name: they are named <domain>_<database>.<table>, such as aviation_ops.flights.`,
    );
  }
}

/** Nothing of that name is in the central catalog, or kept out of it. */
export class NoSuchTableError extends Error {
  override name = 'NoSuchTableError';

  constructor(written: string, nearest: string | undefined) {
    const help = nearest === undefined ? 'To find it: trellis catalog search <words>' : `Did you mean ${nearest}?`;
    super(`There is no table ${written} in the central catalog. ${help}`);
  }
}

/** Somebody put it into the hub's catalog by hand. */
export class ForeignTableError extends Error {
  override name = 'ForeignTableError';

  constructor(written: string) {
    super(
      `${written} lies in the hub's Glue catalog, but Trellis did not put it there: it belongs to no domain, and nobody is granted it.`,
    );
  }
}
