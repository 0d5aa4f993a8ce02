import type { PolicyEngine } from '../access/policy.ts';
import type { ExpectedAnswer, PolicyCase } from './policy-cases.ts';

/** One thing in which an answer is not what was expected. */
export interface Mismatch {
  what: 'outcome' | 'kept back' | 'policies';
  expected: string;
  found: string;
}

export interface CaseResult {
  name: string;
  line: number;
  expected: ExpectedAnswer;
  found: { outcome: ExpectedAnswer['outcome']; keptBack: string[]; policies: string[]; reasons: string[] };
  /** Empty: it passed. */
  mismatches: Mismatch[];
}

const OUTCOMES = { automatic: 'automatic', owner: 'waits', denied: 'denied' } as const;

/** Asks the policies what a case asks. Pure. */
export function runPolicyCase(engine: PolicyEngine, { name, line, question, asked, expected }: PolicyCase): CaseResult {
  const answer = engine.decideRequest(question);
  const found = {
    // Partition keys alone are nothing that was asked for (`decide-request.ts`).
    outcome: answer.columns.some(column => asked.includes(column)) ? OUTCOMES[answer.outcome] : ('denied' as const),
    keptBack: answer.refusedColumns.map(column => column.name),
    policies: answer.policies,
    reasons: [...answer.reasons, ...answer.refusedColumns.map(column => `${column.name}: ${column.reasons.join(' ')}`)],
  };
  return { name, line, expected, found, mismatches: mismatchesOf(expected, found) };
}

function mismatchesOf(expected: ExpectedAnswer, found: CaseResult['found']): Mismatch[] {
  const mismatches: Mismatch[] = [];
  if (expected.outcome !== found.outcome)
    mismatches.push({ what: 'outcome', expected: expected.outcome, found: found.outcome });
  const keptBack = expected.keptBack ?? (expected.outcome === 'denied' ? undefined : []);
  // The order does not matter.
  if (keptBack && written(keptBack.toSorted()) !== written(found.keptBack.toSorted()))
    mismatches.push({ what: 'kept back', expected: written(keptBack), found: written(found.keptBack) });
  const missing = (expected.policies ?? []).filter(policy => !found.policies.includes(policy));
  if (missing.length > 0)
    mismatches.push({ what: 'policies', expected: written(missing), found: written(found.policies) });
  return mismatches;
}

function written(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'none';
}
