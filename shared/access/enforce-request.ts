import type { EndCause } from '../../events/told.ts';
import type { Domain, Mesh } from '../mesh/mesh.ts';
import { type Announcer, type Outbox, tell } from '../telling/outbox.ts';
import { toldEvent } from '../telling/told-event.ts';
import {
  type AccessRequest,
  type Instant,
  isActive,
  laterBy,
  noticeMilliseconds,
  type RequestState,
  tablesOf,
} from './access-request.ts';
import { type ConvergeServices, convergePair } from './converge-pair.ts';
import { goesOn } from './decide-extension.ts';
import { leaseAhead } from './lease-ahead.ts';
import { LedgerConflictError, TableLockedError } from './ledger.ts';
import { measureStep } from './measure-step.ts';
import { narrowed, withoutDropped, withoutTable } from './narrow-request.ts';
import { type NextStep, nextStep } from './next-step.ts';
import { offboardingStep, whatLeft } from './offboarding-step.ts';
import { afterReminder, openExtension, withoutExtension } from './open-question.ts';
import { type ProvisionServices, provision } from './provision.ts';
import { changedTables, changesGrants, recordStep, type StepNotes } from './record-step.ts';

export interface EnforceServices extends ConvergeServices, ProvisionServices {
  mesh: Mesh;
  /** Domains that have left the mesh and are not gone yet: told of what becomes of their grants. */
  leavingDomains?: Record<string, Domain>;
  /** Accounts of which the same holds. */
  leavingAccounts?: readonly string[];
  /** Tells a state machine that waits for an answer that there will be none. */
  wake?(taskToken: string): Promise<void>;
  outbox: Outbox;
  announcer: Announcer;
  /** For operators: a fault that is dealt with by trying again later. */
  report(message: string, fault: unknown): void;
}

/** Where a request stands after all that was due has been done, for a state machine to go on from. */
export interface RequestProgress {
  requestId: string;
  status: RequestState['status'] | 'unknown';
  /** When something is next due; empty when nothing ever is. */
  waitUntil: Instant | '';
}

/**
 * Does all that is due for a request: denies what nobody answered, provisions what was approved, tells of a coming end, ends and takes away
 * what has expired. State machines call it when their waits end, the sweep when they do not; repeating it changes nothing.
 *
 * @param table where the caller expects that this one's permissions change: its lease is taken while the request is read
 * @throws TableLockedError, LedgerConflictError, ConvergeIncompleteError, or the fault of a service: trying again helps.
 */
export async function enforceRequest(
  services: EnforceServices,
  requestId: string,
  table?: string,
): Promise<RequestProgress> {
  if (table === undefined) return inTurn(services, () => doAllDue(services, requestId));
  const ahead = leaseAhead(services, table);
  try {
    return await inTurn(services, () => doAllDue({ ...services, leaseAhead: ahead }, requestId));
  } finally {
    await ahead.giveBack();
  }
}

/**
 * The first step alone of a request whose account or domain has left: it is denied, or gives nothing any more. Taking away what it gave is
 * due then, at once. Errors as `enforceRequest`.
 */
export async function beginOffboarding(services: EnforceServices, requestId: string): Promise<void> {
  await inTurn(services, async () => {
    const request = await services.ledger.loadRequest(requestId);
    const step = request && whatLeft(services.mesh, request) !== undefined ? offboardingStep(request) : undefined;
    if (request && (step?.kind === 'deny-left' || step?.kind === 'end-left')) await take(services, request, step.kind);
  });
}

/** Does a step, and does it again on a new reading where another was quicker. */
export async function inTurn<T>(services: Pick<EnforceServices, 'pause'>, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (fault) {
      // Grants of one principal on one table that end together write the same record: each in its turn, on a new reading.
      if (!(fault instanceof LedgerConflictError) || attempt === CONFLICT_ATTEMPTS) throw fault;
      await services.pause(CONFLICT_MILLISECONDS * attempt);
    }
  }
}

/** Ends what a request gave, for another reason than its end, and takes it away. One that is not active is left as it is. Errors as `enforceRequest`. */
export async function endRequest(services: EnforceServices, requestId: string, cause: EndCause): Promise<void> {
  const request = await services.ledger.loadRequest(requestId);
  if (request && isActive(request)) {
    const since = services.now();
    await moveTo(services, request, { status: 'ending', cause, since }, { at: since });
  }
  await enforceRequest(services, requestId);
}

const CONFLICT_ATTEMPTS = 12;
const CONFLICT_MILLISECONDS = 50;

async function doAllDue(services: EnforceServices, requestId: string): Promise<RequestProgress> {
  for (let request = await services.ledger.loadRequest(requestId); request; ) {
    const hasLeft = whatLeft(services.mesh, request) !== undefined;
    const step = hasLeft
      ? offboardingStep(request)
      : nextStep(request, services.now(), noticeMilliseconds(services.mesh));
    if (step.kind === 'wait') return { requestId, status: request.state.status, waitUntil: step.until ?? '' };
    request = await take(services, request, step.kind);
  }
  return { requestId, status: 'unknown', waitUntil: '' };
}

type DueStep = Exclude<NextStep['kind'], 'wait'>;

async function take(services: EnforceServices, request: AccessRequest, step: DueStep): Promise<AccessRequest> {
  const now = services.now();
  switch (step) {
    case 'deny-unanswered': {
      const reasons = [`Nobody of ${request.domain} answered in time.`];
      return moveTo(services, request, { status: 'denied', deniedAt: now, reasons }, { at: now });
    }
    case 'deny-extension': {
      const reasons = [`Nobody of ${request.domain} answered in time.`, goesOn(request)];
      const { state } = withoutExtension(request);
      const policies = openExtension(request)?.policies ?? [];
      return moveTo(services, request, state, { at: now, about: 'extension-denied', reasons, policies });
    }
    case 'remind':
      return moveTo(services, request, afterReminder(request, now).state, { at: now, about: 'reminder' });
    case 'deny-left': {
      const reasons = [`${whatLeft(services.mesh, request)} has left the mesh.`];
      const denied = await moveTo(services, request, { status: 'denied', deniedAt: now, reasons }, { at: now });
      if (request.taskToken !== undefined) await services.wake?.(request.taskToken);
      return denied;
    }
    case 'end-left':
      return moveTo(services, request, { status: 'ending', cause: 'offboarded', since: now }, { at: now });
    case 'provision':
      return provisionOrRetry(services, request);
    case 'tell-expiring': {
      if (request.state.status !== 'granted') throw new TypeError('Only granted access expires.');
      return moveTo(services, request, { ...request.state, expiringToldAt: now }, { at: now });
    }
    case 'narrow': {
      if (request.state.status !== 'granted' || !request.state.narrowing) throw new TypeError('Nothing is narrowed.');
      const { narrowing, ...state } = request.state;
      await convergeAll(services, request, tablesOf(request));
      return moveTo(services, withoutDropped(request), state, {
        at: services.now(),
        about: 'narrowed',
        reasons: narrowing.reasons,
      });
    }
    case 'end':
      return moveTo(services, request, { status: 'ending', cause: 'expired', since: now }, { at: now });
    case 'withdraw': {
      if (request.state.status !== 'ending') throw new TypeError('Only what is ending is withdrawn.');
      await convergeAll(services, request, tablesOf(request));
      const endedAt = services.now();
      const { cause, reasons } = request.state;
      const ended = { status: 'ended' as const, cause, endedAt, ...(reasons && { reasons }) };
      return moveTo(services, request, ended, { at: endedAt });
    }
  }
}

/** Those that it has dropped too. Each table by itself: one that cannot be worked on keeps nothing alive on another. @throws the first fault */
async function convergeAll(
  services: EnforceServices,
  { principal, dropped = [] }: AccessRequest,
  tables: readonly string[],
): Promise<void> {
  const all = [...tables, ...dropped];
  const outcomes = await Promise.allSettled(all.map(table => convergePair(services, { principal, table })));
  const failed = outcomes.find(outcome => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

function moveTo(
  services: EnforceServices,
  request: AccessRequest,
  state: RequestState,
  notes: StepNotes,
): Promise<AccessRequest> {
  return takeStep(services, request, { ...request, state, version: request.version + 1 }, notes);
}

/** Commits a request's step, with what that does to its grants, and tells of it. @throws LedgerConflictError */
export async function takeStep(
  services: EnforceServices,
  request: AccessRequest,
  after: AccessRequest,
  notes: StepNotes,
): Promise<AccessRequest> {
  const changed = notes.about === 'narrowing' ? changedTables(request, after) : tablesOf(request);
  const pairs = changesGrants(after, notes.about) ? changed : [];
  const readings = await Promise.all(
    pairs.map(table => services.ledger.loadPair({ principal: request.principal, table })),
  );
  const transition = recordStep(tellingMesh(services), after, readings, notes);
  await services.ledger.commit(transition);
  measureStep(services.measure, request, after, transition.at);
  await tell(services, transition.tell);
  return after;
}

/** Ends what a request gives on one table: all of it where that is its only one. One that is not active is left as it is. Errors as `enforceRequest`. */
export async function endOnTable(
  services: EnforceServices,
  requestId: string,
  table: string,
  { cause, reason }: { cause: EndCause; reason: string },
): Promise<void> {
  const request = await services.ledger.loadRequest(requestId);
  const left = request && withoutTable(request, table);
  if (!left) return endRequest(services, requestId, cause);
  const at = services.now();
  // Another may have taken it from the request meanwhile.
  if (isActive(request) && tablesOf(request).includes(table))
    await takeStep(services, request, narrowed(request, left, [reason], at), { at, about: 'narrowing' });
  await enforceRequest(services, requestId);
}

/** As it tells: the owner of what leaves is told to the end. */
function tellingMesh({ mesh, leavingDomains }: EnforceServices): Mesh {
  return leavingDomains ? { ...mesh, domains: { ...leavingDomains, ...mesh.domains } } : mesh;
}

/** Provisions; a failure is kept with the request, which is tried again later and later, and told once it is no passing one. */
async function provisionOrRetry(services: EnforceServices, request: AccessRequest): Promise<AccessRequest> {
  if (request.state.status !== 'approved') throw new TypeError('Only an approved request is provisioned.');
  let links: string[];
  try {
    await convergeAll(services, request, []);
    ({ links } = await provision(services, request));
  } catch (fault) {
    // Another is at work on the same thing, which says nothing about the provisioning.
    if (fault instanceof TableLockedError || fault instanceof LedgerConflictError) throw fault;
    return recordFailure(services, request, request.state, fault);
  }
  const at = services.now();
  const { approvedAt, reasons } = request.state;
  const state = { status: 'granted' as const, grantedAt: at, approvedAt, ...(reasons.length > 0 && { reasons }) };
  return moveTo(services, withoutDropped(request), state, { at, reasons, links });
}

async function recordFailure(
  services: EnforceServices,
  request: AccessRequest,
  state: Extract<RequestState, { status: 'approved' }>,
  fault: unknown,
): Promise<AccessRequest> {
  services.report(`Provisioning ${request.requestId} failed`, fault);
  const at = services.now();
  const attempts = state.attempts + 1;
  const retryAt = laterBy(at, Math.min(FIRST_RETRY_MILLISECONDS * 2 ** state.attempts, LAST_RETRY_MILLISECONDS));
  const failed: AccessRequest = { ...request, state: { ...state, attempts, retryAt }, version: request.version + 1 };
  const told = toldEvent('Access Provisioning Failed', [request.requestId, failed.version], at, [request.account], {
    requestId: request.requestId,
    principal: request.principal,
    tables: tablesOf(request),
    step: fault instanceof Error ? fault.name : 'unknown',
    reasons: [fault instanceof Error ? fault.message : String(fault)],
    retryAt,
  });
  // A share that takes some seconds to arrive is no news.
  const tells = attempts < FAILURES_UNTOLD ? [] : [told];
  await services.ledger.commit({ ...recordStep(tellingMesh(services), failed, [], { at }), tell: tells });
  if (tells.length > 0) services.measure?.('ProvisioningFailures', 1);
  await tell(services, tells);
  return failed;
}

const FIRST_RETRY_MILLISECONDS = 5_000;
const LAST_RETRY_MILLISECONDS = 3_600_000;
const FAILURES_UNTOLD = 3;
