import { createHash } from 'node:crypto';
import { type ActiveGrant, isDescribeOnly } from './access-request.ts';
import { isStanding } from './standing-grant.ts';

/**
 * What Trellis puts into Lake Formation for one principal on one table: a data cells filter with explicit columns and one row predicate,
 * granted to the principal. Never "all but", and never data by a plain table grant, so forms never conflict and a later column is not exposed.
 */
export interface CellFilter {
  /** From the content, so that equal entitlements are one filter and a filter never changes its meaning. */
  name: string;
  columns: string[];
  rowFilter: string | null;
}

/**
 * `DESCRIBE` on the table itself, which shows its description and none of its data. It stands among the filters under a name that none of them has, and
 * like them it is Trellis's only where the ledger's `applied` says so.
 */
export const DESCRIPTION: CellFilter = { name: 'DESCRIBE', columns: [], rowFilter: null };

export function isDescription({ name }: Pick<CellFilter, 'name'>): boolean {
  return name === DESCRIPTION.name;
}

/** Marks the filters that Trellis made. A name alone proves nothing: the ledger's `applied` does. */
export const FILTER_PREFIX = 'trellis-';

/** All that gives a principal exactly the union of its active grants on a table: `desiredFilter`, and the description where a grant is of that. */
export function desiredEntries(principal: string, grants: readonly ActiveGrant[]): CellFilter[] {
  const filter = desiredFilter(principal, grants);
  return [...(filter ? [filter] : []), ...(grants.some(isDescribeOnly) ? [DESCRIPTION] : [])];
}

/**
 * The one filter that gives exactly the union of the active grants of data of one principal on one table; null when there are none. A standing grant is
 * all of the table as it is now: whatever requests give beside it is in it, or no longer in the table.
 *
 * @throws RowFiltersDifferError when the grants' row predicates are not the same: Lake Formation cannot express that union without widening it.
 *   Deciding a request keeps this from happening (`rowFilterConflict`).
 */
export function desiredFilter(principal: string, all: readonly ActiveGrant[]): CellFilter | null {
  const grants = all.filter(grant => !isDescribeOnly(grant));
  const standing = grants.find(isStanding);
  if (standing) return cellFilter(principal, standing.columns, null);
  const first = grants[0];
  if (!first) return null;
  const differing = grants.find(grant => grant.rowFilter !== first.rowFilter);
  if (differing) throw new RowFiltersDifferError(first.requestId, differing.requestId);
  return cellFilter(principal, [...new Set(grants.flatMap(grant => grant.columns))], first.rowFilter);
}

/** A filter named by what it allows to whom. The order of the columns does not matter. */
export function cellFilter(principal: string, columns: readonly string[], rowFilter: string | null): CellFilter {
  const sorted = [...columns].sort();
  const digest = createHash('sha256')
    .update(JSON.stringify([principal, sorted, rowFilter]))
    .digest('hex');
  return { name: FILTER_PREFIX + digest.slice(0, 32), columns: sorted, rowFilter };
}

/** The active grant whose row predicate differs from the one asked for, if any. A standing one, and one without data, stand beside every other. */
export function rowFilterConflict(grants: readonly ActiveGrant[], rowFilter: string | null): ActiveGrant | undefined {
  return grants.find(grant => !isStanding(grant) && !isDescribeOnly(grant) && grant.rowFilter !== rowFilter);
}

class RowFiltersDifferError extends Error {
  override name = 'RowFiltersDifferError';

  constructor(one: string, other: string) {
    super(
      `The active grants ${one} and ${other} of one principal on one table have different row filters, which Lake Formation cannot unite. End one of them.`,
    );
  }
}
