import { isInMesh, type Mesh } from '../mesh/mesh.ts';
import { type AccessRequest, type Instant, isActive, isDescribeOnly } from './access-request.ts';
import { columnReasons } from './decide-table.ts';
import { type WhatIsLeft, withoutTable } from './narrow-request.ts';
import type { GrantAnswer, PolicyEngine } from './policy.ts';
import type { AccessQuestion } from './policy-question.ts';
import { hasColumn, rowFilterProblem } from './present-grants.ts';
import { questionOf } from './question-of.ts';
import type { TableDescription } from './table-description.ts';

/** By what active grants are decided again. */
export interface InForce {
  mesh: Mesh;
  policies: PolicyEngine;
}

/** What becomes of an active grant that is decided again. It never gets more than it has. */
export type Redecision =
  | { kind: 'stands' }
  /** `taken` are the columns that it has on the table and is not to have. */
  | { kind: 'narrowed'; left: Required<WhatIsLeft>; taken: string[]; reasons: string[] }
  | { kind: 'ended'; policies: string[]; reasons: string[] };

const STANDS: Redecision = { kind: 'stands' };

/**
 * Decides again the active grants of one principal on one table, in their order. Pure.
 *
 * Columns that the table no longer has give nothing, so that they alone change nothing. Where anything changes, they are taken out of all the
 * grants: Lake Formation makes no filter with a column that is not there, and what is forbidden would stay.
 */
export function decidePairAgain(
  requests: readonly AccessRequest[],
  table: TableDescription,
  inForce: InForce,
  now: Instant,
): Redecision[] {
  // To evaluate policies is most of the work, and the answer is the same for both.
  const answers = new Map<AccessRequest, GrantAnswer>();
  const answerFor = (request: AccessRequest, question: AccessQuestion) => {
    const answer = answers.get(request) ?? inForce.policies.decideAgain({ question, approver: request.approvedBy });
    answers.set(request, answer);
    return answer;
  };
  const decide = (dropsAbsent: boolean) =>
    requests.map(request => decideAgain(request, table, inForce.mesh, { now, dropsAbsent, answerFor }));
  const decided = decide(false);
  return decided.every(({ kind }) => kind === 'stands') ? decided : decide(true);
}

interface Circumstances {
  now: Instant;
  dropsAbsent: boolean;
  answerFor(request: AccessRequest, question: AccessQuestion): GrantAnswer;
}

function decideAgain(
  request: AccessRequest,
  table: TableDescription,
  mesh: Mesh,
  { now, dropsAbsent, answerFor }: Circumstances,
): Redecision {
  const terms = request.terms.find(each => each.table === table.table);
  // What has left the mesh is offboarded, and what has expired is ended, for those reasons.
  if (!terms || !isActive(request) || request.expiresAt <= now || !isInMesh(mesh, request.account)) return STANDS;
  const isThere = (name: string) => hasColumn(table, name);
  const isDescription = isDescribeOnly(terms);
  if (!isDescription && !terms.columns.some(isThere)) return STANDS;
  // For what is left of its time: as it would be granted today.
  const answer = answerFor(request, questionOf(request, table, terms, { mesh, now }));
  // Of several tables each has policies of its own.
  const decidedBy = request.terms.length > 1 ? [...request.policies, ...answer.policies] : answer.policies;
  const decided = [...new Set(decidedBy)].sort();
  const end = (reasons: string[]): Redecision => {
    const left = withoutTable(request, table.table);
    return left
      ? { kind: 'narrowed', left: { ...left, policies: decided }, taken: terms.columns, reasons: about(reasons) }
      : { kind: 'ended', policies: decided, reasons };
  };
  const about = (reasons: string[]) =>
    request.terms.length > 1 ? reasons.map(reason => `${table.table}: ${reason}`) : reasons;
  if (isDescription) return answer.reasons.length === 0 ? STANDS : end(answer.reasons);
  const isKept = (name: string) => (isThere(name) ? answer.columns.includes(name) : !dropsAbsent);
  const columns = terms.columns.filter(isKept);
  const taken = terms.columns.filter(name => !isKept(name));
  if (taken.length === 0 && answer.columns.length > 0) return STANDS;
  const reasons = [
    ...columnReasons({ refusedColumns: answer.refusedColumns.filter(({ name }) => taken.includes(name)) }),
    ...taken.filter(name => !isThere(name)).map(name => `${name}: ${table.table} no longer has it`),
  ];
  if (!columns.some(isThere)) return end(either(answer.reasons, reasons));
  const problem = rowFilterProblem({ ...terms, columns }, table);
  if (problem !== undefined) return end([...reasons, problem]);
  const left = request.terms.map(each => (each === terms ? { ...terms, columns } : each));
  return { kind: 'narrowed', left: { terms: left, policies: decided }, taken, reasons: about(reasons) };
}

function either(first: string[], second: string[]): string[] {
  return first.length > 0 ? first : second;
}
