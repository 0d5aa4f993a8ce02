import { createHash } from 'node:crypto';
import type { DetailedError } from '@cedar-policy/cedar-wasm/web';
import { lineOfByte, type NamedPolicy, PolicyInvalidError, type PolicyProblem, readPolicies } from './policy-texts.ts';
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
  const problems: PolicyProblem[] = [];
  const schemaName = nameByContent(texts.schema);
  const schema = cedar.preparseSchema(schemaName, texts.schema);
  if (schema.type === 'failure') problems.push(...schema.errors.map(error => schemaProblem(error, texts.schema)));

  const guardrails = readPolicies(texts.guardrails, { council: true }, problems);
  const domains = Object.entries(texts.domains).map(([domain, text]) => ({
    domain,
    policies: readPolicies(text, { domain }, problems),
  }));
  // One validation for all: ids begin with their author's name, so no two are equal.
  const all = [...guardrails, ...domains.flatMap(({ policies }) => policies)];
  if (schema.type === 'success') problems.push(...validate(texts.schema, all));
  if (problems.length > 0) throw new PolicyInvalidError(problems);

  const compiled = domains.map(
    ({ domain, policies }) => [domain, compileDomain([...guardrails, ...policies])] as const,
  );
  return { schemaName, domains: new Map(compiled) };
}

function compileDomain(policies: NamedPolicy[]): CompiledDomain {
  const policySet = staticPolicies(policies);
  const policySetId = nameByContent(JSON.stringify(policySet));
  const answer = cedar.preparsePolicySet(policySetId, policySet);
  if (answer.type === 'failure') {
    const messages = answer.errors.map(error => error.message).join('; ');
    throw new Error(`Cedar refused the policies that it had validated: ${messages}`);
  }
  const reasons = policies.flatMap(({ id, reason }) => (reason === undefined ? [] : [[id, reason] as const]));
  return { policySetId, reasons: new Map(reasons) };
}

function schemaProblem({ message, sourceLocations }: DetailedError, schema: string): PolicyProblem {
  const place = sourceLocations?.[0];
  return { source: 'schema', ...(place ? { line: lineOfByte(schema, place.start) } : {}), message };
}

/** Warnings count too: a policy that can never apply, or names in look-alike letters, is not what its writer meant. */
function validate(schema: string, policies: NamedPolicy[]): PolicyProblem[] {
  const answer = cedar.validate({ schema, policies: staticPolicies(policies) });
  if (answer.type === 'failure') return answer.errors.map(({ message }) => ({ source: 'schema', message }));
  return [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => {
    const policy = policies.find(each => each.id === policyId)!;
    const place = error.sourceLocations?.[0];
    const line = policy.line + (place ? lineOfByte(policy.text, place.start) - 1 : 0);
    const hint = error.help ? ` (${error.help})` : '';
    const message = `${error.message.replace(/^for policy `[^`]*`, /, '')}${hint}`;
    return { source: policy.source, policy: policyId, line, message };
  });
}

function staticPolicies(policies: NamedPolicy[]): { staticPolicies: Record<string, string> } {
  return { staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])) };
}

/** Cedar keeps what it parsed for as long as the process lives; the same content takes one place however often an engine is made. */
function nameByContent(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
