import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import type { AccessRevocationRequestedData } from '../../events/access-revocation-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { tell } from '../telling/outbox.ts';
import { type AccessRequest, tablesOf } from './access-request.ts';
import { decideBulkRevocation } from './bulk-revocation.ts';
import { decideAnswer } from './decide-answer.ts';
import { decideRevocation } from './decide-revocation.ts';
import { meshWithout, thingsBehind } from './departures.ts';
import { unprovenReason } from './direct-decision.ts';
import { measureStep } from './measure-step.ts';
import { openExtension } from './open-question.ts';
import type { PairReading } from './pair-record.ts';
import { changedTables, recordStep, type StepNotes } from './record-step.ts';
import { type Cause, refuseEvent } from './refuse-event.ts';
import { takeExtensionAnswer } from './take-extension.ts';
import { readTable } from './take-request.ts';
import type { TakeServices } from './take-services.ts';

/** Takes an owner's answer to a request that waits for it. */
export async function takeAnswer(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessDecisionMadeData,
): Promise<void> {
  const { ledger, policies } = services;
  const request = await ledger.loadRequest(data.requestId);
  const isOwner = request !== undefined && services.mesh.domains[request.domain]?.account === envelope.account;
  const unproven = isOwner ? unprovenReason(services.mesh, request.domain, services.directDecisions) : undefined;
  if (unproven !== undefined) return refuseEvent(services, envelope, cause, [unproven]);
  const extension = request && openExtension(request);
  if (extension) return takeExtensionAnswer(services, envelope, cause, data, { request, extension });
  const behind = request ? thingsBehind(services.mesh, request.account, request.domain) : [];
  const pairs = (request?.terms ?? []).map(({ table }) => ({ principal: request?.principal ?? '', table }));
  const [tables, leaving] = await Promise.all([
    Promise.all(pairs.map(pair => readTable(services, pair))),
    services.leaving.among(behind),
  ]);
  const mesh = leaving.reduce(meshWithout, services.mesh);
  const now = services.now();
  const context = { mesh, policies, request, tables, now };
  const ruling = decideAnswer(data, envelope.account, new Date(envelope.time).toISOString(), context);
  // A repeated answer finds its question closed: the mark of its event, in the refusal's transaction, keeps that silent.
  if (ruling.kind === 'refused') await refuseEvent(services, envelope, cause, ruling.reasons);
  else {
    const given = tables
      .map(({ pair }) => pair)
      .filter(({ record }) => tablesOf(ruling.request).includes(record.table));
    await commitStep(services, request, ruling.request, given, { cause });
  }
  await wakeMachine(services, data.requestId);
}

/** Takes an immediate revocation: of one request's access, or of all that it selects. */
export async function takeRevocation(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessRevocationRequestedData,
): Promise<void> {
  const { ledger, mesh } = services;
  if (data.requestId === undefined) return takeBulkRevocation(services, envelope, cause, data);
  const request = await ledger.loadRequest(data.requestId);
  const ruling = decideRevocation(data, envelope.account, { mesh, request, now: services.now() });
  if (ruling.kind === 'refused') return refuseEvent(services, envelope, cause, ruling.reasons);
  if (ruling.kind === 'repeated') return;
  const { principal, requestId } = ruling.request;
  const isPart = ruling.notes.about === 'narrowing';
  const tables = request && isPart ? changedTables(request, ruling.request) : tablesOf(ruling.request);
  const readings = await Promise.all(tables.map(table => ledger.loadPair({ principal, table })));
  await commitStep(services, request, ruling.request, readings, { ...ruling.notes, cause });
  await Promise.all([services.processes.enforceNow(requestId), wakeMachine(services, requestId)]);
}

async function commitStep(
  services: TakeServices,
  before: AccessRequest | undefined,
  request: AccessRequest,
  readings: PairReading[],
  notes: Omit<StepNotes, 'at'>,
): Promise<void> {
  const transition = recordStep(services.mesh, request, readings, { ...notes, at: services.now() });
  if ((await services.ledger.commit(transition)) !== 'committed') return;
  measureStep(services.measure, before, request, transition.at);
  await tell(services, transition.tell);
}

/** What is to be found and ended is more than there is time for here: it is kept, and begun at once by the function that ends grants. */
async function takeBulkRevocation(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessRevocationRequestedData,
): Promise<void> {
  const ruling = decideBulkRevocation(data, envelope, cause, services.mesh);
  if (ruling.kind === 'refused') return refuseEvent(services, envelope, cause, ruling.reasons);
  const { revocation } = ruling;
  await services.ledger.commit({ at: services.now(), cause, revocation, pairs: [], tell: [] });
  // Also where an earlier delivery kept it and came no further.
  await services.processes.workNow({ kind: 'revocation', revocationId: revocation.revocationId });
}

/** The token may have been kept while the answer was being decided: read it after the commit. */
async function wakeMachine({ ledger, processes }: TakeServices, requestId: string): Promise<void> {
  const request = await ledger.loadRequest(requestId);
  if (request?.taskToken && request.state.status !== 'waiting') await processes.wake(request.taskToken);
}
