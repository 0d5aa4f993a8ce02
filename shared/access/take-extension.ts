import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import type { AccessExtensionRequestedData } from '../../events/access-extension-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import { isInMesh, type Mesh } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import type { AccessRequest, Extension } from './access-request.ts';
import { decideExtension } from './decide-extension.ts';
import { decideExtensionAnswer } from './decide-extension-answer.ts';
import { meshWithout, thingsBehind } from './departures.ts';
import { measureStep } from './measure-step.ts';
import type { PairReading } from './pair-record.ts';
import { recordStep, type StepNotes } from './record-step.ts';
import { type Cause, notInMesh, refuseEvent } from './refuse-event.ts';
import type { TableDescription } from './table-description.ts';
import type { TakeServices } from './take-services.ts';

/** Takes the wish for a later end of what was granted: extends it, asks its owner, or denies it. */
export async function takeExtension(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessExtensionRequestedData,
): Promise<void> {
  const { policies, ledger, now } = services;
  const request = await ledger.loadRequest(data.requestId);
  const reading = await readForExtension(services, request);
  const { mesh, tables } = reading;
  if (!isInMesh(mesh, envelope.account)) return refuseEvent(services, envelope, cause, [notInMesh(envelope.account)]);
  const ruling = decideExtension(data, envelope.account, { mesh, policies, request, tables, now: now() });
  switch (ruling.kind) {
    case 'refused':
      return refuseEvent(services, envelope, cause, ruling.reasons);
    case 'repeated':
      // It has had its effect, and is to have none when what it repeats has been answered.
      await ledger.commit({ at: now(), cause, pairs: [], tell: [] });
      return;
    case 'decided':
      return commitStep(services, reading, request, ruling.request, { ...ruling.notes, cause });
  }
}

/** Takes an owner's answer to an extension that waits for it. */
export async function takeExtensionAnswer(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessDecisionMadeData,
  { request, extension }: { request: AccessRequest; extension: Extension },
): Promise<void> {
  const reading = await readForExtension(services, request);
  const { mesh, tables } = reading;
  const context = { mesh, policies: services.policies, request, extension, tables, now: services.now() };
  const sentAt = new Date(envelope.time).toISOString();
  const ruling = decideExtensionAnswer(data, envelope.account, sentAt, context);
  if (ruling.kind === 'refused') return refuseEvent(services, envelope, cause, ruling.reasons);
  return commitStep(services, reading, request, ruling.request, { ...ruling.notes, cause });
}

interface ExtensionReading {
  /** Without what leaves it now. */
  mesh: Mesh;
  tables: (TableDescription | undefined)[];
  pairs: PairReading[];
}

async function readForExtension(
  { mesh, ledger, catalog, leaving }: TakeServices,
  request: AccessRequest | undefined,
): Promise<ExtensionReading> {
  if (!request) return { mesh, tables: [], pairs: [] };
  const { account, domain, principal, terms } = request;
  const [tables, pairs, left] = await Promise.all([
    Promise.all(terms.map(({ table }) => catalog.describe(table))),
    Promise.all(terms.map(({ table }) => ledger.loadPair({ principal, table }))),
    leaving.among(thingsBehind(mesh, account, domain)),
  ]);
  return { mesh: left.reduce(meshWithout, mesh), tables, pairs };
}

async function commitStep(
  services: TakeServices,
  { pairs }: ExtensionReading,
  before: AccessRequest | undefined,
  request: AccessRequest,
  notes: Omit<StepNotes, 'at'>,
): Promise<void> {
  const transition = recordStep(services.mesh, request, pairs, { ...notes, at: services.now() });
  if ((await services.ledger.commit(transition)) !== 'committed') return;
  measureStep(services.measure, before, request, transition.at);
  await tell(services, transition.tell);
}
