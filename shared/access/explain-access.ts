import type { AccessReader, OwnFinding } from './access-reader.ts';
import {
  type AccessRequest,
  type ActiveGrant,
  type Instant,
  isDescribeOnly,
  type Pair,
  tablesOf,
} from './access-request.ts';
import { type CellFilter, DESCRIPTION, desiredEntries, desiredFilter, isDescription } from './entitlement.ts';
import { openExtension } from './open-question.ts';
import { isSettled, type PairReading } from './pair-record.ts';
import { type ActualAccess, permissionsOf } from './plan-converge.ts';
import { isStanding } from './standing-grant.ts';

/** An active grant, with the request that it comes from; a standing one comes from none. */
export interface ExplainedGrant extends ActiveGrant {
  request?: AccessRequest;
}

/** What is left for a principal when a grant has ended. */
export interface ComingEnd {
  at: Instant;
  /** The requests that end then. */
  requestIds: string[];
  /** The columns, and `DESCRIBE`, that nothing else gives. */
  lost: string[];
  /** Undefined: no data is left. */
  left?: CellFilter;
  /** Whether a grant of the description alone is left. */
  describes: boolean;
}

/** How the one entry in Lake Formation stands to what is wanted. */
export interface Settlement {
  /** Seen in Lake Formation as it is wanted, since the last change. */
  isSettled: boolean;
  /** Entries that Trellis put there, or was about to, and that are to go. */
  leaving: CellFilter[];
  /** What was found there just now; only the hub can look. */
  found?: { isGranted: boolean; leftOver: string[]; foreign: string[] };
}

/** Why a principal can read of a table what it can, and why not more. */
export interface Explanation extends Pair {
  grants: ExplainedGrant[];
  /** What the grants come to: the one data cells filter that Lake Formation is to have. Undefined: no data. */
  wanted?: CellFilter;
  /** Whether a grant of the description alone is among them. */
  describes: boolean;
  settlement?: Settlement;
  ends: ComingEnd[];
  /** Requests that wait for the owner, for access or for a later end. */
  waiting: AccessRequest[];
  /** Requests whose access is being taken away. */
  ending: AccessRequest[];
  /** What was denied or has ended, the latest first. */
  past: AccessRequest[];
  /** Of the principal's own account; undefined where it cannot be seen from the caller's, and where nothing is granted. */
  own?: OwnFinding[];
}

/** Reads what the ledger, and Lake Formation where the viewer may look, have of a principal on a table. */
export async function readExplanation(
  reader: AccessReader,
  pair: Pair,
  look?: (pair: Pair) => Promise<OwnFinding[]>,
): Promise<Explanation> {
  const [reading, actual, requests] = await Promise.all([
    reader.pair(pair),
    reader.actual(pair),
    requestsOf(reader, pair),
  ]);
  const explanation = explainPair(pair, reading, requests, actual);
  // Who is granted nothing needs nothing there.
  const own = explanation.grants.length > 0 ? await look?.(pair) : undefined;
  return { ...explanation, ...(own && { own }) };
}

async function requestsOf(reader: AccessReader, { principal, table }: Pair): Promise<AccessRequest[]> {
  const found: AccessRequest[] = [];
  for await (const page of reader.requests())
    found.push(...page.filter(request => request.principal === principal && tablesOf(request).includes(table)));
  return found;
}

/** Pure. @param requests all of the principal on the table */
export function explainPair(
  { principal, table }: Pair,
  reading: PairReading | undefined,
  requests: readonly AccessRequest[],
  actual: ActualAccess | undefined,
): Explanation {
  const active = [...(reading?.grants ?? [])].sort((a, b) => (endOf(a) < endOf(b) ? -1 : 1));
  const wanted = desiredFilter(principal, active);
  const of = (...statuses: string[]) => requests.filter(({ state }) => statuses.includes(state.status));
  return {
    principal,
    table,
    grants: active.map(grant => {
      const request = requests.find(({ requestId }) => requestId === grant.requestId);
      return { ...grant, ...(request && { request }) };
    }),
    ...(wanted && { wanted }),
    describes: active.some(isDescribeOnly),
    ...(reading && { settlement: settlementOf(reading, entriesToFind(reading), actual) }),
    ends: comingEnds(principal, active),
    waiting: requests.filter(request => request.state.status === 'waiting' || openExtension(request)),
    ending: of('ending'),
    past: of('denied', 'ended').sort((a, b) => (overSince(a) > overSince(b) ? -1 : 1)),
  };
}

/** What is to be found in Lake Formation: of a table that has lost columns it was brought to less than the grants say. */
function entriesToFind({ record, grants }: PairReading): CellFilter[] {
  const wanted = desiredEntries(record.principal, grants);
  if (!isSettled(record)) return wanted;
  return [...Object.values(record.applied).filter(entry => !isDescription(entry)), ...wanted.filter(isDescription)];
}

function settlementOf(
  { record }: PairReading,
  wanted: readonly CellFilter[],
  actual: ActualAccess | undefined,
): Settlement {
  const isWanted = (name: string) => wanted.some(entry => entry.name === name);
  const leaving = Object.values(record.applied).filter(({ name }) => !isWanted(name));
  if (!actual) return { isSettled: isSettled(record), leaving };
  const held = (name: string) => actual.granted.get(name) ?? [];
  const isOurs = (name: string) => name in record.applied || isWanted(name);
  return {
    isSettled: isSettled(record),
    leaving,
    found: {
      isGranted: wanted.every(entry => permissionsOf(entry).every(permission => held(entry.name).includes(permission))),
      leftOver: leaving.map(({ name }) => name).filter(name => held(name).length > 0),
      foreign: [
        ...actual.others,
        ...[...actual.granted]
          .filter(([name]) => !isOurs(name))
          .map(([name, held]) => `${held.join(', ')} on the ${name === DESCRIPTION.name ? 'table' : `filter ${name}`}`),
      ],
    },
  };
}

/** What ends when, and what is left then. Grants that end at one instant end together. */
export function comingEnds(principal: string, active: readonly ActiveGrant[]): ComingEnd[] {
  const instants = [...new Set(active.map(({ expiresAt }) => expiresAt).filter(at => at !== null))].sort();
  return instants.map(at => {
    const ending = active.filter(grant => grant.expiresAt === null || grant.expiresAt >= at);
    const staying = ending.filter(grant => grant.expiresAt !== at);
    const before = desiredFilter(principal, ending);
    const left = desiredFilter(principal, staying);
    const describes = staying.some(isDescribeOnly);
    const lost = (before?.columns ?? []).filter(name => !left?.columns.includes(name));
    return {
      at,
      requestIds: active.filter(({ expiresAt }) => expiresAt === at).map(({ requestId }) => requestId),
      lost: [...lost, ...(ending.some(isDescribeOnly) && !describes ? [DESCRIPTION.name] : [])],
      ...(left && { left }),
      describes,
    };
  });
}

/** Standing grants, which have no end, come last. */
function endOf(grant: ActiveGrant): string {
  return `${isStanding(grant) ? 1 : 0}${grant.expiresAt ?? ''}${grant.requestId}`;
}

function overSince({ state }: AccessRequest): Instant {
  if (state.status === 'denied') return state.deniedAt;
  return state.status === 'ended' ? state.endedAt : '';
}
