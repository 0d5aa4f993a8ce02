import type { AccessRequestedData } from '../../events/access-requested.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { AccessRequest, Instant, TableTerms } from './access-request.ts';
import { type ActiveGrantsOfPair, termsProblems } from './check-terms.ts';
import { isColumnNamed } from './named-columns.ts';
import type { PolicyAnswer, PolicyEngine } from './policy.ts';
import { questionOf } from './question-of.ts';
import type { TableDescription } from './table-description.ts';

/** What comes of one of a request's tables. */
export type TableRuling = Pick<PolicyAnswer, 'reasons' | 'policies' | 'refusedColumns'> &
  ({ outcome: 'denied' } | { outcome: 'automatic' | 'owner'; terms: TableTerms });

/** Asks policy for one table of a request, and checks what it would add to what the principal has. Pure. */
export function decideTable(
  data: AccessRequestedData,
  request: AccessRequest,
  { description: table, pair }: { description: TableDescription; pair: ActiveGrantsOfPair },
  { mesh, policies, now }: { mesh: Mesh; policies: PolicyEngine; now: Instant },
): TableRuling {
  const isDescription = asksDescriptionOnly(data);
  const asked = table.columns.filter(({ name }) => !data.columns || isColumnNamed(data.columns, table.table, name));
  if (data.columns && asked.length === 0) {
    const reasons = [`${table.table} has none of the columns that are asked for. Leave it out.`];
    return { outcome: 'denied', reasons, policies: [], refusedColumns: [] };
  }
  const wanted: TableTerms = {
    table: table.table,
    columns: isDescription ? [] : asked.map(({ name }) => name),
    rowFilter: data.rowFilter ?? null,
    ...(isDescription && { permission: 'DESCRIBE' }),
  };
  const answer = policies.decideRequest(questionOf(request, table, wanted, { mesh, now }));
  const { policies: names, refusedColumns } = answer;
  const isNothingLeft = !isDescription && !answer.columns.some(name => asked.some(column => column.name === name));
  if (answer.outcome === 'denied' || isNothingLeft) {
    const reasons = answer.reasons.length > 0 ? answer.reasons : columnReasons(answer);
    return { outcome: 'denied', reasons, policies: names, refusedColumns };
  }
  const terms = isDescription ? wanted : { ...wanted, columns: answer.columns };
  const { problems, rowFilter } = termsProblems(terms, data.rowFilter, table, pair);
  if (problems.length > 0) return { outcome: 'denied', reasons: problems, policies: names, refusedColumns };
  const reasons = [...answer.reasons, ...columnReasons(answer)];
  return { outcome: answer.outcome, terms: { ...terms, rowFilter }, reasons, policies: names, refusedColumns };
}

/** SELECT brings its DESCRIBE: asked for both, it is that. */
export function asksDescriptionOnly({ permissions }: AccessRequestedData): boolean {
  return permissions !== undefined && !permissions.includes('SELECT');
}

/** A sentence for each column that policy kept back. */
export function columnReasons({ refusedColumns }: Pick<PolicyAnswer, 'refusedColumns'>): string[] {
  return refusedColumns.map(({ name, reasons }) => `${name}: ${reasons.join(' ')}`);
}
