import type { Mesh } from '../mesh/mesh.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import { type AccessRequest, dueAt, type Instant, noticeMilliseconds, tablesOf } from './access-request.ts';
import type { PairChange, Transition } from './ledger.ts';
import { afterTransition, type PairReading } from './pair-record.ts';

/** What a step says beside the state it leads to. */
export interface StepNotes {
  at: Instant;
  cause?: { account: string; eventId: string };
  /** For `Access Granted`, `Access Narrowed` and `Access Denied`: why. */
  reasons?: string[];
  /** For `Access Granted`: what to query. */
  links?: string[];
  /** Lake Formation has followed narrowed terms: `Access Narrowed`. */
  hasNarrowed?: boolean;
}

/**
 * One step of a request as one transaction: its new state, what that does to the principal's grants, and the events that tell of it.
 * @param readings the pairs of the request's tables, read with it
 */
export function recordStep(
  mesh: Mesh,
  request: AccessRequest,
  readings: readonly PairReading[],
  notes: StepNotes,
): Transition {
  const owner = mesh.domains[request.domain]?.account;
  return {
    at: notes.at,
    ...(notes.cause && { cause: notes.cause }),
    ...(owner !== undefined && { owner }),
    request,
    requestDueAt: dueAt(request, noticeMilliseconds(mesh)),
    pairs: changesGrants(request) ? readings.map(reading => pairChange(request, reading)) : [],
    tell: announcement(mesh, request, notes),
  };
}

/** Whether the step to this state adds, narrows or ends grants. A granted request's grants are there since it was approved. */
export function changesGrants({ state }: AccessRequest): boolean {
  if (state.status === 'granted') return state.narrowing !== undefined;
  return (state.status === 'approved' && state.attempts === 0) || state.status === 'ending';
}

function pairChange(request: AccessRequest, before: PairReading): PairChange {
  const others = before.grants.filter(grant => grant.requestId !== request.requestId);
  if (request.state.status === 'ending') {
    return { before, after: afterTransition(before.record, others), remove: request.requestId };
  }
  const terms = request.terms.find(({ table }) => table === before.record.table);
  if (!terms) throw new TypeError(`The request ${request.requestId} has no terms for ${before.record.table}.`);
  const { columns, rowFilter } = terms;
  const put = { requestId: request.requestId, columns, rowFilter, expiresAt: request.expiresAt };
  return { before, after: afterTransition(before.record, [...others, put]), put };
}

function announcement(
  mesh: Mesh,
  request: AccessRequest,
  { at, reasons = [], links = [], hasNarrowed }: StepNotes,
): ToldEvent[] {
  const { requestId, principal, expiresAt, state, policies, purpose } = request;
  const owner = mesh.domains[request.domain]?.account;
  const both = owner === undefined ? [request.account] : [request.account, owner];
  const happening = [requestId, request.version];
  const access = { requestId, principal, tables: tablesOf(request), expiresAt };
  const rowFilter = request.terms[0]?.rowFilter;
  const columns = request.terms.flatMap(terms => terms.columns);
  const terms = { ...access, columns, policies, ...(typeof rowFilter === 'string' && { rowFilter }) };
  const why = state.status === 'ended' && state.reasons ? { reasons: state.reasons, policies } : {};
  switch (state.status) {
    case 'waiting':
      return [
        toldEvent('Access Approval Needed', happening, at, owner === undefined ? [] : [owner], {
          ...terms,
          purpose,
          question: 'request',
          answerBy: state.answerBy,
        }),
      ];
    case 'approved':
      return [];
    case 'granted':
      if (state.narrowing) return [];
      if (hasNarrowed) return [toldEvent('Access Narrowed', happening, at, both, { ...terms, reasons })];
      return state.expiringToldAt === undefined
        ? [toldEvent('Access Granted', happening, at, both, { ...terms, reasons, links })]
        : [toldEvent('Access Expiring', happening, at, [request.account], access)];
    case 'ending':
      return [];
    case 'ended':
      return [toldEvent('Access Revoked', happening, at, both, { ...access, cause: state.cause, ...why })];
    case 'denied':
      return [toldEvent('Access Denied', happening, at, [request.account], { ...terms, reasons: state.reasons })];
  }
}
