import type { AccessRevocationRequestedData } from '../../events/access-revocation-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { domainOfAccount, type Mesh, parseCentralTable } from '../mesh/mesh.ts';
import { type AccessRequest, accountOf, type Instant, type RequestState, tablesOf } from './access-request.ts';
import { narrowed, withoutTable } from './narrow-request.ts';
import type { StepNotes } from './record-step.ts';
import type { Cause } from './refuse-event.ts';

/** A revocation of all that it selects: what is kept until it is done. */
export interface BulkRevocation {
  /** From its event: `<account>#<eventId>`. */
  revocationId: string;
  /** Who sent it, and what it said. */
  cause: Cause;
  source: string;
  detailType: string;
  reason: string;
  /** The envelope's time, in whole seconds: only what was there before ends. */
  sentAt: Instant;
  /** One of the two at least. */
  principal?: string;
  table?: string;
  /** Whose requests, or requests for whose tables, it selects from: more its sender may not end. */
  among: { who: 'holder' | 'owner'; account: string };
}

export type BulkRuling = { kind: 'refused'; reasons: string[] } | { kind: 'begun'; revocation: BulkRevocation };

/**
 * Decides what a revocation by selector may end: the owner's account what there is on its tables, the holder's account what its own
 * principals have, the hub anything. Pure.
 */
export function decideBulkRevocation(
  data: AccessRevocationRequestedData,
  envelope: Pick<Envelope, 'time' | 'source' | 'detail-type'>,
  cause: Cause,
  mesh: Mesh,
): BulkRuling {
  const { principal, product, reason } = data;
  const table = data.table?.toLowerCase();
  if (product !== undefined) {
    const why = 'Products come with their contracts, which this version does not read yet.';
    return refused(`${why} Name a principal, or the product’s tables, one revocation each.`);
  }
  const among = sourceOf(cause.account, { principal, table }, mesh);
  if (typeof among === 'string') return refused(among);
  const revocation: BulkRevocation = {
    revocationId: `${cause.account}#${cause.eventId}`,
    cause,
    source: envelope.source,
    detailType: envelope['detail-type'],
    reason,
    sentAt: new Date(envelope.time).toISOString(),
    ...(principal !== undefined && { principal }),
    ...(table !== undefined && { table }),
    among,
  };
  return { kind: 'begun', revocation };
}

/** What the sender may select from, or why there is nothing. */
function sourceOf(
  sender: string,
  { principal, table }: { principal: string | undefined; table: string | undefined },
  mesh: Mesh,
): BulkRevocation['among'] | string {
  const place = table === undefined ? undefined : parseCentralTable(mesh, table);
  if (table !== undefined && !place)
    return `${table} belongs to no domain of the mesh. Tables are named <domain>_<database>.<table>.`;
  const owner = place && mesh.domains[place.domain]?.account;
  if (owner !== undefined && (sender === owner || sender === mesh.hub)) return { who: 'owner', account: owner };
  const isOwn = principal === undefined || accountOf(principal) === sender;
  if (isOwn) return { who: 'holder', account: sender };
  if (owner === undefined && sender === mesh.hub) return { who: 'holder', account: accountOf(principal) };
  if (owner === undefined && domainOfAccount(mesh, sender).length > 0) return { who: 'owner', account: sender };
  const what = table === undefined ? 'has no tables' : `does not own ${table}`;
  return `${principal} is not of account ${sender}, which ${what}: it has nothing of that to end.`;
}

/** Whether a request is one of those selected, and was made before. Whatever it is now, it has ended or is to end. */
export function isSelected(
  { principal, table, among: { who, account }, sentAt }: BulkRevocation,
  request: AccessRequest,
  mesh: Mesh,
): boolean {
  if (principal !== undefined && request.principal !== principal) return false;
  if (table !== undefined && !tablesOf(request).includes(table)) return false;
  const ofWhom = who === 'holder' ? request.account : mesh.domains[request.domain]?.account;
  const madeAt = madeAtOf(request);
  return ofWhom === account && madeAt !== undefined && wholeSecond(madeAt) <= sentAt;
}

/** When what there is of a request came to be: its question, or the decision to grant it. Undefined where there is nothing to end. */
function madeAtOf({ state }: AccessRequest): Instant | undefined {
  switch (state.status) {
    case 'waiting':
      return state.askedAt;
    case 'approved':
      return state.approvedAt;
    case 'granted':
      return state.approvedAt ?? state.grantedAt;
    case 'ending':
    case 'ended':
    case 'denied':
      return undefined;
  }
}

/**
 * A request of which all is taken back, or what it gives on one table: as it is then, and what its step is about. Undefined where there is nothing to take
 * back. Pure.
 */
export function revoked(
  request: AccessRequest,
  { reason, table }: { reason: string; table?: string | undefined },
  now: Instant,
): { request: AccessRequest; notes: Pick<StepNotes, 'about'> } | undefined {
  const after = (state: RequestState) => ({ request: { ...request, version: request.version + 1, state }, notes: {} });
  switch (request.state.status) {
    case 'approved':
    case 'granted': {
      const left = table === undefined ? undefined : withoutTable(request, table);
      if (!left) return after({ status: 'ending', cause: 'requested', since: now });
      const reasons = [`${table} was revoked: ${reason}`];
      return { request: narrowed(request, left, reasons, now), notes: { about: 'narrowing' } };
    }
    case 'waiting':
      return after({ status: 'denied', deniedAt: now, reasons: [`Withdrawn: ${reason}`] });
    case 'ending':
    case 'ended':
    case 'denied':
      return undefined;
  }
}

/** What a revocation selects, for people. */
export function selectorOf({ principal, table }: BulkRevocation): string {
  return [principal, table].filter(each => each !== undefined).join(' on ');
}

/** An envelope's time has whole seconds: what was made within the second of a revocation ends by it. */
function wholeSecond(instant: Instant): Instant {
  return `${instant.slice(0, 19)}.000Z`;
}

function refused(reason: string): BulkRuling {
  return { kind: 'refused', reasons: [reason] };
}
