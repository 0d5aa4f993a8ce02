import type { AccessEvent, AccessStep } from '../shared/access/access-reader.ts';
import {
  type AccessRequest,
  type Extension,
  isDescribeOnly,
  type RequestState,
  tablesOf,
} from '../shared/access/access-request.ts';
import type { RequestAt } from '../shared/access/list-access.ts';
import { linkDatabase } from '../shared/access/provision.ts';
import type { Format, Terminal } from './terminal.ts';
import { type Cell, oneLine, writeTable } from './text-table.ts';
import { ageOf, minuteOf } from './times.ts';

type Look = Pick<Terminal, 'style' | 'width'>;

/** What others may see of a request: its fingerprint and its version are the ledger's own. */
export function requestToJson(request: AccessRequest | RequestAt): RequestAt {
  const { requestId, account, principal, domain, purpose, terms, expiresAt, policies, state } = request;
  return { requestId, account, principal, domain, purpose, terms, expiresAt, policies, state };
}

/** Requests, a line for each. */
export function writeAccess(terminal: Look, requests: readonly RequestAt[]): string[] {
  const rows = requests.map((request): Cell[] => [
    { text: request.requestId, format: 'bold' },
    statusCell(request.state),
    request.principal,
    request.terms.map(({ table }) => table).join(', ') || '–',
    columnsOf(request),
    rowsOf(request),
    request.expiresAt.slice(0, 16).replace('T', ' '),
  ]);
  return writeTable(
    terminal,
    [
      { heading: 'request', shrinks: 'last' },
      { heading: 'status' },
      { heading: 'principal', shrinks: 'last' },
      { heading: 'table', shrinks: 'last' },
      { heading: 'columns', shrinks: 'first' },
      { heading: 'rows', shrinks: 'first' },
      { heading: 'until (UTC)' },
    ],
    rows,
  );
}

const FORMATS: Record<RequestState['status'], Format> = {
  waiting: 'yellow',
  approved: 'yellow',
  granted: 'green',
  ending: 'yellow',
  ended: 'dim',
  denied: 'red',
};

function statusCell(state: RequestState): Cell {
  const { status } = state;
  if (status === 'granted' && state.extension) return { text: 'granted; extension waits', format: 'yellow' };
  return { text: 'cause' in state ? `${status}: ${state.cause}` : status, format: FORMATS[status] };
}

function columnsOf({ terms }: Pick<RequestAt, 'terms'>): string {
  if (terms.some(isDescribeOnly)) return 'DESCRIBE alone';
  return [...new Set(terms.flatMap(({ columns }) => columns))].join(', ') || '–';
}

function rowsOf({ terms }: Pick<RequestAt, 'terms'>): string {
  if (terms.some(isDescribeOnly)) return 'none';
  return [...new Set(terms.map(({ rowFilter }) => rowFilter ?? 'all'))].join('; ') || '–';
}

/** All of one request. */
export function writeRequest({ style }: Look, request: AccessRequest, now: string): string[] {
  const { requestId, principal, domain, purpose, policies, state, expiresAt } = request;
  const facts: [string, string][] = [
    ['status', style(FORMATS[state.status], describeState(request, now))],
    ...reasonsOf(state).map((reason, at): [string, string] => [at === 0 ? 'because' : '', oneLine(reason)]),
    ['principal', principal],
    ['tables', tablesOf(request).join(', ') || '–'],
    ['columns', columnsOf(request)],
    ['rows', oneLine(rowsOf(request))],
    ['purpose', oneLine(purpose)],
    ['until', minuteOf(expiresAt)],
    ...(state.status === 'granted' && state.extension
      ? [['later end', style('yellow', describeExtension(state.extension))] as [string, string]]
      : []),
    ['domain', domain || '–'],
    ['policies', policies.join(', ') || 'none'],
    ...(state.status === 'granted' ? [['query', tablesOf(request).map(linkOf).join(', ')] as [string, string]] : []),
  ];
  return [style('bold', requestId), ...writeFacts({ style }, facts)];
}

/** Names and what they say, under each other. */
export function writeFacts({ style }: Pick<Look, 'style'>, facts: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, text]) => `  ${style('dim', name.padEnd(width))}  ${text}`);
}

function linkOf(table: string): string {
  const [database = '', name = ''] = table.split('.');
  return `${linkDatabase(database)}.${name}`;
}

function describeState({ state }: AccessRequest, now: string): string {
  switch (state.status) {
    case 'waiting':
      return `waiting for the owner, until ${minuteOf(state.answerBy)}; then it is denied`;
    case 'approved':
      return state.attempts === 0
        ? 'approved, and being provisioned'
        : `approved; provisioning failed ${state.attempts} times, and is tried again at ${minuteOf(state.retryAt)}`;
    case 'granted':
      return `granted ${when(state.grantedAt, now)}${state.extendedAt ? `, extended ${when(state.extendedAt, now)}` : ''}`;
    case 'ending':
      return `ending: ${state.cause}. It is being taken away since ${minuteOf(state.since)}, and may still be there`;
    case 'ended':
      return `ended ${when(state.endedAt, now)}: ${state.cause}`;
    case 'denied':
      return `denied ${when(state.deniedAt, now)}`;
  }
}

/** A later end that the owner is asked for. */
export function describeExtension({ expiresAt, answerBy, purpose }: Extension): string {
  return `${minuteOf(expiresAt)} is asked for (${oneLine(purpose)}), and waits for the owner until ${minuteOf(answerBy)}`;
}

/** When something was, and how long ago. */
export function when(instant: string, now: string): string {
  const age = ageOf(instant, now);
  return `${minuteOf(instant)} (${age === 'now' ? age : `${age} ago`})`;
}

export function reasonsOf(state: RequestState): string[] {
  return 'reasons' in state ? (state.reasons ?? []) : [];
}

/** What a request has been through. */
export function writeSteps(terminal: Look, steps: readonly AccessStep[]): string[] {
  const rows = steps.map((step): Cell[] => [
    minuteOf(step.at),
    statusCell(step.state),
    columnsOf(step),
    rowsOf(step),
    minuteOf(step.expiresAt),
    reasonsOf(step.state).join(' '),
  ]);
  const columns = [
    { heading: 'when' },
    { heading: 'status' },
    { heading: 'columns', shrinks: 'first' as const },
    { heading: 'rows', shrinks: 'first' as const },
    { heading: 'until' },
    { heading: 'because', shrinks: 'first' as const },
  ];
  return ['', terminal.style('bold', 'Steps'), ...writeTable(terminal, columns, rows, '  ')];
}

/** The event that a dry run does not put. */
export function writeEvent(
  { style }: Look,
  { detailType, data }: AccessEvent,
  { account, hub, stage }: { account: string; hub: string; stage: string },
  isDirect: boolean,
): string[] {
  const bus = isDirect || account === hub ? `the hub's bus trellis-${stage}` : 'its default bus';
  return [
    style('bold', detailType),
    ...JSON.stringify(data, null, 2)
      .split('\n')
      .map(line => `  ${line}`),
    style('dim', `Dry run: account ${account} would put it on ${bus}. Nothing was put.`),
  ];
}
