import { isPiiPurpose, type Mesh, teamsOfAccount } from '../mesh/mesh.ts';
import { type AccessRequest, type Instant, isDescribeOnly, type TableTerms } from './access-request.ts';
import type { AccessQuestion } from './policy-question.ts';
import { ownName, type TableDescription } from './table-description.ts';

/**
 * What policy is asked for one table of a request, as it stands or as it would be: for the columns that are read with all partition keys, or for all of them where the
 * description alone is given; for the days from now to its end.
 */
export function questionOf(
  { principal, account, purpose, expiresAt }: Pick<AccessRequest, 'principal' | 'account' | 'purpose' | 'expiresAt'>,
  table: TableDescription,
  terms: Pick<TableTerms, 'columns' | 'rowFilter' | 'permission'>,
  { mesh, now }: { mesh: Mesh; now: Instant },
): AccessQuestion {
  const isRead = (name: string) => isDescribeOnly(terms) || terms.columns.includes(name);
  return {
    principal,
    account,
    teams: teamsOfAccount(mesh, account),
    domain: table.domain,
    database: table.database,
    table: ownName(table),
    columns: table.columns.filter(column => column.isPartitionKey || isRead(column.name)),
    purpose,
    durationDays: (Date.parse(expiresAt) - Date.parse(now)) / DAY,
    permission: terms.permission ?? 'SELECT',
    hasRowFilter: terms.rowFilter !== null,
    isPiiPurpose: isPiiPurpose(mesh, purpose),
  };
}

const DAY = 86_400_000;
