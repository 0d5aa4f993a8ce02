import { type ActiveGrant, isDescribeOnly, type TableTerms } from './access-request.ts';
import { checkRowFilter } from './row-filter/check-row-filter.ts';
import { parseRowFilter } from './row-filter/parse-row-filter.ts';
import { RowFilterError } from './row-filter/row-filter.ts';
import type { TableDescription } from './table-description.ts';

/**
 * The grants without what the table no longer has: Lake Formation makes no filter with a column that is not there. One that is left with no column, or whose
 * rows are chosen by a column that is gone, gives nothing.
 */
export function presentGrants(grants: readonly ActiveGrant[], table: TableDescription): ActiveGrant[] {
  return grants
    .map(grant => ({ ...grant, columns: grant.columns.filter(name => hasColumn(table, name)) }))
    .filter(
      grant => isDescribeOnly(grant) || (grant.columns.length > 0 && rowFilterProblem(grant, table) === undefined),
    );
}

/** Why a row filter cannot be used. It goes by columns that the grant itself reads; to leave it out would widen the rows. */
export function rowFilterProblem(
  { columns, rowFilter }: Pick<TableTerms, 'columns' | 'rowFilter'>,
  table: TableDescription,
): string | undefined {
  if (rowFilter === null) return undefined;
  try {
    checkRowFilter(parseRowFilter(rowFilter), table.columns, new Set(columns));
    return undefined;
  } catch (error) {
    if (!(error instanceof RowFilterError)) throw error;
    return `Its row filter, ${rowFilter}, cannot be used any more: ${error.message}`;
  }
}

export function hasColumn(table: TableDescription, name: string): boolean {
  return table.columns.some(column => column.name === name);
}
