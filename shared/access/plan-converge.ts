import { type CellFilter, desiredFilter } from './entitlement.ts';
import type { PairReading } from './pair-record.ts';

/** What Lake Formation has for one principal on one table, read just now. */
export interface ActualAccess {
  /** The names of all data cells filters on the table. */
  filters: ReadonlySet<string>;
  /** The names of the filters granted to the principal, with the permissions on each. */
  granted: ReadonlyMap<string, readonly string[]>;
  /** Other permissions of the principal on the table (on the table, on columns), for people. */
  others: readonly string[];
  /** The table itself is not there, and its filters and grants with it. */
  isTableGone?: boolean;
}

/** The difference between what should be and what is, as data, in the order in which it is applied: grant the new, then revoke the old. */
export interface ConvergePlan {
  desired: CellFilter | null;
  /** Whether the desired filter must be noted as applied before the first call. */
  note: CellFilter | null;
  create: CellFilter | null;
  grant: CellFilter | null;
  /** Granted by Trellis once, no longer desired: revoked. */
  revoke: CellFilter[];
  /**
   * Filters that Trellis made, or was about to, and nobody should have any more: deleted after their grants, whether or not the list shows them.
   * A list proves no absence: one who is no administrator any more is shown less of it. To delete does.
   */
  remove: CellFilter[];
  /** Of what is to be removed, that which was seen. */
  left: CellFilter[];
  /** Access of the principal that Trellis did not give. Reported, never touched. */
  foreign: string[];
}

/** What a grant of ours carries: SELECT, with its DESCRIBE. */
export const FILTER_PERMISSIONS = ['SELECT'] as const;

/**
 * Works out what converge has to do: grants desired − actual, revokes (applied − desired) ∩ actual, and deletes the filters of applied − desired
 * until they are forgotten. Whatever else is there is foreign. Planning again after the plan was applied and settled gives an empty plan.
 */
export function planConverge({ record, grants }: PairReading, actual: ActualAccess): ConvergePlan {
  const desired = desiredFilter(record.principal, grants);
  const leftOver = Object.values(record.applied).filter(filter => filter.name !== desired?.name);
  const ours = (name: string) => name === desired?.name || Object.hasOwn(record.applied, name);
  return {
    desired,
    note: desired && !Object.hasOwn(record.applied, desired.name) ? desired : null,
    create: desired && !actual.filters.has(desired.name) ? desired : null,
    grant: desired && !hasAll(actual.granted.get(desired.name)) ? desired : null,
    revoke: leftOver.filter(filter => actual.granted.has(filter.name)),
    remove: actual.isTableGone ? [] : leftOver,
    left: leftOver.filter(filter => actual.filters.has(filter.name) || actual.granted.has(filter.name)),
    foreign: [
      ...[...actual.granted.keys()].filter(name => !ours(name)).map(name => `filter ${name}`),
      ...actual.others,
    ],
  };
}

/** Whether there is nothing to do. */
export function isEmpty(plan: ConvergePlan): boolean {
  return !plan.create && !plan.grant && plan.revoke.length === 0 && plan.remove.length === 0;
}

/** Whether a look after the plan was applied shows exactly what should be there, as far as Trellis answers for it. */
export function isInStep(plan: ConvergePlan): boolean {
  return !plan.create && !plan.grant && plan.left.length === 0;
}

function hasAll(permissions: readonly string[] | undefined): boolean {
  return permissions !== undefined && FILTER_PERMISSIONS.every(needed => permissions.includes(needed));
}
