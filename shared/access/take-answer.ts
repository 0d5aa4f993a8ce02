import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import type { AccessRevocationRequestedData } from '../../events/access-revocation-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { tell } from '../telling/outbox.ts';
import type { AccessRequest } from './access-request.ts';
import { decideBulkRevocation } from './bulk-revocation.ts';
import { decideAnswer } from './decide-answer.ts';
import { decideRevocation } from './decide-revocation.ts';
import { meshWithout, thingsBehind } from './departures.ts';
import { unprovenReason } from './direct-decision.ts';
import { measureStep } from './measure-step.ts';
import { openExtension } from './open-question.ts';
import type { PairReading } from './pair-record.ts';
import { recordStep } from './record-step.ts';
import { type Cause, refuseEvent } from './refuse-event.ts';
import { takeExtensionAnswer } from './take-extension.ts';
import type { TakeServices } from './take-services.ts';

/** Takes an owner's answer to a request that waits for it. */
export async function takeAnswer(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessDecisionMadeData,
): Promise<void> {
  const { ledger, catalog, policies } = services;
  const request = await ledger.loadRequest(data.requestId);
  const isOwner = request !== undefined && services.mesh.domains[request.domain]?.account === envelope.account;
  const unproven = isOwner ? unprovenReason(services.mesh, request.domain, services.directDecisions) : undefined;
  if (unproven !== undefined) return refuseEvent(services, envelope, cause, [unproven]);
  const extension = request && openExtension(request);
  if (extension) return takeExtensionAnswer(services, envelope, cause, data, { request, extension });
  const table = request?.terms[0]?.table;
  const behind = request ? thingsBehind(services.mesh, request.account, request.domain) : [];
  const [description, reading, leaving] = await Promise.all([
    table ? catalog.describe(table) : undefined,
    table && request ? ledger.loadPair({ principal: request.principal, table }) : undefined,
    services.leaving.among(behind),
  ]);
  const mesh = leaving.reduce(meshWithout, services.mesh);
  const now = services.now();
  const context = { mesh, policies, request, table: description, pair: reading ?? { grants: [] }, now };
  const ruling = decideAnswer(data, envelope.account, new Date(envelope.time).toISOString(), context);
  // A repeated answer finds its question closed: the mark of its event, in the refusal's transaction, keeps that silent.
  if (ruling.kind === 'refused') await refuseEvent(services, envelope, cause, ruling.reasons);
  else await commitStep(services, request, ruling.request, reading ? [reading] : [], cause);
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
  const { principal, requestId, terms } = ruling.request;
  const readings = await Promise.all(terms.map(({ table }) => ledger.loadPair({ principal, table })));
  await commitStep(services, request, ruling.request, readings, cause);
  await Promise.all([services.processes.enforceNow(requestId), wakeMachine(services, requestId)]);
}

async function commitStep(
  services: TakeServices,
  before: AccessRequest | undefined,
  request: AccessRequest,
  readings: PairReading[],
  cause: Cause,
): Promise<void> {
  const transition = recordStep(services.mesh, request, readings, { at: services.now(), cause });
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
