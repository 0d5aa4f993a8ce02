import type { OwnFinding } from '../shared/access/access-reader.ts';
import { type AccessRequest, accountOf, isDescribeOnly } from '../shared/access/access-request.ts';
import { type CellFilter, isDescription } from '../shared/access/entitlement.ts';
import type { ComingEnd, ExplainedGrant, Explanation } from '../shared/access/explain-access.ts';
import { openExtension } from '../shared/access/open-question.ts';
import { isStanding } from '../shared/access/standing-grant.ts';
import type { Viewer } from '../shared/catalog/browse-catalog.ts';
import { type CatalogTable, statesOf } from '../shared/catalog/describe-table.ts';
import { describeExtension, reasonsOf, when, writeFacts } from './show-access.ts';
import type { Terminal } from './terminal.ts';
import { type Cell, oneLine, writeTable } from './text-table.ts';
import { minuteOf } from './times.ts';

type Look = Pick<Terminal, 'style' | 'width'>;

/** How many requests that are over are shown. */
const PAST = 3;

/** Why a principal can read what it can of a table, and what is in the way of more. */
export function writeExplanation(
  terminal: Look,
  explanation: Explanation,
  table: CatalogTable | undefined,
  viewer: Viewer,
  now: string,
): string[] {
  const { style } = terminal;
  const { grants, waiting, ending, past, ends, own } = explanation;
  return [
    style('bold', `${explanation.principal} on ${explanation.table}`),
    ...writeFacts(terminal, [...verdictOf(terminal, explanation), ...tableFacts(terminal, explanation, table)]),
    ...section(terminal, 'Grants', writeGrants(terminal, grants)),
    ...section(terminal, 'Lake Formation', writeEntry(terminal, explanation)),
    ...(grants.length > 0 ? section(terminal, 'What ends when', writeEnds(terminal, ends, grants)) : []),
    ...(waiting.length > 0
      ? section(
          terminal,
          'Waiting',
          waiting.map(one => writeWaiting(one)),
        )
      : []),
    ...(ending.length > 0
      ? section(
          terminal,
          'Being taken away',
          ending.map(one => writeEnding(one)),
        )
      : []),
    ...(past.length > 0 ? section(terminal, 'Before', writePast(past, now)) : []),
    ...(grants.length > 0 ? writeOwn(terminal, explanation, own, viewer) : []),
  ];
}

function verdictOf({ style }: Look, { wanted, describes, settlement, own }: Explanation): [string, string][] {
  if (!wanted && !describes) return [['access', style('red', 'none: nothing is granted')]];
  if (!settlement?.isSettled)
    return [
      ['access', style('yellow', 'granted; Lake Formation is being brought to it, or looked at again (each minute)')],
    ];
  if (settlement.found && !settlement.found.isGranted)
    return [
      [
        'access',
        style('red', 'granted, but somebody took it away in Lake Formation by hand: revoke the request, and ask anew'),
      ],
    ];
  const missing = own?.filter(({ state }) => state === 'missing').length ?? 0;
  if (missing > 0) return [['access', style('yellow', `granted, but its own account lacks something (below)`)]];
  if (!wanted) return [['access', style('green', `granted: ${DESCRIBED}`)]];
  return [
    ['access', style('green', 'granted')],
    ...entryFacts(wanted),
    ...(describes ? [['besides', DESCRIBED] as [string, string]] : []),
  ];
}

/** What `DESCRIBE` gives. */
const DESCRIBED = 'the description of the whole table, without its data';

function entryFacts({ columns, rowFilter }: CellFilter): [string, string][] {
  return [
    ['columns', columns.join(', ')],
    ['rows', oneLine(rowFilter ?? 'all')],
  ];
}

function tableFacts({ style }: Look, { wanted }: Explanation, table: CatalogTable | undefined): [string, string][] {
  if (!table) return [['table', style('red', 'not in the central catalog any more')]];
  const states = statesOf(table).filter(state => state !== 'in-step');
  const known = new Set(table.columns.map(({ name }) => name));
  const gone = table.isPublished ? (wanted?.columns.filter(name => !known.has(name)) ?? []) : [];
  return [
    ...(states.length > 0
      ? [['table', style('yellow', `${states.join(', ')}: trellis catalog show ${table.name}`)] as [string, string]]
      : []),
    ...(gone.length > 0
      ? [['gone', style('yellow', `granted, but no longer in the table: ${gone.join(', ')}`)] as [string, string]]
      : []),
  ];
}

function writeGrants(terminal: Look, grants: readonly ExplainedGrant[]): string[] {
  const rows = grants.map((grant): Cell[] => [
    { text: grant.requestId, format: 'bold' },
    isDescribeOnly(grant) ? 'DESCRIBE alone' : grant.columns.join(', '),
    isDescribeOnly(grant) ? 'none' : (grant.rowFilter ?? 'all'),
    grant.expiresAt === null ? 'no end' : minuteOf(grant.expiresAt),
    isStanding(grant) ? 'mesh.yml (shareBack)' : (grant.request?.purpose ?? '–'),
    isStanding(grant) ? 'none: not decided by policy' : (grant.request?.policies.join(', ') ?? '–'),
  ]);
  if (rows.length === 0) return [];
  const headings = ['request', 'columns', 'rows', 'until', 'purpose', 'let in by'];
  const columns = headings.map(heading => ({
    heading,
    ...(['columns', 'rows', 'purpose', 'let in by'].includes(heading) && { shrinks: 'first' as const }),
  }));
  const reasons = grants.flatMap(({ requestId, request }) =>
    (request ? reasonsOf(request.state) : []).map(reason => `  ${requestId}: ${oneLine(reason)}`),
  );
  return [...writeTable(terminal, columns, rows, '  '), ...reasons];
}

function writeEntry({ style }: Look, { wanted, describes, settlement }: Explanation): string[] {
  const facts: [string, string][] = wanted
    ? [['wanted', `data cells filter ${wanted.name}`], ...entryFacts(wanted)]
    : [['wanted', describes ? 'DESCRIBE on the table' : 'nothing']];
  if (wanted && describes) facts.push(['and', 'DESCRIBE on the table']);
  if (settlement) {
    const { isSettled, leaving, found } = settlement;
    facts.push([
      'settled',
      isSettled
        ? style('green', 'yes: seen so since the last change')
        : style('yellow', 'not yet: it is being brought to that, and looked at again each minute'),
    ]);
    for (const entry of leaving)
      facts.push([
        'leaving',
        style('yellow', isDescription(entry) ? 'DESCRIBE on the table' : `${entry.name} (${entry.columns.join(', ')})`),
      ]);
    if (found) {
      if (wanted || describes)
        facts.push(['found now', found.isGranted ? style('green', 'granted as wanted') : style('red', 'not granted')]);
      for (const name of found.leftOver) facts.push(['left over', style('red', `${name} is granted still`)]);
      for (const what of found.foreign)
        facts.push(['foreign', style('yellow', `${what}: Trellis did not give it, and leaves it`)]);
    }
  }
  return writeFacts({ style }, facts);
}

function writeEnds(terminal: Look, ends: readonly ComingEnd[], grants: readonly ExplainedGrant[]): string[] {
  const rows = ends.map(({ at, requestIds, lost, left, describes }): Cell[] => [
    minuteOf(at),
    requestIds.join(', '),
    lost.join(', ') || 'nothing: others give it too',
    left ? left.columns.join(', ') : describes ? 'DESCRIBE alone' : 'nothing',
  ]);
  const columns = [
    { heading: 'when' },
    { heading: 'ends', shrinks: 'last' as const },
    { heading: 'lost', shrinks: 'first' as const },
    { heading: 'left', shrinks: 'first' as const },
  ];
  return [
    ...(rows.length > 0 ? writeTable(terminal, columns, rows, '  ') : []),
    ...(grants.some(isStanding) ? ['  What mesh.yml shares back has no end.'] : []),
  ];
}

function writeWaiting(request: AccessRequest): string {
  const { requestId, state, purpose } = request;
  const extension = openExtension(request);
  if (extension) return `  ${requestId}: ${describeExtension(extension)}`;
  const until = state.status === 'waiting' ? ` until ${minuteOf(state.answerBy)}` : '';
  return `  ${requestId}: for the owner's answer${until} (${oneLine(purpose)})`;
}

function writeEnding({ requestId, state }: AccessRequest): string {
  const since = state.status === 'ending' ? `${state.cause}, since ${minuteOf(state.since)}` : '';
  return `  ${requestId}: ${since}. It may still be there.`;
}

function writePast(past: readonly AccessRequest[], now: string): string[] {
  const lines = past.slice(0, PAST).map(({ requestId, state }) => {
    if (state.status === 'denied')
      return `  ${requestId}: denied ${when(state.deniedAt, now)}: ${oneLine(state.reasons.join(' '))}`;
    return `  ${requestId}: ended${state.status === 'ended' ? ` ${when(state.endedAt, now)}: ${state.cause}` : ''}`;
  });
  const more = past.length - lines.length;
  return [...lines, ...(more > 0 ? [`  … and ${more} more: trellis access list --status all`] : [])];
}

function writeOwn(
  { style }: Look,
  { principal }: Explanation,
  own: readonly OwnFinding[] | undefined,
  { hub }: Viewer,
): string[] {
  const marks = { there: style('green', '✓'), missing: style('red', '✗'), unseen: style('yellow', '?') };
  const found = (own ?? []).flatMap(({ what, state, help }) => [
    `  ${marks[state]} ${what}`,
    ...(help === undefined ? [] : [`      ${oneLine(help)}`]),
  ]);
  if (!own) found.push(`  What it has is seen with credentials of account ${accountOf(principal)}: run this there.`);
  return section({ style }, `In account ${accountOf(principal)}`, [
    ...found,
    '  Its own policies (IAM), which are not looked at, must allow lakeformation:GetDataAccess, and glue:GetDatabase,',
    `  glue:GetTable, glue:GetTables, glue:GetPartitions on its own catalog and on that of the hub, ${hub}.`,
  ]);
}

function section({ style }: Look, heading: string, lines: readonly string[]): string[] {
  return ['', style('bold', heading), ...(lines.length > 0 ? lines : ['  none'])];
}
