import { type CellFilter, DESCRIPTION, desiredEntries, isDescription } from './entitlement.ts';
import type { PairReading } from './pair-record.ts';

/** What Lake Formation has for one principal on one table, read just now. */
export interface ActualAccess {
  /** The names of all data cells filters on the table. */
  filters: ReadonlySet<string>;
  /** The names of the filters granted to the principal, with the permissions on each; `DESCRIBE` on the table itself as `DESCRIPTION`. */
  granted: ReadonlyMap<string, readonly string[]>;
  /** Other permissions of the principal on the table (on the table, on columns), for people. */
  others: readonly string[];
  /** The table itself is not there, and its filters and grants with it. */
  isTableGone?: boolean;
}

/** The difference between what should be and what is, as data, in the order in which it is applied: grant the new, then revoke the old. */
export interface ConvergePlan {
  desired: CellFilter[];
  /** What of the desired must be noted as applied before the first call. */
  note: CellFilter[];
  create: CellFilter | null;
  grant: CellFilter[];
  /** Granted by Trellis once, no longer desired: revoked. */
  revoke: CellFilter[];
  /**
   * Filters that Trellis made, or was about to, and nobody should have any more: deleted after their grants, whether or not the list shows them.
   * A list proves no absence: one who is no administrator any more is shown less of it. To delete does.
   */
  remove: CellFilter[];
  /** Of what is to go, that which was seen. */
  left: CellFilter[];
  /** Access of the principal that Trellis did not give. Reported, never touched. */
  foreign: string[];
}

/** What a grant of ours carries: of a filter SELECT, with its DESCRIBE. */
export const FILTER_PERMISSIONS = ['SELECT'] as const;

export function permissionsOf(entry: Pick<CellFilter, 'name'>): readonly ('SELECT' | 'DESCRIBE')[] {
  return isDescription(entry) ? ['DESCRIBE'] : FILTER_PERMISSIONS;
}

/**
 * Works out what converge has to do: grants desired − actual, revokes (applied − desired) ∩ actual, and deletes the filters of applied − desired
 * until they are forgotten. Whatever else is there is foreign: the description too, where it was there before Trellis had to give it. Planning again after
 * the plan was applied and settled gives an empty plan.
 */
export function planConverge({ record, grants }: PairReading, actual: ActualAccess): ConvergePlan {
  const desired = desiredEntries(record.principal, grants);
  const isGranted = (entry: CellFilter) => hasAll(actual.granted.get(entry.name), permissionsOf(entry));
  const isForeign = (entry: CellFilter) =>
    isDescription(entry) && isGranted(entry) && !Object.hasOwn(record.applied, entry.name);
  const isWanted = ({ name }: CellFilter) => desired.some(entry => entry.name === name);
  const leftOver = Object.values(record.applied).filter(entry => !isWanted(entry));
  const ours = new Set([
    ...Object.keys(record.applied),
    ...desired.filter(entry => !isForeign(entry)).map(({ name }) => name),
  ]);
  const filter = desired.find(entry => !isDescription(entry));
  return {
    desired,
    note: desired.filter(entry => !Object.hasOwn(record.applied, entry.name) && !isForeign(entry)),
    create: filter && !actual.filters.has(filter.name) ? filter : null,
    grant: desired.filter(entry => !isGranted(entry)),
    revoke: leftOver.filter(({ name }) => actual.granted.has(name)),
    remove: actual.isTableGone ? [] : leftOver.filter(entry => !isDescription(entry)),
    left: leftOver.filter(({ name }) => actual.filters.has(name) || actual.granted.has(name)),
    foreign: [...[...actual.granted.keys()].filter(name => !ours.has(name)).map(foreignEntry), ...actual.others],
  };
}

/** What Trellis did not give, for people. */
function foreignEntry(name: string): string {
  return name === DESCRIPTION.name ? 'DESCRIBE on the table' : `filter ${name}`;
}

/**
 * The plan that gives the desired filter without a look at what is there, and takes nothing away; undefined where no filter is desired. One that is there
 * already is made and granted again, which changes nothing. What else there is to do, the look after it finds: the description too, which may be
 * another's.
 */
export function planGiving({ record, grants }: PairReading): ConvergePlan | undefined {
  const desired = desiredEntries(record.principal, grants);
  const filter = desired.find(entry => !isDescription(entry));
  if (!filter) return undefined;
  const note = Object.hasOwn(record.applied, filter.name) ? [] : [filter];
  return { desired, note, create: filter, grant: [filter], revoke: [], remove: [], left: [], foreign: [] };
}

/** Whether there is nothing to do. */
export function isEmpty(plan: ConvergePlan): boolean {
  return !plan.create && plan.grant.length === 0 && plan.revoke.length === 0 && plan.remove.length === 0;
}

/** Whether a look after the plan was applied shows exactly what should be there, as far as Trellis answers for it. */
export function isInStep(plan: ConvergePlan): boolean {
  return !plan.create && plan.grant.length === 0 && plan.left.length === 0;
}

function hasAll(held: readonly string[] | undefined, needed: readonly string[]): boolean {
  return held !== undefined && needed.every(permission => held.includes(permission));
}
