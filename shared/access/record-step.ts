import type { ToldData } from '../../events/told.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import {
  type AccessRequest,
  dueAt,
  type Instant,
  isDescribeOnly,
  noticeMilliseconds,
  type TableTerms,
  tablesOf,
} from './access-request.ts';
import type { PairChange, Transition } from './ledger.ts';
import { columnList } from './named-columns.ts';
import { openExtension, type Question } from './open-question.ts';
import { afterTransition, type PairReading } from './pair-record.ts';

/** What a step says beside the state it leads to. */
export interface StepNotes {
  at: Instant;
  cause?: { account: string; eventId: string };
  /** The event that asked for it together with others: kept with the step, not what makes it happen once. */
  because?: { account: string; eventId: string };
  /** What the step is about, where its state alone does not say. */
  about?: StepSubject;
  /** For `Access Granted`, `Access Narrowed`, `Access Extended` and an extension that is denied: why. */
  reasons?: string[];
  /** For an extension that is denied: which policies decided. */
  policies?: string[];
  /** For `Access Granted`: what to query. */
  links?: string[];
}

/** A question that is put or put again, what becomes of an extension, terms that are narrowed, and those that Lake Formation has followed. */
export type StepSubject = 'reminder' | 'extension-asked' | 'extension-denied' | 'extended' | 'narrowing' | 'narrowed';

/**
 * One step of a request as one transaction: its new state, what that does to the principal's grants, and the events that tell of it.
 * @param readings the pairs of the request's tables, read with it; of a narrowed request those of `changedTables`
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
    ...(notes.because && { because: notes.because }),
    ...(owner !== undefined && { owner }),
    request,
    requestDueAt: dueAt(request, noticeMilliseconds(mesh)),
    pairs: changesGrants(request, notes.about) ? readings.map(reading => pairChange(request, reading)) : [],
    tell: announcement(mesh, request, notes),
  };
}

/** Whether the step to this state adds, changes or ends grants. A granted request's grants are there since it was approved. */
export function changesGrants({ state }: AccessRequest, about?: StepSubject): boolean {
  if (state.status === 'granted') return about === 'extended' || about === 'narrowing';
  return (state.status === 'approved' && state.attempts === 0) || state.status === 'ending';
}

/** The tables on which a narrowed request has something else than before: fewer columns, or nothing. */
export function changedTables(before: AccessRequest, after: AccessRequest): string[] {
  const isSame = (terms: TableTerms) => after.terms.some(each => JSON.stringify(each) === JSON.stringify(terms));
  return before.terms.filter(terms => !isSame(terms)).map(({ table }) => table);
}

function pairChange(request: AccessRequest, before: PairReading): PairChange {
  const others = before.grants.filter(grant => grant.requestId !== request.requestId);
  const terms = request.terms.find(({ table }) => table === before.record.table);
  if (request.state.status === 'ending' || !terms)
    return { before, after: afterTransition(before.record, others), remove: request.requestId };
  const { table: _, ...entitled } = terms;
  const put = { requestId: request.requestId, ...entitled, expiresAt: request.expiresAt };
  return { before, after: afterTransition(before.record, [...others, put]), put };
}

function announcement(mesh: Mesh, request: AccessRequest, notes: StepNotes): ToldEvent[] {
  const { at, reasons = [], links = [] } = notes;
  const { requestId, principal, expiresAt, state, policies, purpose } = request;
  const owner = mesh.domains[request.domain]?.account;
  const both = owner === undefined ? [request.account] : [request.account, owner];
  const happening = [requestId, request.version];
  const access = { requestId, principal, tables: tablesOf(request), expiresAt };
  const rowFilter = request.terms[0]?.rowFilter;
  const columns = columnList(request.terms);
  const terms = {
    ...access,
    columns,
    policies,
    ...(typeof rowFilter === 'string' && { rowFilter }),
    ...(request.terms.some(isDescribeOnly) && { permissions: ['DESCRIBE' as const] }),
  };
  const ask = (
    question: Question,
    about: Pick<ToldData<'Access Approval Needed'>, 'question' | 'purpose'>,
    more = {},
  ) =>
    toldEvent('Access Approval Needed', happening, at, owner === undefined ? [] : [owner], {
      ...terms,
      ...more,
      ...about,
      answerBy: question.answerBy,
      ...(mesh.domains[request.domain]?.decisions === 'direct' && { decisions: 'direct' as const }),
      ...(notes.about === 'reminder' && { reminder: question.reminded ?? 0 }),
    });
  const extension = openExtension(request);
  if (notes.about === 'narrowed') return [toldEvent('Access Narrowed', happening, at, both, { ...terms, reasons })];
  if (notes.about === 'extended') return [toldEvent('Access Extended', happening, at, both, { ...terms, reasons })];
  if (notes.about === 'extension-denied') {
    const denial = { ...terms, reasons, policies: notes.policies ?? policies, question: 'extension' as const };
    return [toldEvent('Access Denied', happening, at, [request.account], denial)];
  }
  if (extension && (notes.about === 'extension-asked' || notes.about === 'reminder')) {
    const { expiresAt: later, policies: leftToOwner } = extension;
    const about = { question: 'extension' as const, purpose: extension.purpose };
    return [ask(extension, about, { expiresAt: later, policies: leftToOwner })];
  }
  switch (state.status) {
    case 'waiting':
      return [ask(state, { question: 'request', purpose })];
    case 'approved':
      return [];
    case 'granted':
      if (state.narrowing) return [];
      return state.expiringToldAt === undefined
        ? [toldEvent('Access Granted', happening, at, both, { ...terms, reasons, links })]
        : [toldEvent('Access Expiring', happening, at, [request.account], access)];
    case 'ending':
      return [];
    case 'ended':
      return [
        toldEvent('Access Revoked', happening, at, both, {
          ...access,
          // What it dropped, and was not told of before, too.
          tables: [...access.tables, ...(request.dropped ?? [])],
          cause: state.cause,
          ...(state.reasons && { reasons: state.reasons, policies }),
        }),
      ];
    case 'denied':
      return [toldEvent('Access Denied', happening, at, [request.account], { ...terms, reasons: state.reasons })];
  }
}
