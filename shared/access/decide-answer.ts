import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import { isInMesh, type Mesh } from '../mesh/mesh.ts';
import { fewReasons } from '../telling/told-event.ts';
import { type AccessRequest, type Instant, isDescribeOnly, type TableTerms } from './access-request.ts';
import { termsProblems } from './check-terms.ts';
import { type FoundTable, missingReason } from './decide-request.ts';
import { columnReasons } from './decide-table.ts';
import { isColumnNamed, unknownColumns } from './named-columns.ts';
import type { Question } from './open-question.ts';
import type { PolicyEngine } from './policy.ts';
import { questionOf } from './question-of.ts';
import type { TableDescription } from './table-description.ts';

export interface AnswerContext {
  mesh: Mesh;
  policies: PolicyEngine;
  request: AccessRequest | undefined;
  /** The request's tables, in the order of its terms. */
  tables: readonly FoundTable[];
  now: Instant;
}

export type AnswerRuling =
  | { kind: 'refused'; reasons: string[] }
  /** The request as it is once answered: approved or denied. */
  | { kind: 'answered'; request: AccessRequest };

/** Decides what an owner's answer does. Pure. `account` and `sentAt` are the envelope's: what the event proves. */
export function decideAnswer(
  data: AccessDecisionMadeData,
  account: string,
  sentAt: Instant,
  context: AnswerContext,
): AnswerRuling {
  const { mesh, request, now } = context;
  // One answer for "no such request" and "not yours": an account learns nothing about requests that do not concern it.
  if (!request || mesh.domains[request.domain]?.account !== account) {
    return refused(`No request ${data.requestId} waits for an answer of account ${account}.`);
  }
  if (!isInMesh(mesh, request.account)) return refused(`Account ${request.account}, which asks, has left the mesh.`);
  const { state } = request;
  if (state.status !== 'waiting')
    return refused(`The request ${data.requestId} does not wait for an answer: it is ${state.status}.`);
  const problem = timeProblem(state, sentAt, now) ?? answererProblem(data, request, mesh);
  if (problem !== undefined) return refused(problem);
  const version = request.version + 1;
  if (data.decision === 'denied') {
    const reasons = [data.reason ? `The owner denied it: ${data.reason}` : 'The owner denied it.'];
    return { kind: 'answered', request: { ...request, version, state: { status: 'denied', deniedAt: now, reasons } } };
  }
  return approve(data, request, context);
}

/** Why an answer of that time does not answer the question; undefined when it does. */
export function timeProblem({ askedAt, answerBy }: Question, sentAt: Instant, now: Instant): string | undefined {
  if (sentAt >= wholeSecond(askedAt) && sentAt <= answerBy && now <= answerBy) return undefined;
  return `The answer is of ${sentAt}; the question was open from ${askedAt} until ${answerBy}.`;
}

/** Why the approver may not answer; undefined when it may. */
export function answererProblem(
  { approver }: Pick<AccessDecisionMadeData, 'approver'>,
  request: AccessRequest,
  mesh: Mesh,
): string | undefined {
  if (!mesh.domains[request.domain]?.stewards.includes(approver))
    return `${approver} is not a steward of ${request.domain}.`;
  return approver === request.principal ? `${approver} cannot decide on its own request.` : undefined;
}

function approve(data: AccessDecisionMadeData, request: AccessRequest, context: AnswerContext): AnswerRuling {
  const { now } = context;
  if (request.terms.length === 0)
    return refused(`The table of the request ${request.requestId} is no longer in the central catalog.`);
  const wider = wideningReason(data, request);
  if (wider !== undefined) return refused(wider);
  const expiresAt = data.expiresAt ? new Date(data.expiresAt).toISOString() : request.expiresAt;
  if (expiresAt > request.expiresAt || expiresAt <= now) {
    return refused(`The end ${expiresAt} must lie between now and the end that was asked for, ${request.expiresAt}.`);
  }
  const answers = request.terms.map((asked, index) =>
    approveTable(data, { ...request, expiresAt }, asked, context.tables[index], context),
  );
  const isOne = answers.length === 1;
  const about = (table: string, reasons: string[]) => (isOne ? reasons : reasons.map(reason => `${table}: ${reason}`));
  const problems = answers.flatMap(answer => (answer.kind === 'refused' ? about(answer.table, answer.reasons) : []));
  if (problems.length > 0) return refused(...problems);
  const approved = answers.filter(answer => answer.kind === 'approved');
  const left = answers
    .filter(answer => answer.kind === 'left-out')
    .map(({ table }) => `${table}: left out by the owner.`);
  if (approved.length === 0) return refused('Nothing of the request is left. Deny it, with a reason.');
  const keptBack = approved.flatMap(({ terms, keptBack: reasons }) => about(terms.table, reasons));
  return {
    kind: 'answered',
    request: {
      ...request,
      version: request.version + 1,
      terms: approved.map(({ terms }) => terms),
      expiresAt,
      approvedBy: data.approver,
      policies: [...new Set([...request.policies, ...approved.flatMap(({ policies }) => policies)])].sort(),
      state: {
        status: 'approved',
        approvedAt: now,
        attempts: 0,
        retryAt: now,
        reasons: fewReasons([data.reason ?? `Approved by ${data.approver}.`, ...left, ...keptBack]),
      },
    },
  };
}

/** Why an approval asks for more than the request does; undefined when it does not. */
function wideningReason({ columns, rowFilter }: AccessDecisionMadeData, { terms }: AccessRequest): string | undefined {
  if (terms.some(isDescribeOnly))
    return columns || rowFilter !== undefined
      ? 'It asks for the description of the table alone, which has no columns or rows to narrow. Approve it as it is, or deny it.'
      : undefined;
  const asked = terms.map(each => ({ ...each, columns: each.columns.map(name => ({ name })) }));
  const wider = unknownColumns(columns ?? [], asked);
  if (wider.length > 0) return `An approval may narrow a request, not widen it: ${wider.join(', ')} was not asked for.`;
  if (rowFilter !== undefined && terms.some(each => each.rowFilter !== null))
    return 'The request has a row filter of its own. Approve it as it is, or deny it and say which rows to ask for.';
  return undefined;
}

type TableAnswer =
  | { kind: 'refused'; table: string; reasons: string[] }
  /** The owner names columns, and none of this table. */
  | { kind: 'left-out'; table: string }
  | { kind: 'approved'; terms: TableTerms; policies: string[]; keptBack: string[] };

function approveTable(
  data: AccessDecisionMadeData,
  request: AccessRequest,
  asked: TableTerms,
  found: FoundTable | undefined,
  { mesh, policies, now }: AnswerContext,
): TableAnswer {
  const refusedBy = (reasons: string[]) => ({ kind: 'refused' as const, table: asked.table, reasons });
  const isDescription = isDescribeOnly(asked);
  const columns = asked.columns.filter(name => !data.columns || isColumnNamed(data.columns, asked.table, name));
  // One that has gone, too: the others need not wait for it.
  if (!isDescription && columns.length === 0) return { kind: 'left-out', table: asked.table };
  if (!found?.description) return refusedBy([`${asked.table} is no longer in the central catalog.`]);
  const { description: table, pair } = found;
  if (table.missingSince !== undefined) return refusedBy([missingReason(table.table, table.missingSince)]);
  const wanted = { ...asked, columns, rowFilter: data.rowFilter ?? asked.rowFilter };
  const question = questionOf(request, table, wanted, { mesh, now });
  const answer = policies.decideApproval({ question, approver: data.approver });
  if (answer.outcome === 'denied') return refusedBy(answer.reasons);
  const keptBack = columnReasons({
    refusedColumns: answer.refusedColumns.filter(({ name }) => columns.includes(name)),
  });
  // Labels may have changed since it was asked.
  if (!isDescription && !answer.columns.some(name => columns.includes(name))) return refusedBy(keptBack);
  const given = answer.columns.filter(name => columns.includes(name) || isKey(table, name));
  const terms = { ...asked, columns: isDescription ? [] : given };
  const { problems, rowFilter } = termsProblems(terms, data.rowFilter ?? asked.rowFilter ?? undefined, table, pair);
  if (problems.length > 0) return refusedBy(problems);
  return { kind: 'approved', terms: { ...terms, rowFilter }, policies: answer.policies, keptBack };
}

/** An envelope's time has whole seconds: an answer within the second of its question is not an earlier one. */
function wholeSecond(instant: Instant): Instant {
  return `${instant.slice(0, 19)}.000Z`;
}

function isKey(table: TableDescription, name: string): boolean {
  return table.columns.some(column => column.isPartitionKey && column.name === name);
}

function refused(...reasons: string[]): AnswerRuling {
  return { kind: 'refused', reasons };
}
