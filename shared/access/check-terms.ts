import { type ActiveGrant, isDescribeOnly, type TableTerms } from './access-request.ts';
import { rowFilterConflict } from './entitlement.ts';
import { checkRowFilter } from './row-filter/check-row-filter.ts';
import { parseRowFilter } from './row-filter/parse-row-filter.ts';
import { RowFilterError } from './row-filter/row-filter.ts';
import { writeRowFilter } from './row-filter/write-row-filter.ts';
import type { TableDescription } from './table-description.ts';

/** The active grants of the principal on the table, to which the new one is added. */
export interface ActiveGrantsOfPair {
  grants: readonly ActiveGrant[];
}

/**
 * Checks what a grant would add: its row filter over its own columns, and that it can stand beside the principal's other grants.
 * @returns the row filter in its canonical form (null for all rows), and every problem found
 */
export function termsProblems(
  terms: TableTerms,
  rowFilterText: string | undefined,
  table: TableDescription,
  pair: ActiveGrantsOfPair,
): { rowFilter: string | null; problems: string[] } {
  const full = fullReason(terms, pair);
  if (full !== undefined) return { rowFilter: null, problems: [full] };
  if (isDescribeOnly(terms)) return { rowFilter: null, problems: [] };
  let rowFilter: string | null = null;
  if (rowFilterText !== undefined) {
    try {
      const tree = parseRowFilter(rowFilterText);
      checkRowFilter(tree, table.columns, new Set(terms.columns));
      rowFilter = writeRowFilter(tree);
    } catch (error) {
      if (error instanceof RowFilterError)
        return { rowFilter, problems: [`The row filter cannot be used: ${error.message}`] };
      throw error;
    }
  }
  const conflict = rowFilterConflict(pair.grants, rowFilter);
  if (!conflict) return { rowFilter, problems: [] };
  const other = conflict.rowFilter === null ? 'all rows' : `the rows ${conflict.rowFilter}`;
  return {
    rowFilter,
    problems: [
      `The principal has ${other} of ${terms.table} by the request ${conflict.requestId}, and Lake Formation cannot unite different rows without widening them. Ask for the same rows, for another principal, or end that request first.`,
    ],
  };
}

/** A pair and its grants are one item of the ledger, which can be 400 KB. Source: DynamoDB quotas. */
const MOST_GRANTS = 100;
/** Bytes of the grants alone: what was applied of them, and what is read again, takes about as much. */
const MOST_BYTES = 100_000;

/** Why no other grant fits beside those that the principal has on the table. */
function fullReason(terms: TableTerms, { grants }: ActiveGrantsOfPair): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify([...grants, terms]));
  if (grants.length < MOST_GRANTS && bytes <= MOST_BYTES) return undefined;
  return `The principal has ${grants.length} grants on ${terms.table} already, as many as can stand beside each other. Revoke those that are no longer needed, or let them end.`;
}
