import { type AccessRequestedData, accessRequested } from '../../events/access-requested.ts';
import type { Envelope } from '../../events/envelope.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import { isInMesh, parseCentralTable } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import { type AccessRequest, type Pair, tablesOf } from './access-request.ts';
import { decideRequest, type FoundTable, requestedTables } from './decide-request.ts';
import { columnReasons } from './decide-table.ts';
import { meshWithout, thingsBehind } from './departures.ts';
import { measureStep } from './measure-step.ts';
import type { PairReading } from './pair-record.ts';
import { recordStep } from './record-step.ts';
import { type Cause, notInMesh, refuseEvent } from './refuse-event.ts';
import type { TakeServices } from './take-services.ts';

/** What a request is decided on. */
export interface RequestReading {
  existing: AccessRequest | undefined;
  tables: (FoundTable & { pair: PairReading })[];
  /** Of the account that asks and the tables' domains, what leaves the mesh now. */
  leaving: LeavingThing[];
}

/** Begins the reads of a well-formed request, for a caller that has something else to wait for; undefined for any other event. */
export function beginReading(services: TakeServices, envelope: Envelope): Promise<RequestReading> | undefined {
  if (envelope['detail-type'] !== accessRequested.detailType) return undefined;
  const { success, data: detail } = accessRequested.detail.safeParse(envelope.detail);
  return success ? readForRequest(services, envelope.account, detail.data) : undefined;
}

async function readForRequest(
  { mesh, ledger, catalog, leaving }: TakeServices,
  account: string,
  data: AccessRequestedData,
): Promise<RequestReading> {
  const { principal } = data;
  const names = requestedTables(data);
  const domain = names.map(table => parseCentralTable(mesh, table)?.domain).find(found => found !== undefined);
  const [existing, tables, left] = await Promise.all([
    ledger.loadRequest(data.requestId),
    Promise.all(names.map(table => readTable({ catalog, ledger }, { principal, table }))),
    leaving.among(thingsBehind(mesh, account, domain)),
  ]);
  return { existing, tables, leaving: left };
}

/** What there is of a table, and what the principal has on it. */
export async function readTable(
  { catalog, ledger }: Pick<TakeServices, 'catalog' | 'ledger'>,
  pair: Pair,
): Promise<FoundTable & { pair: PairReading }> {
  const [description, reading] = await Promise.all([catalog.describe(pair.table), ledger.loadPair(pair)]);
  return { description, pair: reading };
}

/** Decides a request, records it and sets it on its way. @param begun reads of the same request that are under way already */
export async function takeRequest(
  services: TakeServices,
  envelope: Envelope,
  cause: Cause,
  data: AccessRequestedData,
  begun?: Promise<RequestReading>,
): Promise<void> {
  const { ledger, policies, processes } = services;
  const reading = await (begun ?? readForRequest(services, envelope.account, data));
  const mesh = reading.leaving.reduce(meshWithout, services.mesh);
  if (!isInMesh(mesh, envelope.account)) return refuseEvent(services, envelope, cause, [notInMesh(envelope.account)]);
  const now = services.now();
  const ruling = decideRequest(data, envelope.account, { mesh, policies, ...reading, now });
  if (ruling.kind === 'refused') return refuseEvent(services, envelope, cause, ruling.reasons);
  const { existing } = reading;
  // An earlier delivery may have recorded it and not come to start its machine.
  if (ruling.kind === 'repeated') return existing && isOpen(existing) ? processes.start(existing.requestId) : undefined;
  const { request } = ruling;
  const pairs = reading.tables.map(({ pair }) => pair);
  const transition = recordStep(mesh, request, pairs, { at: now, cause, reasons: columnReasons(ruling) });
  if ((await ledger.commit(transition)) === 'seen') return;
  measureStep(services.measure, undefined, request, now);
  await Promise.all([
    isOpen(request) ? processes.start(request.requestId, firstProvisioned(request)) : undefined,
    tell(services, transition.tell),
  ]);
}

/** Whether a machine has something to do for the request. */
function isOpen({ state }: AccessRequest): boolean {
  return state.status === 'waiting' || state.status === 'approved';
}

/** The table on which an approved request is provisioned first; undefined while it waits. */
function firstProvisioned(request: AccessRequest): string | undefined {
  return request.state.status === 'approved' ? tablesOf(request)[0] : undefined;
}
