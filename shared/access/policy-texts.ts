import type { PolicyJson } from '@cedar-policy/cedar-wasm/web';
import { cedar } from './policy-wasm.ts';

export interface PolicyProblem {
  /** `schema`, `guardrails` or `domains/<name>`. */
  source: string;
  /** The policy's @id, where it has one. */
  policy?: string;
  /** Line in the text of the source, from 1. */
  line?: number;
  message: string;
}

/** Policies cannot be used. Names everything that is wrong with them. Trying again does not help. */
export class PolicyInvalidError extends Error {
  override readonly name = 'PolicyInvalidError';
  readonly problems: PolicyProblem[];

  constructor(problems: PolicyProblem[]) {
    const lines = problems.map(({ source, policy, line, message }) => {
      const where = [source, line === undefined ? '' : `:${line}`, policy === undefined ? '' : ` ${policy}`].join('');
      return `  ${where}: ${message}`;
    });
    super(`The policies are not valid:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** A policy of Cedar's text, with what its annotations say. */
export interface NamedPolicy {
  id: string;
  effect: 'permit' | 'forbid';
  /** From @reason: a sentence for the person asking. */
  reason: string | undefined;
  text: string;
  source: string;
  line: number;
}

/** Who wrote a text: the council, or a domain by its name. */
export type Author = { council: true } | { domain: string };

function sourceOf(author: Author): string {
  return 'council' in author ? 'guardrails' : `domains/${author.domain}`;
}

/** Takes a text apart into its policies. Problems are added to `problems`; what has one is left out. */
export function readPolicies(text: string, author: Author, problems: PolicyProblem[]): NamedPolicy[] {
  const source = sourceOf(author);
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') {
    for (const error of parts.errors) {
      const place = error.sourceLocations?.[0];
      const expected = place?.label ? `; ${place.label}` : '';
      const line = place ? { line: lineOfByte(text, place.start) } : {};
      problems.push({ source, ...line, message: `${error.message}${expected}` });
    }
    return [];
  }
  for (const template of parts.policy_templates) {
    const message = 'templates (?principal, ?resource) have no use here: write the policy out';
    problems.push({ source, line: lineOf(text, template), message });
  }
  const policies: NamedPolicy[] = [];
  for (const part of parts.policies) {
    const parsed = cedar.policyToJson(part);
    const line = lineOf(text, part);
    if (parsed.type === 'failure') {
      problems.push(...parsed.errors.map(error => ({ source, line, message: error.message })));
      continue;
    }
    const id = parsed.json.annotations?.id;
    const message = checkPolicy(parsed.json, author) ?? checkUnique(id, policies);
    if (message !== undefined) problems.push({ source, line, ...(id ? { policy: id } : {}), message });
    else
      policies.push({ id: id!, effect: parsed.json.effect, reason: reasonOf(parsed.json), text: part, source, line });
  }
  return policies.sort((a, b) => a.line - b.line);
}

function checkPolicy(policy: PolicyJson, author: Author): string | undefined {
  const id = policy.annotations?.id;
  if (!id) return 'the policy has no @id("...")';
  const prefix = 'council' in author ? 'guardrail.' : `${author.domain}.`;
  if (!id.startsWith(prefix) || id === prefix) return `its @id must begin with ${prefix}`;
  if (policy.effect === 'forbid' && !reasonOf(policy))
    return 'a forbid needs a @reason("...") for the person who is refused';
  if ('council' in author) {
    return policy.effect === 'permit'
      ? "a guardrail forbids: what is permitted is the owning domain's to say"
      : undefined;
  }
  const foreign = foreignResource(policy, author.domain);
  return foreign === undefined
    ? undefined
    : `${foreign} is not of domain ${author.domain}: a domain speaks of its own only`;
}

function checkUnique(id: string | undefined, earlier: NamedPolicy[]): string | undefined {
  return earlier.some(policy => policy.id === id) ? `another policy has the @id ${id}` : undefined;
}

function reasonOf(policy: PolicyJson): string | undefined {
  return policy.annotations?.reason || undefined;
}

/** The first entity that a policy names and that belongs to another domain. Central names begin with the domain's and an underscore. */
function foreignResource(part: unknown, domain: string): string | undefined {
  if (typeof part !== 'object' || part === null) return undefined;
  if ('type' in part && 'id' in part && typeof part.type === 'string' && typeof part.id === 'string') {
    const { type, id } = part;
    const isForeign = type === 'Domain' ? id !== domain : RESOURCE_TYPES.has(type) && !id.startsWith(`${domain}_`);
    return isForeign ? `${type}::${JSON.stringify(id)}` : undefined;
  }
  for (const value of Object.values(part)) {
    const found = foreignResource(value, domain);
    if (found !== undefined) return found;
  }
  return undefined;
}

const RESOURCE_TYPES = new Set(['Database', 'Table', 'Column']);

function lineOf(text: string, part: string): number {
  return text.slice(0, Math.max(0, text.indexOf(part))).split('\n').length;
}

/** Cedar counts in bytes of UTF-8. */
export function lineOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString().split('\n').length;
}
