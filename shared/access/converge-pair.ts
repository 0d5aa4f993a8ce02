import type { Measure } from '../telling/measure.ts';
import { accountOf, type Instant, laterBy, type Pair } from './access-request.ts';
import { type CellFilter, desiredFilter } from './entitlement.ts';
import type { LeaseAhead } from './lease-ahead.ts';
import { doubtAfterFault, type Lease, type Ledger, TableLockedError } from './ledger.ts';
import { afterSettling, isSettled, type PairReading, type PairRecord, withApplied } from './pair-record.ts';
import { type ActualAccess, type ConvergePlan, isEmpty, isInStep, planConverge, planGiving } from './plan-converge.ts';
import { presentGrants } from './present-grants.ts';
import type { CentralCatalog } from './table-description.ts';

/** Lake Formation in the hub, for one table's data cells filters and their grants, and grants of its description. Every change may be repeated. */
export interface LakePermissions {
  read(pair: Pair): Promise<ActualAccess>;
  createFilter(table: string, filter: CellFilter): Promise<void>;
  grant(pair: Pair, entry: CellFilter): Promise<void>;
  /** A grant that is not there counts as revoked. */
  revoke(pair: Pair, entries: readonly CellFilter[]): Promise<void>;
  /** A filter that is not there counts as deleted. @throws when it cannot be told whether it is there. */
  deleteFilter(table: string, filterName: string): Promise<void>;
}

/** The consumer's own catalog: the resource link by which its principals find the table. */
export interface ConsumerLinks {
  /** Makes the link and lets the principal see it. */
  ensure(pair: Pair): Promise<void>;
  /** Takes the principal's sight of the link; with `isLast`, the link too. */
  release(pair: Pair, isLast: boolean): Promise<void>;
}

export interface ConvergeServices {
  ledger: Ledger;
  lake: LakePermissions;
  links: ConsumerLinks;
  /** Asked only where Lake Formation makes no filter. */
  catalog: CentralCatalog;
  now(): Instant;
  /** When this process is certainly dead: a function's own time-out, and never later than the lease that it takes. */
  deadline(): Instant;
  newHolder(): string;
  /** Waits so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
  measure?: Measure;
  /** The lease that a table's first converge may begin with. */
  leaseAhead?: LeaseAhead;
}

export interface ConvergeOptions {
  /** What is granted already is revoked first: a new grant, and AWS RAM invites the account anew. For a share that nobody can use yet. */
  grantAnew?: boolean;
  /** Something is given that is most likely not there: it is given before anybody looks, however much there is on the table to look through. */
  isNew?: boolean;
  /**
   * Looks first, and does no more where the pair is settled and as it should be. Only for a caller who concludes nothing from it about a request: in the
   * middle of a transaction the pair may be read as it was before.
   */
  mayBeSettled?: boolean;
}

export interface Convergence {
  /** What Lake Formation lets the principal do on behalf of Trellis now. */
  desired: CellFilter[];
  /** The principal's access that Trellis did not give and does not touch. */
  foreign: string[];
  /** Why the consumer's link is not as it should be. The permissions in the hub are right all the same; the sweep tries again. */
  linkFault?: unknown;
}

/**
 * The one operation behind granting, narrowing, ending and repairing: makes Lake Formation give a principal exactly the union of its active
 * grants on a table, whatever was there, then looks again. Safe to run at any time, any number of times, and to lose at any point:
 * what it did not finish is unsettled, and the sweep does it again.
 *
 * @throws TableLockedError while others keep working on the table; ConvergeIncompleteError when the look-again does not find what was asked for.
 */
export async function convergePair(
  services: ConvergeServices,
  pair: Pair,
  { grantAnew = false, isNew = false, mayBeSettled = false }: ConvergeOptions = {},
): Promise<Convergence> {
  const { ledger, now } = services;
  const settled = mayBeSettled ? await lookAtSettled(services, pair) : undefined;
  if (settled) return settled;
  const lease = await takeLeaseInTurn(services, pair.table);
  try {
    if (grantAnew) await takeBackGrants(services, pair);
    const convergence = await convergeAlone(services, pair, lease, isNew);
    const isCertain = convergence.linkFault === undefined;
    await ledger.releaseLease(isCertain ? lease : { ...lease, unsureUntil: doubtAfterFault(now()) });
    return convergence;
  } catch (fault) {
    // A call that failed here, by a time-out for one, may still land: what the next holder sees may change again.
    await ledger.releaseLease({ ...lease, unsureUntil: doubtAfterFault(now()) });
    throw fault;
  }
}

/**
 * Without a lease: what others do meanwhile, they look at themselves, and until they have the pair is not settled.
 * @returns undefined where there is something to do
 */
async function lookAtSettled(services: ConvergeServices, pair: Pair): Promise<Convergence | undefined> {
  const reading = await services.ledger.loadPair(pair);
  if (!isSettled(reading.record)) return undefined;
  const plan = planConverge(reading, await services.lake.read(pair));
  if (plan.note.length > 0 || !isEmpty(plan)) return undefined;
  const { desired, foreign } = plan;
  if (foreign.length > 0) services.measure?.('ForeignPermissions', foreign.length);
  return { desired, foreign };
}

/** Many grants on one table can end in one minute: each waits for its turn rather than for the next sweep. */
async function takeLeaseInTurn(
  { ledger, now, deadline, newHolder, pause, leaseAhead }: ConvergeServices,
  table: string,
): Promise<Lease> {
  const taken = await leaseAhead?.use(table);
  if (taken) return taken;
  const holder = newHolder();
  const giveUpAt = laterBy(deadline(), -WORK_MILLISECONDS);
  for (;;) {
    try {
      return await ledger.takeLease(table, holder, now(), deadline());
    } catch (fault) {
      if (!(fault instanceof TableLockedError) || now() >= giveUpAt) throw fault;
      await pause(TURN_MILLISECONDS);
    }
  }
}

const TURN_MILLISECONDS = 250;
/** What a converge needs before its process ends: one that starts later would leave its lease, and a doubt, behind. */
const WORK_MILLISECONDS = 20_000;

/** Whoever dies after this leaves a grant that is missing, which the attempt after it puts there: its request is not provisioned yet. */
async function takeBackGrants({ ledger, lake }: ConvergeServices, pair: Pair): Promise<void> {
  const { record } = await ledger.loadPair(pair);
  const entries = Object.values(record.applied);
  if (entries.length > 0) await lake.revoke(pair, entries);
}

async function convergeAlone(
  services: ConvergeServices,
  pair: Pair,
  lease: Lease,
  isNew: boolean,
): Promise<Convergence> {
  const { ledger, lake } = services;
  const [reading, seen] = await Promise.all([ledger.loadPair(pair), isNew ? undefined : lake.read(pair)]);
  const blind = isNew ? planGiving(reading) : undefined;
  const plan = blind ?? planConverge(reading, seen ?? (await lake.read(pair)));
  // Beside the hub's calls, and awaited whatever comes of them: nothing of ours is under way when the lease is given back.
  const linking = settleLink(services, pair, plan.desired.length > 0);
  const applying = applyWhatIsThere(services, pair, reading, plan, blind !== undefined);
  const [linked, applied] = await Promise.allSettled([linking, applying]);
  if (applied.status === 'rejected') throw applied.reason;
  const linkFault = linked.status === 'rejected' ? linked.reason : undefined;
  const { record, foreign, desired } = applied.value;
  if (foreign.length > 0) services.measure?.('ForeignPermissions', foreign.length);
  const { unsureUntil } = lease;
  // Only what nobody can still change behind our back is settled; the rest the sweep looks at again.
  if (unsureUntil !== undefined && unsureUntil > services.now()) await ledger.postponePair(record, unsureUntil);
  else if (linkFault === undefined) await ledger.savePair(afterSettling(record, desired), services.now());
  return { desired, foreign, ...(linkFault !== undefined && { linkFault }) };
}

interface Applied {
  record: PairRecord;
  foreign: string[];
  desired: CellFilter[];
}

/**
 * Applies the plan; without the columns that the table has lost, where these are why Lake Formation refuses the filter: what has ended beside them must
 * not live on. While the grants last, they come back with the table's column (`redecide-table.ts`).
 */
async function applyWhatIsThere(
  services: ConvergeServices,
  pair: Pair,
  reading: PairReading,
  plan: ConvergePlan,
  isBlind: boolean,
): Promise<Applied> {
  try {
    return { ...(await applyAndLookAgain(services, pair, reading, plan, isBlind)), desired: plan.desired };
  } catch (fault) {
    const table = plan.create && (await services.catalog.describe(pair.table));
    if (!table) throw fault;
    const [{ record, grants }, actual] = await Promise.all([services.ledger.loadPair(pair), services.lake.read(pair)]);
    const present = { record, grants: presentGrants(grants, table) };
    const rest = planConverge(present, actual);
    if (desiredFilter(pair.principal, present.grants)?.name === desiredFilter(pair.principal, grants)?.name)
      throw fault;
    return { ...(await applyAndLookAgain(services, pair, present, rest)), desired: rest.desired };
  }
}

async function applyAndLookAgain(
  services: ConvergeServices,
  pair: Pair,
  reading: PairReading,
  plan: ConvergePlan,
  isBlind = false,
): Promise<{ record: PairRecord; foreign: string[] }> {
  const record = plan.note.length > 0 ? await noteApplied(services, reading, plan.note) : reading.record;
  if (isEmpty(plan)) return { record, foreign: plan.foreign };
  await apply(services, pair, plan);
  const second = planConverge({ ...reading, record }, await services.lake.read(pair));
  if (isBlind && !isEmpty(second)) return applyAndLookAgain(services, pair, { ...reading, record }, second);
  if (!isInStep(second)) throw new ConvergeIncompleteError(pair, second);
  return { record, foreign: second.foreign };
}

/** INVARIANT: the ledger knows of an entry before Lake Formation does. */
async function noteApplied({ ledger, now }: ConvergeServices, { record }: PairReading, entries: CellFilter[]) {
  const noted = withApplied(record, entries);
  await ledger.savePair(noted, now());
  return noted;
}

async function apply({ lake }: ConvergeServices, pair: Pair, plan: ConvergePlan): Promise<void> {
  if (plan.create) await lake.createFilter(pair.table, plan.create);
  for (const entry of plan.grant) await lake.grant(pair, entry);
  if (plan.revoke.length > 0) await lake.revoke(pair, plan.revoke);
  for (const filter of plan.remove) await lake.deleteFilter(pair.table, filter.name);
}

/** Never stops the hub's calls: a consumer's account that cannot be reached must not keep access alive. */
async function settleLink({ ledger, links }: ConvergeServices, pair: Pair, isWanted: boolean): Promise<void> {
  if (isWanted) await links.ensure(pair);
  else await links.release(pair, (await ledger.countGrants(accountOf(pair.principal), pair.table)) === 0);
}

export class ConvergeIncompleteError extends Error {
  override name = 'ConvergeIncompleteError';

  constructor({ principal, table }: Pair, plan: ConvergePlan) {
    const lacking = plan.create && !plan.grant.includes(plan.create) ? [plan.create, ...plan.grant] : plan.grant;
    const missing = lacking.map(({ name }) => `${name} is missing`);
    const left = plan.left.map(({ name }) => `${name} is left over`);
    super(
      `Lake Formation does not yet give ${principal} on ${table} what the ledger says: ${[...missing, ...left].join(', ')}. Trying again helps.`,
    );
  }
}
