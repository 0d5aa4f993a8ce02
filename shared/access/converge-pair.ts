import type { Instant, Pair } from './access-request.ts';
import type { CellFilter } from './entitlement.ts';
import type { Lease, Ledger } from './ledger.ts';
import { afterSettling, type PairReading, withApplied } from './pair-record.ts';
import { type ActualAccess, type ConvergePlan, isInStep, planConverge } from './plan-converge.ts';

/** Lake Formation in the hub, for one table's data cells filters and their grants. Every change may be repeated. */
export interface LakePermissions {
  read(pair: Pair): Promise<ActualAccess>;
  createFilter(table: string, filter: CellFilter): Promise<void>;
  grant(pair: Pair, filter: CellFilter): Promise<void>;
  /** A grant that is not there counts as revoked. */
  revoke(pair: Pair, filters: readonly CellFilter[]): Promise<void>;
  /** A filter that is not there counts as deleted. */
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
  now(): Instant;
  /** When this process is certainly dead: a function's own time-out, and never later than the lease that it takes. */
  deadline(): Instant;
  newHolder(): string;
}

export interface Convergence {
  /** What Lake Formation lets the principal do on behalf of Trellis now; null for nothing. */
  desired: CellFilter | null;
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
 * @throws TableLockedError while another works on the table; ConvergeIncompleteError when the look-again does not find what was asked for.
 */
export async function convergePair(services: ConvergeServices, pair: Pair): Promise<Convergence> {
  const { ledger, now, deadline, newHolder } = services;
  const lease = await ledger.takeLease(pair.table, newHolder(), now(), deadline());
  try {
    return await convergeAlone(services, pair, lease);
  } finally {
    await ledger.releaseLease(lease);
  }
}

async function convergeAlone(services: ConvergeServices, pair: Pair, lease: Lease): Promise<Convergence> {
  const { ledger, lake, now } = services;
  let [reading, actual] = await Promise.all([ledger.loadPair(pair), lake.read(pair)]);
  const plan = planConverge(reading, actual);
  const linking = settleLink(services, pair, plan.desired !== null);
  if (plan.note) reading = { ...reading, record: await noteApplied(services, reading, plan.note) };
  await apply(services, pair, plan);
  if (!isInStep(plan)) actual = await lake.read(pair);
  const second = planConverge(reading, actual);
  const linkFault = await linking;
  if (!isInStep(second)) throw new ConvergeIncompleteError(pair, second);
  if (lease.unsureUntil !== undefined && lease.unsureUntil > now()) await ledger.postponePair(pair, lease.unsureUntil);
  else if (linkFault === undefined) await ledger.savePair(afterSettling(reading.record, plan.desired), now());
  return { desired: plan.desired, foreign: second.foreign, ...(linkFault !== undefined && { linkFault }) };
}

/** INVARIANT: the ledger knows of a filter before Lake Formation does. */
async function noteApplied({ ledger, now }: ConvergeServices, { record }: PairReading, filter: CellFilter) {
  const noted = withApplied(record, filter);
  await ledger.savePair(noted, now());
  return noted;
}

async function apply({ lake }: ConvergeServices, pair: Pair, plan: ConvergePlan): Promise<void> {
  if (plan.create) await lake.createFilter(pair.table, plan.create);
  if (plan.grant) await lake.grant(pair, plan.grant);
  if (plan.revoke.length > 0) await lake.revoke(pair, plan.revoke);
  for (const filter of plan.remove) await lake.deleteFilter(pair.table, filter.name);
}

/** Runs beside the hub's calls, and never stops them: a consumer's account that cannot be reached must not keep access alive. */
async function settleLink({ ledger, links }: ConvergeServices, pair: Pair, isWanted: boolean): Promise<unknown> {
  try {
    if (isWanted) await links.ensure(pair);
    else await links.release(pair, (await ledger.countGrants(accountOf(pair.principal), pair.table)) === 0);
    return undefined;
  } catch (fault) {
    return fault;
  }
}

/** The account in an IAM ARN. */
export function accountOf(principal: string): string {
  return principal.split(':')[4] ?? '';
}

export class ConvergeIncompleteError extends Error {
  override name = 'ConvergeIncompleteError';

  constructor({ principal, table }: Pair, plan: ConvergePlan) {
    const missing = plan.create || plan.grant ? `${plan.desired?.name} is missing` : '';
    const left = [...plan.revoke, ...plan.remove].map(filter => `${filter.name} is left over`);
    super(
      `Lake Formation does not yet give ${principal} on ${table} what the ledger says: ${[missing, ...new Set(left)].filter(Boolean).join(', ')}. Trying again helps.`,
    );
  }
}
