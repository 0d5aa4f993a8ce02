import type { ActiveGrant, TableTerms } from './access-request.ts';
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
