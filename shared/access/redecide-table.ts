import { fewReasons } from '../telling/told-event.ts';
import { type AccessRequest, type Instant, isActive, laterBy } from './access-request.ts';
import { decidePairAgain, type InForce, type Redecision } from './decide-again.ts';
import { DECIDED_BEFORE_MILLISECONDS } from './departures.ts';
import { type EnforceServices, enforceRequest, inTurn, takeStep } from './enforce-request.ts';
import { desiredFilter } from './entitlement.ts';
import { narrowed } from './narrow-request.ts';
import { isSettled, type PairReading } from './pair-record.ts';
import { presentGrants } from './present-grants.ts';
import { isStanding } from './standing-grant.ts';
import type { CentralCatalog, TableDescription } from './table-description.ts';

/** A table whose active grants are to be decided again, taken by this worker. */
export interface TakenTable {
  table: string;
  /** This call's own: a later call has another. */
  mark: string;
  /** What is decided from then on rests on what was changed: only a look that begins later finds all. */
  certainAt: Instant;
  /** Where an earlier worker ran out of time. */
  look?: Look;
}

/** A look at all of a table's grants that takes several workers. */
export interface Look {
  /** Only what it then found, or what came later, is decided by what is in force. */
  beganAt: Instant;
  /** The last principal that it came to; undefined before the first. */
  reached: string | undefined;
  /** Somebody's grants could not be decided: it is not the last look. */
  hasFailed: boolean;
}

/** Where the ledger keeps which tables' grants are to be decided again. */
export interface CalledTables {
  /** Has the grants on tables decided again from `dueAt` on; not for the last time before `certainAt`, nor before that of an earlier call. */
  callFor(tables: readonly string[], dueAt: Instant, certainAt: Instant): Promise<void>;
  /** Takes a table up, to be handed over again at `until`; undefined when nothing is called for. */
  take(table: string, until: Instant): Promise<TakenTable | undefined>;
  /** Nothing is due for it any more, unless it was called for or taken since. */
  finish(taken: TakenTable): Promise<void>;
  /** Goes on with a look at `dueAt`, or from the beginning, unless it was called for or taken since. */
  putOff(taken: TakenTable, dueAt: Instant, look?: Look): Promise<void>;
}

export interface RedecideServices extends EnforceServices {
  calledTables: CalledTables;
  catalog: CentralCatalog;
  /** The mesh and the policies as they are kept at this moment, not as they were a minute ago. */
  inForce(): Promise<InForce>;
}

/**
 * The labels of a table may have changed: its grants are decided again, now and once more when nobody can still be deciding by the labels before.
 * Throws as `redecideTable`.
 */
export async function labelsChanged(services: RedecideServices, table: string): Promise<void> {
  const now = services.now();
  await services.calledTables.callFor([table], now, laterBy(now, DECIDED_BEFORE_MILLISECONDS));
  await redecideTable(services, table);
}

/**
 * Decides again every active grant on a table, by the policies and the labels that are there now: what is no longer allowed is taken out of it or
 * ends it. Safe to repeat, twice at once, and to lose at any point: the table stays due until a look that began late enough came to its end.
 *
 * Order, and why: first every grant takes its step in the ledger, which is quick; each is due from then on, so that the sweep hands it over. Lake
 * Formation follows, here as far as there is time.
 *
 * @throws the fault of the ledger, the catalog, or of what makes the policies ready: trying again helps.
 */
export async function redecideTable(services: RedecideServices, table: string): Promise<void> {
  const { calledTables, catalog, now } = services;
  const lookedAt = now();
  const taken = await calledTables.take(table, laterBy(lookedAt, CLAIM_MILLISECONDS));
  if (!taken) return;
  // Read after it was taken: whoever changes policies or labels calls for the table afterwards.
  const [inForce, description] = await Promise.all([services.inForce(), catalog.describe(table)]);
  const changed: string[] = [];
  const { beganAt, ...before } = taken.look ?? { beganAt: lookedAt, reached: undefined, hasFailed: false };
  let { reached, hasFailed } = before;
  if (description && Object.hasOwn(inForce.mesh.domains, description.domain)) {
    const stopAt = laterBy(services.deadline(), -SPARE_MILLISECONDS);
    const by = { table: description, inForce };
    let isBegun = false;
    for await (const page of services.ledger.pairsOf(table, reached)) {
      let next = 0;
      // To decide takes this processor's time: the time is looked at before each.
      const worker = async () => {
        while (next < page.length && !(isBegun && now() >= stopAt)) {
          isBegun = true;
          const outcome = await redecidePair(services, page[next++]!, by);
          changed.push(...outcome.changed);
          hasFailed ||= outcome.hasFailed;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      reached = page[next - 1]?.record.principal ?? reached;
      if (now() >= stopAt) return calledTables.putOff(taken, now(), { beganAt, reached, hasFailed });
    }
  }
  if (hasFailed) await calledTables.putOff(taken, laterBy(now(), AGAIN_MILLISECONDS));
  else if (beganAt >= taken.certainAt) await calledTables.finish(taken);
  else await calledTables.putOff(taken, taken.certainAt);
  await follow(services, changed);
}

/** Longer than the function's own time: two of them at once do no harm, only the same. */
const CLAIM_MILLISECONDS = 120_000;
const AGAIN_MILLISECONDS = 60_000;
const AT_ONCE = 8;
/** What the decisions that are begun may take; more than a converge does. */
const SPARE_MILLISECONDS = 25_000;

interface PairOutcome {
  /** Requests that took a step. */
  changed: string[];
  hasFailed: boolean;
}

/** What fails is reported, and keeps nobody else's grants from being decided. */
async function redecidePair(
  services: RedecideServices,
  { record, grants }: PairReading,
  { table, inForce }: { table: TableDescription; inForce: InForce },
): Promise<PairOutcome> {
  const ids = grants.filter(grant => !isStanding(grant)).map(({ requestId }) => requestId);
  const changed: string[] = [];
  try {
    // One after the other, each on a new reading: they write the same record.
    await inTurn(services, async () => {
      const loaded = await Promise.all(ids.map(id => services.ledger.loadRequest(id)));
      const requests = loaded.filter(request => request !== undefined).filter(isActive);
      for (const [index, redecision] of decidePairAgain(requests, table, inForce, services.now()).entries()) {
        const request = requests[index];
        if (!request || redecision.kind === 'stands') continue;
        await stepDown(services, request, redecision);
        changed.push(request.requestId);
      }
    });
    // What a table lost, and its grants still name, is given again when it is back; while it is not settled it is due anyhow.
    if (changed.length === 0 && isSettled(record) && !givesAllThatIsThere({ record, grants }, table))
      await services.ledger.postponePair(record, services.now());
    return { changed, hasFailed: false };
  } catch (fault) {
    services.report(`The grants of ${record.principal} on ${record.table} could not be decided again`, fault);
    return { changed, hasFailed: true };
  }
}

function givesAllThatIsThere({ record, grants }: PairReading, table: TableDescription): boolean {
  const wanted = desiredFilter(record.principal, presentGrants(grants, table));
  return wanted === null || Object.hasOwn(record.applied, wanted.name);
}

async function stepDown(
  services: EnforceServices,
  request: AccessRequest,
  redecision: Exclude<Redecision, { kind: 'stands' }>,
): Promise<void> {
  const at = services.now();
  const { reasons } = redecision;
  if (redecision.kind === 'narrowed') {
    await takeStep(services, request, narrowed(request, redecision.left, reasons, at), { at, about: 'narrowing' });
    return;
  }
  const state = { status: 'ending' as const, cause: 'policy' as const, since: at, reasons: fewReasons(reasons) };
  const after = { ...request, policies: redecision.policies, state, version: request.version + 1 };
  await takeStep(services, request, after, { at });
}

/** What is not reached, or fails, the sweep hands over by itself. */
async function follow(services: EnforceServices, requestIds: readonly string[]): Promise<void> {
  const stopAt = laterBy(services.deadline(), -SPARE_MILLISECONDS);
  for (const requestId of new Set(requestIds)) {
    if (services.now() >= stopAt) return;
    try {
      await enforceRequest(services, requestId);
    } catch (fault) {
      services.report(`What was decided again of ${requestId} is taken away with the next sweep`, fault);
    }
  }
}
