import { createHash } from 'node:crypto';
import {
  lineOfByte,
  type NamedPolicy,
  PolicyInvalidError,
  type PolicyProblem,
  readPolicies,
  sourceOf,
} from './policy-texts.ts';
import { cedar } from './policy-wasm.ts';

/** Policies as text: Cedar's schema, the council's guardrails, and each domain's policies by its name (its folder's files, joined). */
export interface PolicyTexts {
  schema: string;
  guardrails: string;
  domains: Record<string, string>;
}

export interface CompiledPolicies {
  schemaName: string;
  domains: Map<string, CompiledDomain>;
}

export interface CompiledDomain {
  policySetId: string;
  /** @reason by @id. */
  reasons: Map<string, string>;
}

/**
 * Checks all texts and hands them to Cedar, parsed once.
 * @throws PolicyInvalidError with every problem of every text.
 */
export function compilePolicies(texts: PolicyTexts): CompiledPolicies {
  const problems = checkSchema(texts.schema);
  const guardrails = readPolicies(texts.guardrails, { council: true }, problems);
  const domains = Object.entries(texts.domains).map(([domain, text]) => ({
    domain,
    policies: readPolicies(text, { domain }, problems),
  }));
  if (!problems.some(problem => problem.source === 'schema')) {
    problems.push(...validate(texts.schema, guardrails, sourceOf({ council: true })));
    for (const { domain, policies } of domains)
      problems.push(...validate(texts.schema, policies, sourceOf({ domain })));
  }
  if (problems.length > 0) throw new PolicyInvalidError(problems);

  const schemaName = nameByContent(texts.schema);
  mustParse(cedar.preparseSchema(schemaName, texts.schema));
  const compiled = new Map<string, CompiledDomain>();
  for (const { domain, policies } of domains) {
    const all = [...guardrails, ...policies];
    const policySet = staticPolicies(all);
    const policySetId = nameByContent(JSON.stringify(policySet));
    mustParse(cedar.preparsePolicySet(policySetId, policySet));
    const reasons = new Map(all.flatMap(({ id, reason }) => (reason === undefined ? [] : [[id, reason] as const])));
    compiled.set(domain, { policySetId, reasons });
  }
  return { schemaName, domains: compiled };
}

function checkSchema(schema: string): PolicyProblem[] {
  const answer = cedar.checkParseSchema(schema);
  if (answer.type === 'success') return [];
  return answer.errors.map(({ message, sourceLocations }) => {
    const place = sourceLocations?.[0];
    return { source: 'schema', ...(place ? { line: lineOfByte(schema, place.start) } : {}), message };
  });
}

/** Warnings count too: a policy that can never apply, or names in look-alike letters, is not what its writer meant. */
function validate(schema: string, policies: NamedPolicy[], source: string): PolicyProblem[] {
  const answer = cedar.validate({ schema, policies: staticPolicies(policies) });
  if (answer.type === 'failure') return answer.errors.map(error => ({ source, message: error.message }));
  return [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => {
    const policy = policies.find(each => each.id === policyId);
    const place = error.sourceLocations?.[0];
    const line = policy && { line: policy.line + (place ? lineOfByte(policy.text, place.start) - 1 : 0) };
    const hint = error.help ? ` (${error.help})` : '';
    return {
      source,
      policy: policyId,
      ...line,
      message: `${error.message.replace(/^for policy `[^`]*`, /, '')}${hint}`,
    };
  });
}

function staticPolicies(policies: NamedPolicy[]): { staticPolicies: Record<string, string> } {
  return { staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])) };
}

/** Cedar keeps what it parsed for as long as the process lives; the same content takes one place however often an engine is made. */
function nameByContent(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function mustParse(answer: { type: 'success' } | { type: 'failure'; errors: { message: string }[] }): void {
  if (answer.type === 'success') return;
  throw new Error(`Cedar refused what it had validated: ${answer.errors.map(error => error.message).join('; ')}`);
}
