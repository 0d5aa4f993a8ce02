import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import { accessDecisionMade } from '../../events/access-decision-made.ts';
import { accessRequested } from '../../events/access-requested.ts';
import { accessRevocationRequested } from '../../events/access-revocation-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { isInMesh, type Mesh } from '../mesh/mesh.ts';
import { type Announcer, type Outbox, tell } from '../telling/outbox.ts';
import { toldEvent } from '../telling/told-event.ts';
import type { AccessRequest, Instant, Pair } from './access-request.ts';
import { decideAnswer } from './decide-answer.ts';
import { columnReasons, decideRequest, requestedTable } from './decide-request.ts';
import { decideRevocation } from './decide-revocation.ts';
import { type Ledger, LedgerConflictError } from './ledger.ts';
import { newPair, type PairReading } from './pair-record.ts';
import type { PolicyEngine } from './policy.ts';
import { recordStep } from './record-step.ts';
import type { CentralCatalog } from './table-description.ts';

/** The state machines that show a request's way and keep its time. */
export interface Processes {
  /** Starts the request's machine; one that runs, or ran, under the request's id is left alone. */
  start(requestId: string): Promise<void>;
  /** Tells a waiting machine to go on. A token that is used or out of time counts as told. */
  wake(taskToken: string): Promise<void>;
  /** Has what is due for a request done at once, without waiting for its machine or the sweep. */
  enforceNow(requestId: string): Promise<void>;
}

export interface TakeServices {
  mesh: Mesh;
  policies: PolicyEngine;
  ledger: Ledger;
  catalog: CentralCatalog;
  outbox: Outbox;
  announcer: Announcer;
  processes: Processes;
  now(): Instant;
}

type Cause = { account: string; eventId: string };

/**
 * Takes one event of source `trellis.access` and does what it asks, once: whatever is wrong with it is answered, never thrown.
 * @throws the fault of a service: the event is delivered again.
 */
export async function takeAccessEvent(services: TakeServices, envelope: Envelope): Promise<void> {
  const cause = { account: envelope.account, eventId: eventIdOf(envelope) };
  for (let attempt = 1; ; attempt++) {
    try {
      return await dispatch(services, envelope, cause);
    } catch (fault) {
      if (!(fault instanceof LedgerConflictError) || attempt === CONFLICT_ATTEMPTS) throw fault;
    }
  }
}

const CONFLICT_ATTEMPTS = 5;

async function dispatch(services: TakeServices, envelope: Envelope, cause: Cause): Promise<void> {
  if (!isInMesh(services.mesh, envelope.account))
    return refuse(services, envelope, cause, [`Account ${envelope.account} is not in the mesh.`]);
  switch (envelope['detail-type']) {
    case accessRequested.detailType:
      return parsed(services, envelope, cause, accessRequested.detail, detail =>
        takeRequest(services, envelope, cause, detail.data),
      );
    case accessDecisionMade.detailType:
      return parsed(services, envelope, cause, accessDecisionMade.detail, detail =>
        takeAnswer(services, envelope, cause, detail.data),
      );
    case accessRevocationRequested.detailType:
      return parsed(services, envelope, cause, accessRevocationRequested.detail, detail =>
        takeRevocation(services, envelope, cause, detail.data),
      );
    default:
      return refuse(services, envelope, cause, [
        `${envelope['detail-type']} is no event that Trellis takes from ${envelope.source}.`,
      ]);
  }
}

async function parsed<T extends z.ZodMiniType>(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  schema: T,
  take: (detail: z.infer<T>) => Promise<void>,
): Promise<void> {
  const result = schema.safeParse(envelope.detail);
  if (result.success) return take(result.data);
  const reasons = result.error.issues.map(issue => `${issue.path.join('.') || 'detail'}: ${issue.message}`);
  return refuse(services, envelope, cause, reasons);
}

async function takeRequest(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: z.infer<typeof accessRequested.detail>['data'],
): Promise<void> {
  const { ledger, catalog, mesh, policies, processes } = services;
  const table = requestedTable(data);
  const pair: Pair = { principal: data.principal, table: table ?? '' };
  const [existing, description, reading] = await Promise.all([
    ledger.loadRequest(data.requestId),
    table ? catalog.describe(table) : undefined,
    table ? ledger.loadPair(pair) : ({ record: newPair(pair), grants: [] } satisfies PairReading),
  ]);
  const now = services.now();
  const ruling = decideRequest(data, envelope.account, {
    mesh,
    policies,
    existing,
    table: description,
    pair: reading,
    now,
  });
  if (ruling.kind === 'refused') return refuse(services, envelope, cause, ruling.reasons);
  if (ruling.kind === 'repeated') return existing && isOpen(existing) ? processes.start(existing.requestId) : undefined;
  const { request } = ruling;
  const reasons = columnReasons(ruling);
  if (request.state.status === 'approved') request.state.reasons = [...request.state.reasons, ...reasons];
  const transition = recordStep(mesh, request, [reading], { at: now, cause, reasons });
  if ((await ledger.commit(transition)) === 'seen') return;
  await Promise.all([
    isOpen(request) ? processes.start(request.requestId) : undefined,
    tell(services, transition.tell),
  ]);
}

/** Whether a machine has something to do for the request. */
function isOpen({ state }: AccessRequest): boolean {
  return state.status === 'waiting' || state.status === 'approved';
}

async function takeAnswer(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: z.infer<typeof accessDecisionMade.detail>['data'],
): Promise<void> {
  const { ledger, catalog, mesh, policies } = services;
  const request = await ledger.loadRequest(data.requestId);
  const table = request?.terms[0]?.table;
  const [description, reading] = await Promise.all([
    table ? catalog.describe(table) : undefined,
    table && request ? ledger.loadPair({ principal: request.principal, table }) : undefined,
  ]);
  const now = services.now();
  const context = { mesh, policies, request, table: description, pair: reading ?? { grants: [] }, now };
  const ruling = decideAnswer(data, envelope.account, new Date(envelope.time).toISOString(), context);
  // A repeated answer finds its question closed: the mark of its event, in the refusal's transaction, keeps that silent.
  if (ruling.kind === 'refused') await refuse(services, envelope, cause, ruling.reasons);
  else await commitStep(services, ruling.request, reading ? [reading] : [], cause);
  await wakeMachine(services, data.requestId);
}

async function takeRevocation(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: z.infer<typeof accessRevocationRequested.detail>['data'],
): Promise<void> {
  const { ledger, mesh } = services;
  const request = data.requestId === undefined ? undefined : await ledger.loadRequest(data.requestId);
  const ruling = decideRevocation(data, envelope.account, { mesh, request, now: services.now() });
  if (ruling.kind === 'refused') return refuse(services, envelope, cause, ruling.reasons);
  if (ruling.kind === 'repeated') return;
  const { principal, requestId, terms } = ruling.request;
  const readings = await Promise.all(terms.map(({ table }) => ledger.loadPair({ principal, table })));
  await commitStep(services, ruling.request, readings, cause);
  await Promise.all([services.processes.enforceNow(requestId), wakeMachine(services, requestId)]);
}

async function commitStep(
  services: TakeServices,
  request: AccessRequest,
  readings: PairReading[],
  cause: Cause,
): Promise<void> {
  const transition = recordStep(services.mesh, request, readings, { at: services.now(), cause });
  if ((await services.ledger.commit(transition)) === 'committed') await tell(services, transition.tell);
}

/** The token may have been kept while the answer was being decided: read it after the commit. */
async function wakeMachine({ ledger, processes }: TakeServices, requestId: string): Promise<void> {
  const request = await ledger.loadRequest(requestId);
  if (request?.taskToken && request.state.status !== 'waiting') await processes.wake(request.taskToken);
}

async function refuse(services: TakeServices, envelope: Envelope, cause: Cause, reasons: string[]): Promise<void> {
  const { account, source } = envelope;
  const at = services.now();
  const data = (envelope.detail as { data?: { requestId?: unknown } } | null)?.data;
  const accounts = isInMesh(services.mesh, account) ? [account] : [];
  const told = toldEvent('Event Refused', [cause.account, cause.eventId], at, accounts, {
    account,
    source,
    detailType: envelope['detail-type'],
    eventId: cause.eventId,
    ...(typeof data?.requestId === 'string' && { requestId: data.requestId.slice(0, 64) }),
    reasons,
  });
  if ((await services.ledger.commit({ at, cause, pairs: [], tell: [told] })) === 'committed')
    await tell(services, [told]);
}

/** The sender's `eventId`; an event without one is known by what it says, so that repeating it stays silent. Never by its envelope's id. */
export function eventIdOf({ detail, 'detail-type': detailType }: Envelope): string {
  const eventId = (detail as { metadata?: { eventId?: unknown } } | null)?.metadata?.eventId;
  if (typeof eventId === 'string' && eventId.length > 0 && eventId.length <= 128) return eventId;
  return createHash('sha256')
    .update(JSON.stringify([detailType, detail]))
    .digest('hex')
    .slice(0, 32);
}
