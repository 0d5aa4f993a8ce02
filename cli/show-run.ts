import type { PartsSum } from '../shared/reconcile/add-up-parts.ts';
import type {
  Counts,
  Difference,
  HeldBack,
  PartReport,
  ReconcileRequest,
  RunReport,
} from '../shared/reconcile/reconcile-run.ts';
import type { Terminal } from './terminal.ts';
import { type Cell, oneLine, writeTable } from './text-table.ts';
import { lengthOf } from './times.ts';

type Look = Pick<Terminal, 'style' | 'width'>;

/** The kinds of differences, in the order in which they are shown. */
const KINDS: [keyof Counts, string][] = [
  ['missing', 'at its source, and not in the central catalog'],
  ['different', 'otherwise than at its source'],
  ['extra', 'in the central catalog, and gone at its source'],
  ['partitions', 'with other partitions than at its source'],
  ['quarantine', 'kept out, or no longer, without its having been told'],
  ['foreign', 'in a central database, and not made by Trellis: always left alone'],
  ['databases', 'a database described otherwise, or empty and gone at its source'],
];

/** Differences that a person is shown. */
const SHOWN = 200;

/** What a run came to. @param parts those with something to tell @param command how the stage is reconciled */
export function writeRun(terminal: Look, report: RunReport, parts: readonly PartReport[], command: string): string[] {
  const { run, request, startedAt, endedAt, databases, counts } = report;
  const { style } = terminal;
  const unknown = whyUnknown(report, parts);
  return [
    style('bold', `Run ${run}: ${describeRequest(request)}`),
    `  ${many(databases, 'database')} in ${lengthOf(startedAt, endedAt)}: ${many(counts.tables, 'table')} at the sources, ${counts.central} in the central catalog`,
    '',
    ...writeCounts(terminal, report),
    ...section(terminal, 'Differences', writeDifferences(terminal, report, parts)),
    ...section(terminal, 'Gone with their databases', writeGone(terminal, report, parts, command)),
    ...section(terminal, 'Not compared, or not wholly', writeUnread(terminal, parts)),
    '',
    unknown === undefined ? writeOutcome(terminal, report, parts) : style('yellow', unknown),
  ];
}

/** Whether nothing is left to do. A dry run has done what it was to do when it has seen everything. */
export function isAllDone(report: RunReport, parts: readonly PartReport[]): boolean {
  const { request, counts, heldBack, unread } = report;
  if (whyUnknown(report, parts) !== undefined) return false;
  return unread === 0 && (request.dryRun || (counts.left === 0 && heldBack.length === 0));
}

/** How far a run is. */
export function writeSum({ databases, counts, unread }: PartsSum): string {
  const found = differencesIn(counts);
  const parts = [
    `${many(databases, 'database')} compared`,
    many(counts.tables, 'table'),
    many(found, 'difference'),
    `${counts.repaired} repaired`,
    ...(unread > 0 ? [`${unread} not compared`] : []),
  ];
  return parts.join(', ');
}

export function describeRequest({ domain, database, dryRun, confirmRemovals, reason }: ReconcileRequest): string {
  const what =
    domain === undefined
      ? 'every domain'
      : database === undefined
        ? `domain ${domain}`
        : `database ${database} of ${domain}`;
  return [
    what,
    ...(dryRun ? ['dry run'] : []),
    ...(confirmRemovals ? ['removals confirmed'] : []),
    ...(reason === 'asked' ? [] : [reason]),
  ].join(', ');
}

function writeCounts(terminal: Look, { request, counts }: RunReport): string[] {
  const rows = KINDS.map(([kind, meaning]) => countRow(kind, counts[kind], 'yellow', meaning));
  if (counts.inferred > 0)
    rows.push(countRow('inferred', counts.inferred, 'yellow', 'gone because their whole database is'));
  const { wouldBeRepaired, left } = whatIsLeft({ request, counts });
  rows.push(
    request.dryRun
      ? countRow('would be repaired', wouldBeRepaired, 'yellow', '')
      : countRow('repaired', counts.repaired, 'green', ''),
    countRow('left', left, 'red', ''),
  );
  return writeTable(
    terminal,
    [{ heading: 'kind' }, { heading: 'count', align: 'right' }, { heading: '', shrinks: 'first' }],
    rows,
    '  ',
  );
}

function countRow(name: string, count: number, format: 'yellow' | 'green' | 'red', meaning: string): Cell[] {
  const text = String(count);
  return [name, count === 0 ? { text, format: 'dim' } : { text, format }, { text: meaning, format: 'dim' }];
}

/** A dry run counts all that it finds as left; what Trellis did not make would be left by any run. */
function whatIsLeft({ request, counts }: Pick<RunReport, 'request' | 'counts'>) {
  if (!request.dryRun) return { wouldBeRepaired: 0, left: counts.left };
  return { wouldBeRepaired: counts.left - counts.foreign, left: counts.foreign };
}

function writeDifferences(terminal: Look, { request, counts }: RunReport, parts: readonly PartReport[]): string[] {
  const kept = parts.flatMap(({ differences }) => differences);
  const shown = kept.slice(0, SHOWN);
  if (shown.length === 0) return [];
  const rows = shown.map((difference): Cell[] => [
    difference.subject,
    difference.kind,
    `${difference.expected} → ${difference.found}`,
    outcomeCell(difference, request.dryRun),
  ]);
  const [heading = '', ...lines] = writeTable(
    terminal,
    [
      { heading: 'table', shrinks: 'last' },
      { heading: 'kind' },
      { heading: 'expected → found', shrinks: 'first' },
      { heading: 'outcome' },
    ],
    rows,
    '  ',
  );
  return [
    heading,
    ...lines.flatMap((line, at) => {
      const reason = shown[at]?.reason;
      return reason === undefined ? [line] : [line, `    ${oneLine(reason)}`];
    }),
    ...writeMore(kept.length - shown.length, differencesIn(counts) - kept.length),
  ];
}

function outcomeCell({ repaired, reason }: Difference, isDryRun: boolean): Cell {
  if (repaired) return { text: 'repaired', format: 'green' };
  return isDryRun && reason === undefined
    ? { text: 'would be repaired', format: 'yellow' }
    : { text: 'left', format: 'red' };
}

function writeMore(notShown: number, notKept: number): string[] {
  return [
    ...(notShown > 0 ? [`  … and ${notShown} more: --json has them.`] : []),
    ...(notKept > 0
      ? [`  … and ${notKept} more, which are only counted: a run keeps the first 50 of a database.`]
      : []),
  ];
}

function writeGone(terminal: Look, report: RunReport, parts: readonly PartReport[], command: string): string[] {
  const gone = parts.filter(({ counts }) => counts.inferred > 0);
  if (gone.length === 0) return [];
  const databases = writeTable(
    terminal,
    [
      { heading: 'database', shrinks: 'last' },
      { heading: 'tables', align: 'right' },
    ],
    gone.map(({ domain, database, counts }) => [`${domain}.${database}`, String(counts.inferred)]),
    '  ',
  );
  return [...databases, ...writeWhatBecomes(terminal, report, command)];
}

function writeWhatBecomes({ style }: Look, { request, heldBack }: RunReport, command: string): string[] {
  if (request.dryRun && request.confirmRemovals) return ['', '  They would be let go.'];
  if (request.dryRun)
    return [
      '',
      '  They would be let go where they are not too many of their domain (caps.inferredRemovalShare), and held back otherwise.',
    ];
  const only = request.database === undefined ? '' : ` --database ${request.database}`;
  return heldBack.flatMap(({ domain, removals, ofTables }: HeldBack) => [
    '',
    `  ${style('red', '!')} ${removals} of ${many(ofTables, 'table')} of ${domain} seem to be gone: too many to be believed. None was let go, and access to them goes on.`,
    `      See whether the role trellis-spoke sees the database in the domain's account, and ask the domain. When it is really gone:`,
    `      ${command} --domain ${domain}${only} --confirm-removals`,
  ]);
}

function writeUnread({ style }: Look, parts: readonly PartReport[]): string[] {
  return parts.flatMap(({ domain, database, failure }) =>
    failure === undefined
      ? []
      : [
          `  ${style('red', '!')} ${database === '*' ? `all of ${domain}` : `${domain}.${database}`}`,
          `      ${oneLine(failure)}`,
        ],
  );
}

/** What is said of a database that was asked for by name, and that nobody has. */
function whyUnknown({ request }: RunReport, parts: readonly PartReport[]): string | undefined {
  const [part] = parts;
  if (request.database === undefined || !part || part.failure !== undefined || part.source === 'there')
    return undefined;
  if (part.counts.central > 0 || differencesIn(part.counts) > 0) return undefined;
  const why = part.source === 'gone' ? 'is neither at its source nor' : 'is none that the mesh takes in, and is not';
  return `Nothing was compared: the database ${request.database} of ${request.domain} ${why} in the central catalog.`;
}

function writeOutcome({ style }: Look, report: RunReport, parts: readonly PartReport[]): string {
  const { request, counts, heldBack, unread } = report;
  const found = differencesIn(counts);
  const notCompared = unread > 0 ? [`${many(unread, 'database')} not compared`] : [];
  if (request.dryRun) {
    const gone = counts.inferred > 0 ? [`${many(counts.inferred, 'table')} gone with their databases`] : [];
    const would =
      found === 0
        ? 'no difference'
        : `${whatIsLeft(report).wouldBeRepaired} of ${many(found, 'difference')} would be repaired`;
    return style(
      unread > 0 ? 'yellow' : 'dim',
      `Dry run: ${[would, ...gone, ...notCompared].join(', ')}. Nothing was changed.`,
    );
  }
  if (isAllDone(report, parts))
    return style('green', found === 0 ? 'Done: no difference.' : `Done: ${many(found, 'difference')}, repaired.`);
  const removals = heldBack.reduce((sum, held) => sum + held.removals, 0);
  const open = [
    ...(counts.left > 0 ? [`${many(counts.left, 'difference')} left`] : []),
    ...(removals > 0 ? [`${many(removals, 'removal')} held back`] : []),
    ...notCompared,
  ];
  return style('yellow', `Not all is done: ${open.join(', ')}; ${counts.repaired} repaired.`);
}

function section({ style }: Look, heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', style('bold', heading), ...lines];
}

function differencesIn(counts: Counts): number {
  return KINDS.reduce((sum, [kind]) => sum + counts[kind], 0);
}

function many(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count} ${thing}s`;
}
