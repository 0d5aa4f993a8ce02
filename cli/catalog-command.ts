import { type Command, InvalidArgumentError, Option } from 'commander';
import { LEVELS } from '../shared/access/labels.ts';
import type { Connection } from '../shared/aws/apply-services.ts';
import type { MeshPlace } from '../shared/aws/reader-session.ts';
import { type CatalogReader, type SearchProgress, searchCatalog, showTable } from '../shared/catalog/browse-catalog.ts';
import { type CatalogTable, STATES, statesOf, type TableState, UNLABELLED } from '../shared/catalog/describe-table.ts';
import type { CatalogQuery } from '../shared/catalog/search-tables.ts';
import type { Environment } from './connection.ts';
import { explainingRefusals } from './explain-refusal.ts';
import { type HubOptions, placeOf, withHubOptions } from './hub-place.ts';
import { writeFound, writeTableShown } from './show-catalog.ts';
import type { Terminal } from './terminal.ts';
import { instantBefore } from './times.ts';

export interface CatalogParts {
  terminal: Terminal;
  environment: Environment;
  /** The catalog as the caller may see it. @throws when the hub is not found, or the caller is not let in */
  openCatalog(connection: Connection, place: MeshPlace): Promise<CatalogReader>;
  /** ISO 8601. */
  now(): string;
}

interface SearchOptions extends HubOptions {
  domain?: string;
  owner?: string;
  label?: string;
  state?: TableState;
  freshWithin?: string;
  changedWithin?: string;
  limit?: number;
}

/** What a person is shown without asking for more. */
const SHOWN = 50;

/** `trellis catalog search` and `trellis catalog show`. Gives the command that they belong to. */
export function addCatalogCommands(program: Command, parts: CatalogParts): Command {
  const catalog = program
    .command('catalog')
    .summary('find data in the mesh, and reconcile the central catalog')
    .description(
      "Finds tables of the central catalog and shows what is known of them, from any account of the mesh: another account than the hub's reads as the hub's role trellis-<stage>-reader. Reconciles it with the producers' catalogs, from the hub's account.",
    );
  withHubOptions(catalog.command('search'))
    .summary('find tables')
    .description(
      'Finds tables by words in their names, descriptions, columns and comments (all must be there, in any case), and by what the options say.',
    )
    .argument('[words...]', 'what to look for (default: everything)')
    .option('--domain <name>', 'only this domain')
    .option('--owner <account or domain>', 'only what comes from this account or domain')
    .addOption(
      new Option('--label <label>', 'only tables with a column that has this label').choices([
        ...LEVELS,
        'pii',
        UNLABELLED,
      ]),
    )
    .option('--fresh-within <time>', 'only with new data, or a new definition, since so long (30m, 24h, 7d, 2w)')
    .option('--changed-within <time>', 'only where anything happened since so long, a quarantine too')
    .addOption(new Option('--state <state>', 'only tables in this state').choices(STATES))
    .option('--limit <n>', `stop after so many (default: ${SHOWN}, and all with --json)`, wholeNumber)
    .action((words: string[], options: SearchOptions) =>
      explainingRefusals(READING_TAKES, () => runSearch(words, options, parts)),
    );
  withHubOptions(catalog.command('show'))
    .summary('show one table')
    .description(
      'Shows a table: its columns with labels, where it comes from, its state and why, what happened to it, and who may read it, as far as that concerns your account.',
    )
    .argument('<table>', 'its name in the central catalog: <domain>_<database>.<table>')
    .action((table: string, options: HubOptions) =>
      explainingRefusals(READING_TAKES, () => runShow(table, options, parts)),
    );
  return catalog;
}

async function runSearch(words: string[], options: SearchOptions, parts: CatalogParts): Promise<void> {
  const { terminal } = parts;
  const now = parts.now();
  const query = queryOf(words, options, now);
  const limit = options.limit ?? (options.json ? Number.POSITIVE_INFINITY : SHOWN);
  const { reader, stage } = await open(options, parts);
  const tables: CatalogTable[] = [];
  let progress: SearchProgress | undefined;
  let isMore = false;
  try {
    for await (const table of searchCatalog(reader, query, told => {
      progress = told;
      terminal.progress(
        `${told.tables} tables of ${told.databases}/${told.ofDatabases} databases, ${tables.length} found`,
      );
    })) {
      isMore = tables.length === limit;
      if (isMore) break;
      tables.push(table);
    }
  } finally {
    terminal.progress('');
  }
  if (options.json) {
    terminal.out(JSON.stringify({ stage, ...reader.viewer, tables: tables.map(toJson), more: isMore }, null, 2));
    return;
  }
  if (tables.length > 0) for (const line of writeFound(terminal, tables, now)) terminal.out(line);
  terminal.err(lastLine(tables.length, isMore, progress, query));
}

function lastLine(found: number, isMore: boolean, progress: SearchProgress | undefined, query: CatalogQuery): string {
  if (isMore) return `The first ${found}; there are more. Narrow the search, or raise --limit.`;
  if (found > 0) return found === 1 ? '1 table.' : `${found} tables.`;
  if (progress !== undefined) return 'Nothing found.';
  if (query.domain !== undefined) return `The central catalog has no table of a domain ${query.domain}.`;
  return 'No database of the central catalog can be seen. Has `trellis apply` been run since this version was deployed?';
}

function queryOf(words: string[], options: SearchOptions, now: string): CatalogQuery {
  const { domain, owner, label, state, freshWithin, changedWithin } = options;
  return {
    words,
    ...(domain !== undefined && { domain: domain.toLowerCase() }),
    ...(owner !== undefined && { owner: owner.toLowerCase() }),
    ...(label !== undefined && { label }),
    ...(state !== undefined && { state }),
    ...(freshWithin !== undefined && { freshSince: instantBefore(now, '--fresh-within', freshWithin) }),
    ...(changedWithin !== undefined && { changedSince: instantBefore(now, '--changed-within', changedWithin) }),
  };
}

async function runShow(name: string, options: HubOptions, parts: CatalogParts): Promise<void> {
  const { terminal } = parts;
  const { reader, stage } = await open(options, parts);
  const shown = await showTable(reader, name);
  if (options.json) {
    const { table, grants } = shown;
    terminal.out(JSON.stringify({ stage, ...reader.viewer, table: toJson(table), grants }, null, 2));
    return;
  }
  for (const line of writeTableShown(terminal, shown, reader.viewer, parts.now())) terminal.out(line);
}

async function open(options: HubOptions, { environment, openCatalog }: CatalogParts) {
  const { connection, place } = placeOf(options, environment);
  return { reader: await openCatalog(connection, place), stage: place.stage };
}

function toJson(table: CatalogTable) {
  return { ...table, state: statesOf(table) };
}

const READING_TAKES = [
  "In the hub's account it takes an administrator of the data lake who may read Glue's catalog and the ledger's table (glue:GetDatabases, glue:GetTables, glue:GetTable, dynamodb:Query).",
  'In any other account: has `trellis apply` been run since this version was deployed? It makes the reader role a read-only administrator.',
];

function wholeNumber(written: string): number {
  if (!/^[1-9]\d{0,6}$/.test(written)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(written);
}
