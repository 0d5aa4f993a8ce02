import type { AccessExtensionRequestedData } from '../../events/access-extension-requested.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type AccessRequest, type Extension, type Instant, laterBy, type TableTerms } from './access-request.ts';
import { missingReason } from './decide-request.ts';
import type { PolicyEngine } from './policy.ts';
import type { AccessQuestion } from './policy-question.ts';
import { questionOf } from './question-of.ts';
import type { StepNotes } from './record-step.ts';
import type { TableDescription } from './table-description.ts';

/** What was found for an extension before deciding it. */
export interface ExtensionContext {
  mesh: Mesh;
  policies: PolicyEngine;
  request: AccessRequest | undefined;
  /** The request's central tables, in the order of its terms; undefined where there is none. */
  tables: readonly (TableDescription | undefined)[];
  now: Instant;
}

export type ExtensionRuling =
  /** Nothing that its sender may ask: told as `Event Refused`. */
  | { kind: 'refused'; reasons: string[] }
  /** It waits already, or has this end already: nothing happens. */
  | { kind: 'repeated' }
  /** The request as it is then, and what is told: extended at once, left to the owner, or denied, and then as it was. */
  | { kind: 'decided'; request: AccessRequest; notes: Pick<StepNotes, 'about' | 'reasons' | 'policies'> };

type Granted = Extract<AccessRequest['state'], { status: 'granted' }>;

/** Decides on a later end of what was granted, by the policies that decide requests. Columns and rows stay as they are. Pure. */
export function decideExtension(
  data: AccessExtensionRequestedData,
  account: string,
  context: ExtensionContext,
): ExtensionRuling {
  const { request, now } = context;
  // One answer for "no such request" and "not yours".
  if (request?.account !== account) return refused(`Account ${account} has no access ${data.requestId} to extend.`);
  const { state } = request;
  const ended = `The access ${data.requestId} has ended. Request it anew, under another requestId.`;
  switch (state.status) {
    case 'waiting':
      return refused(
        `The request ${data.requestId} waits for its owner. Ask for a later end when it is granted; or revoke it, and request anew.`,
      );
    case 'approved':
      return refused(`The request ${data.requestId} is not provisioned yet. Ask again once Access Granted is told.`);
    case 'granted':
      return now >= request.expiresAt ? refused(ended) : decideOnGranted(data, request, state, context);
    case 'ending':
    case 'ended':
      return refused(ended);
    case 'denied':
      return refused(`The request ${data.requestId} was denied. Request anew, under another requestId.`);
  }
}

function decideOnGranted(
  data: AccessExtensionRequestedData,
  request: AccessRequest,
  { extension: open }: Granted,
  context: ExtensionContext,
): ExtensionRuling {
  const expiresAt = new Date(data.expiresAt).toISOString();
  const purpose = data.purpose ?? request.purpose;
  if (expiresAt === request.expiresAt) return { kind: 'repeated' };
  if (expiresAt < request.expiresAt)
    return refused(
      `The access lasts until ${request.expiresAt}, which is later than ${expiresAt}. To end it sooner, revoke it.`,
    );
  if (open?.expiresAt === expiresAt && open.purpose === purpose) return { kind: 'repeated' };
  if (open)
    return refused(
      `An extension until ${open.expiresAt} waits for the owner, who has until ${open.answerBy}. Wait for the answer to it.`,
    );
  return decideByPolicy(request, { expiresAt, purpose }, context);
}

function decideByPolicy(
  request: AccessRequest,
  asked: Pick<Extension, 'expiresAt' | 'purpose'>,
  context: ExtensionContext,
): ExtensionRuling {
  const { policies: engine, now } = context;
  const found = questionsOf(request, asked, context);
  if ('problems' in found) return denied(request, found.problems, request.policies);
  const answers = found.questions.map(({ question, terms }) => ({ answer: engine.decideRequest(question), terms }));
  const policies = [...new Set(answers.flatMap(({ answer }) => answer.policies))].sort();
  const problems = answers.flatMap(({ answer, terms }) =>
    answer.outcome === 'denied' ? answer.reasons : lostColumns(terms, answer),
  );
  if (problems.length > 0) return denied(request, problems, policies);
  const reasons = answers.flatMap(({ answer }) => answer.reasons);
  if (answers.every(({ answer }) => answer.outcome === 'automatic'))
    return {
      kind: 'decided',
      request: extendedTo(request, asked, policies, now),
      notes: { about: 'extended', reasons },
    };
  const answerBy = earlier(laterBy(now, context.mesh.answerWithinHours * HOUR), request.expiresAt);
  const extension: Extension = { ...asked, policies, askedAt: now, answerBy };
  const waiting = { ...request, version: request.version + 1, state: { ...grantedState(request), extension } };
  return { kind: 'decided', request: waiting, notes: { about: 'extension-asked' } };
}

/** What is asked of policy for each of the request's tables: the columns that it has, and all keys; or why nothing can be asked. */
export function questionsOf(
  request: AccessRequest,
  { expiresAt, purpose }: Pick<Extension, 'expiresAt' | 'purpose'>,
  { mesh, tables, now }: Pick<ExtensionContext, 'mesh' | 'tables' | 'now'>,
): { questions: { question: AccessQuestion; terms: TableTerms }[] } | { problems: string[] } {
  const problems: string[] = [];
  const questions: { question: AccessQuestion; terms: TableTerms }[] = [];
  for (const [index, terms] of request.terms.entries()) {
    const table = tables[index];
    if (!table) problems.push(`There is no table ${terms.table} in the central catalog any more.`);
    else if (table.missingSince !== undefined) problems.push(missingReason(table.table, table.missingSince));
    else {
      const question = questionOf({ ...request, purpose, expiresAt }, table, terms, { mesh, now });
      questions.push({ question, terms });
    }
  }
  return problems.length > 0 ? { problems } : { questions };
}

/** Columns of the grant that policy would keep back now: it is not extended without them, or its holder would lose them before its end. */
export function lostColumns(
  { table, columns }: TableTerms,
  { refusedColumns }: { refusedColumns: readonly { name: string; reasons: readonly string[] }[] },
): string[] {
  return refusedColumns
    .filter(({ name }) => columns.includes(name))
    .map(({ name, reasons }) => `${name} of ${table} would not be given any more: ${reasons.join(' ')}`);
}

/** The request with its later end; what was told of the end before is told again of this one. */
export function extendedTo(
  request: AccessRequest,
  { expiresAt, purpose }: Pick<Extension, 'expiresAt' | 'purpose'>,
  policies: readonly string[],
  now: Instant,
): AccessRequest {
  const { extension: _, expiringToldAt: __, ...state } = grantedState(request);
  return {
    ...request,
    version: request.version + 1,
    expiresAt,
    purpose,
    policies: [...new Set([...request.policies, ...policies])].sort(),
    state: { ...state, extendedAt: now },
  };
}

/** What every denial of an extension says beside its reasons. */
export function goesOn({ expiresAt }: AccessRequest): string {
  return `The access goes on until ${expiresAt}.`;
}

function denied(request: AccessRequest, problems: string[], policies: string[]): ExtensionRuling {
  const reasons = [...problems, `${goesOn(request)} For less than it has, request anew.`];
  return {
    kind: 'decided',
    request: { ...request, version: request.version + 1 },
    notes: { about: 'extension-denied', reasons, policies },
  };
}

function grantedState({ state }: AccessRequest): Granted {
  if (state.status !== 'granted') throw new TypeError('Only granted access is extended.');
  return state;
}

function refused(reason: string): ExtensionRuling {
  return { kind: 'refused', reasons: [reason] };
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

const HOUR = 3_600_000;
