import type { AccessDecisionMadeData } from '../../events/access-decision-made.ts';
import { isInMesh } from '../mesh/mesh.ts';
import type { AccessRequest, Extension, Instant } from './access-request.ts';
import { answererProblem, timeProblem } from './decide-answer.ts';
import { type ExtensionContext, extendedTo, goesOn, lostColumns, questionsOf } from './decide-extension.ts';
import { withoutExtension } from './open-question.ts';
import type { StepNotes } from './record-step.ts';

export type ExtensionAnswerRuling =
  | { kind: 'refused'; reasons: string[] }
  /** The request as it is once answered, and what is told. */
  | { kind: 'answered'; request: AccessRequest; notes: Pick<StepNotes, 'about' | 'reasons' | 'policies'> };

/** Decides what an owner's answer to an open extension does. Pure. `account` and `sentAt` are the envelope's. */
export function decideExtensionAnswer(
  data: AccessDecisionMadeData,
  account: string,
  sentAt: Instant,
  context: ExtensionContext & { request: AccessRequest; extension: Extension },
): ExtensionAnswerRuling {
  const { mesh, request, extension, now } = context;
  if (mesh.domains[request.domain]?.account !== account)
    return refused(`No request ${data.requestId} waits for an answer of account ${account}.`);
  if (!isInMesh(mesh, request.account)) return refused(`Account ${request.account}, which asks, has left the mesh.`);
  const problem = timeProblem(extension, sentAt, now) ?? answererProblem(data, request, mesh);
  if (problem !== undefined) return refused(problem);
  if (data.decision === 'approved') return approve(data, context);
  const reasons = [data.reason ? `The owner denied it: ${data.reason}` : 'The owner denied it.', goesOn(request)];
  const { policies } = extension;
  const denied = { ...withoutExtension(request), version: request.version + 1 };
  return { kind: 'answered', request: denied, notes: { about: 'extension-denied', reasons, policies } };
}

function approve(
  data: AccessDecisionMadeData,
  context: ExtensionContext & { request: AccessRequest; extension: Extension },
): ExtensionAnswerRuling {
  const { request, extension, policies: engine, now } = context;
  if (data.columns !== undefined || data.rowFilter !== undefined)
    return refused('An extension keeps columns and rows as they are. Approve its end alone, or deny it.');
  const expiresAt = data.expiresAt ? new Date(data.expiresAt).toISOString() : extension.expiresAt;
  if (expiresAt <= request.expiresAt || expiresAt > extension.expiresAt)
    return refused(
      `The end ${expiresAt} must lie after ${request.expiresAt}, which the access has, and not after ${extension.expiresAt}, which was asked for.`,
    );
  const found = questionsOf(request, { expiresAt, purpose: extension.purpose }, context);
  if ('problems' in found) return refused(...found.problems);
  const { approver } = data;
  const answers = found.questions.map(({ question, terms }) => ({
    answer: engine.decideApproval({ question, approver }),
    terms,
  }));
  const problems = answers.flatMap(({ answer, terms }) =>
    answer.outcome === 'denied' ? answer.reasons : lostColumns(terms, answer),
  );
  if (problems.length > 0) return refused(...problems);
  const policies = [...extension.policies, ...answers.flatMap(({ answer }) => answer.policies)];
  return {
    kind: 'answered',
    request: {
      ...extendedTo(request, { expiresAt, purpose: extension.purpose }, policies, now),
      approvedBy: approver,
    },
    notes: { about: 'extended', reasons: [data.reason ?? `Approved by ${approver}.`] },
  };
}

function refused(...reasons: string[]): ExtensionAnswerRuling {
  return { kind: 'refused', reasons };
}
