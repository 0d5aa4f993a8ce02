import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import { isInMesh, isPiiPurpose, type Mesh, teamsOfAccount } from '../mesh/mesh.ts';
import { type AccessRequest, type Instant, isDescribeOnly } from './access-request.ts';
import { type ActiveGrantsOfPair, termsProblems } from './check-terms.ts';
import { columnReasons, missingReason } from './decide-request.ts';
import type { Question } from './open-question.ts';
import type { PolicyEngine } from './policy.ts';
import { ownName, type TableDescription } from './table-description.ts';

export interface AnswerContext {
  mesh: Mesh;
  policies: PolicyEngine;
  request: AccessRequest | undefined;
  table: TableDescription | undefined;
  pair: ActiveGrantsOfPair;
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
  const { table, mesh, policies, pair, now } = context;
  const asked = request.terms[0];
  if (!asked || !table)
    return refused(`The table of the request ${request.requestId} is no longer in the central catalog.`);
  if (table.missingSince !== undefined) return refused(missingReason(table.table, table.missingSince));
  const isDescription = isDescribeOnly(asked);
  if (isDescription && (data.columns || data.rowFilter !== undefined))
    return refused(
      'It asks for the description of the table alone, which has no columns or rows to narrow. Approve it as it is, or deny it.',
    );
  const columns = data.columns?.map(name => name.toLowerCase()) ?? asked.columns;
  const wider = columns.filter(name => !asked.columns.includes(name));
  if (wider.length > 0)
    return refused(`An approval may narrow a request, not widen it: ${wider.join(', ')} was not asked for.`);
  if (data.rowFilter !== undefined && asked.rowFilter !== null) {
    return refused(
      'The request has a row filter of its own. Approve it as it is, or deny it and say which rows to ask for.',
    );
  }
  const expiresAt = data.expiresAt ? new Date(data.expiresAt).toISOString() : request.expiresAt;
  if (expiresAt > request.expiresAt || expiresAt <= now) {
    return refused(`The end ${expiresAt} must lie between now and the end that was asked for, ${request.expiresAt}.`);
  }
  const answer = policies.decideApproval({
    question: {
      principal: request.principal,
      account: request.account,
      domain: table.domain,
      database: table.database,
      table: ownName(table),
      columns: table.columns.filter(column => isDescription || column.isPartitionKey || columns.includes(column.name)),
      purpose: request.purpose,
      durationDays: (Date.parse(expiresAt) - Date.parse(now)) / DAY,
      permission: isDescription ? 'DESCRIBE' : 'SELECT',
      hasRowFilter: data.rowFilter !== undefined || asked.rowFilter !== null,
      isPiiPurpose: isPiiPurpose(mesh, request.purpose),
      teams: teamsOfAccount(mesh, request.account),
    },
    approver: data.approver,
  });
  if (answer.outcome === 'denied') return refused(...answer.reasons);
  const keptBack = columnReasons({
    refusedColumns: answer.refusedColumns.filter(({ name }) => columns.includes(name)),
  });
  // Labels may have changed since it was asked.
  if (!isDescription && !answer.columns.some(name => columns.includes(name))) return refused(...keptBack);
  const given = isDescription ? [] : answer.columns.filter(name => columns.includes(name) || isKey(table, name));
  const terms = { ...asked, columns: given };
  const { problems, rowFilter } = termsProblems(terms, data.rowFilter ?? asked.rowFilter ?? undefined, table, pair);
  if (problems.length > 0) return refused(...problems);
  return {
    kind: 'answered',
    request: {
      ...request,
      version: request.version + 1,
      terms: [{ ...terms, rowFilter }],
      expiresAt,
      approvedBy: data.approver,
      policies: [...new Set([...request.policies, ...answer.policies])].sort(),
      state: {
        status: 'approved',
        approvedAt: now,
        attempts: 0,
        retryAt: now,
        reasons: [data.reason ?? `Approved by ${data.approver}.`, ...keptBack],
      },
    },
  };
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

const DAY = 86_400_000;
