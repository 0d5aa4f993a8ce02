import type { ReadingGrant, ShownTable, Viewer } from '../shared/catalog/browse-catalog.ts';
import { type CatalogColumn, type CatalogTable, statesOf, UNLABELLED } from '../shared/catalog/describe-table.ts';
import type { Terminal } from './terminal.ts';
import { type Cell, oneLine, writeTable } from './text-table.ts';
import { ageOf } from './times.ts';

type Look = Pick<Terminal, 'style' | 'width'>;

const NOTHING = '–';

/** What was found, a line each. */
export function writeFound(terminal: Look, tables: readonly CatalogTable[], now: string): string[] {
  const rows = tables.map((table): Cell[] => [
    { text: table.name, format: 'bold' },
    table.domain,
    table.isPublished ? String(table.columns.length) : NOTHING,
    table.labels.join(', ') || NOTHING,
    table.freshAt === undefined ? NOTHING : ageOf(table.freshAt, now),
    stateCell(table),
  ]);
  return writeTable(
    terminal,
    [
      { heading: 'table', shrinks: 'last' },
      { heading: 'domain' },
      { heading: 'columns', align: 'right' },
      { heading: 'labels', shrinks: 'first' },
      { heading: 'fresh', align: 'right' },
      { heading: 'state', shrinks: 'first' },
    ],
    rows,
  );
}

function stateCell(table: CatalogTable): Cell {
  if (!table.isPublished) return { text: 'quarantined, never published', format: 'red' };
  const states = statesOf(table);
  const format = states.includes('quarantined') ? 'red' : states.includes('missing') ? 'yellow' : 'green';
  return { text: states.join(', ').replace('in-step', 'in step'), format };
}

/** All of one table. */
export function writeTableShown(terminal: Look, { table, grants }: ShownTable, viewer: Viewer, now: string): string[] {
  const { style } = terminal;
  return [
    style('bold', table.name),
    ...(table.description ? [`  ${oneLine(table.description)}`] : []),
    '',
    ...writeFacts(terminal, table, now),
    ...section(terminal, 'Columns', writeColumns(terminal, table.columns)),
    ...section(terminal, 'Recent changes', writeChanges(terminal, table, now)),
    ...section(terminal, whoseGrants(table, viewer), writeGrants(terminal, grants)),
  ];
}

function writeFacts({ style }: Look, table: CatalogTable, now: string): string[] {
  const { source, missingSince, quarantine, freshAt, partitions: { keptOut } = { keptOut: [] } } = table;
  const account = source.account === undefined ? '' : ` of account ${source.account}`;
  const state: [string, string][] = [];
  if (missingSince !== undefined) {
    const line = `missing: gone at its source since ${when(missingSince, now)}`;
    state.push(['state', style('yellow', line)]);
  }
  if (quarantine) {
    const kept = table.isPublished ? 'its last good version is what is read' : 'it was never published';
    state.push(['state', style('red', `quarantined since ${when(quarantine.since, now)}: ${kept}`)]);
    for (const reason of quarantine.reasons) state.push(['', oneLine(reason)]);
  }
  if (keptOut.length > 0) {
    state.push(['state', style('red', 'quarantined in part: some of its partitions are kept out')]);
    for (const reason of keptOut) state.push(['', oneLine(reason)]);
  }
  const facts: [string, string][] = [
    ['domain', table.domain],
    ['source', `${source.database}.${source.table}${account}`],
    ...(table.location ? [['location', oneLine(table.location)] as [string, string]] : []),
    ...(table.isPublished
      ? [['fresh', freshAt === undefined ? 'longer ago than is remembered' : when(freshAt, now)] as [string, string]]
      : []),
    ...(state.length > 0 ? state : [['state', style('green', 'in step with its source')] as [string, string]]),
  ];
  return facts.map(([name, text]) => `  ${style('dim', name.padEnd('location'.length))}  ${text}`);
}

function writeColumns(terminal: Look, columns: readonly CatalogColumn[]): string[] {
  if (columns.length === 0) return [];
  const rows = columns.map(({ name, type, labels, isLabelled, comment = '', isPartitionKey }): Cell[] => [
    name,
    type + (isPartitionKey ? ' (partition key)' : ''),
    isLabelled ? labels.join(', ') : { text: [...labels, UNLABELLED].join(', '), format: 'yellow' },
    comment,
  ]);
  const headings = ['name', 'type', 'labels', 'comment'];
  const columnsOfText = headings.map(heading => ({
    heading,
    ...(heading !== 'labels' && { shrinks: 'first' as const }),
  }));
  return writeTable(terminal, columnsOfText, rows, '  ');
}

function writeChanges(terminal: Look, { changes, partitions }: CatalogTable, now: string): string[] {
  const all = [
    ...changes.map(({ at, kind, what }) => ({ at, kind: kind as string, what })),
    ...(partitions?.changedAt === undefined
      ? []
      : [{ at: partitions.changedAt, kind: 'partitions', what: partitions.changes }]),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
  if (all.length === 0) return [];
  const rows = all.map(({ at, kind, what }): Cell[] => [when(at, now), kind, what.join('; ')]);
  return writeTable(
    terminal,
    [{ heading: 'when' }, { heading: 'what' }, { heading: '', shrinks: 'first' }],
    rows,
    '  ',
  );
}

/** A viewer sees no more than concerns it, and is told so. */
function whoseGrants({ source }: CatalogTable, { account, hub }: Viewer): string {
  return account === hub || account === source.account ? 'Who may read it' : `Who may read it, of account ${account}`;
}

function writeGrants(terminal: Look, grants: readonly ReadingGrant[]): string[] {
  if (grants.length === 0) return [];
  const rows = grants.map(({ principal, columns, rowFilter, expiresAt, requestId, permission }): Cell[] => [
    principal,
    permission === 'DESCRIBE' ? 'DESCRIBE alone' : columns.join(', '),
    permission === 'DESCRIBE' ? 'none' : (rowFilter ?? 'all'),
    expiresAt?.slice(0, 16).replace('T', ' ') ?? 'no end',
    requestId,
  ]);
  return writeTable(
    terminal,
    [
      { heading: 'principal', shrinks: 'last' },
      { heading: 'columns', shrinks: 'first' },
      { heading: 'rows', shrinks: 'first' },
      { heading: 'until (UTC)' },
      { heading: 'request', shrinks: 'last' },
    ],
    rows,
    '  ',
  );
}

function section({ style }: Look, heading: string, lines: readonly string[]): string[] {
  return ['', style('bold', heading), ...(lines.length > 0 ? lines : ['  none'])];
}

function when(instant: string, now: string): string {
  const age = ageOf(instant, now);
  return `${instant.slice(0, 16).replace('T', ' ')} UTC (${age === 'now' ? age : `${age} ago`})`;
}
