import type { PolicyDocument, PolicyStatement } from '../core/service.ts';
import { compileCondition } from './conditions.ts';
import { PolicyError } from './policy-error.ts';
import { compileVariables } from './policy-variables.ts';
import { compilePrincipal, type PrincipalMatch } from './principals.ts';
import type { AccessRequest, ContextOf } from './request.ts';
import { wildcard } from './wildcards.ts';

/**
 * What a policy says of a request. `allow-account`: a resource policy allows the whole account, which gives its principals
 * nothing by itself, but lets the account's own policies decide.
 */
export type Verdict = 'deny' | 'allow' | 'allow-account' | 'silent';

export type CompiledPolicy = (request: AccessRequest) => Verdict;

/** Whose policy it is: `identity` policies have no Principal, `resource` policies must, `trust` policies have no Resource either. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

const MEMBERS = new Set(['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

/** Makes a policy ready to be asked. Throws a PolicyError for anything in it that the mesh cannot evaluate. */
export function compilePolicy(document: PolicyDocument, kind: PolicyKind): CompiledPolicy {
  const statements = list(document.Statement).map(statement => compileStatement(statement, kind, document.Version));
  return request => {
    let verdict: Verdict = 'silent';
    for (const { isDeny, matches } of statements) {
      const match = matches(request);
      if (match === 'none') continue;
      if (isDeny) return 'deny';
      if (match === 'direct') verdict = 'allow';
      else if (verdict === 'silent') verdict = 'allow-account';
    }
    return verdict;
  };
}

function compileStatement(
  statement: PolicyStatement,
  kind: PolicyKind,
  version: string | undefined,
): { isDeny: boolean; matches: (request: AccessRequest) => PrincipalMatch } {
  for (const member of Object.keys(statement))
    if (!MEMBERS.has(member)) throw new PolicyError(`the policy element ${member}`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
    throw new PolicyError(`the policy effect ${JSON.stringify(statement.Effect)}`);
  if ((statement.Principal !== undefined) !== (kind !== 'identity'))
    throw new PolicyError(
      kind === 'identity' ? 'a Principal in an identity policy' : `a ${kind} policy without Principal`,
    );

  const matchesPrincipal = kind === 'identity' ? () => 'direct' as const : compilePrincipal(statement.Principal!);
  const matchesAction = either(statement.Action, statement.NotAction, 'Action', pattern => {
    if (pattern.includes('${')) throw new PolicyError(`policy variables in an Action (${pattern})`);
    return wildcard(pattern, { ignoreCase: true });
  });
  const matchesResource =
    kind === 'trust'
      ? () => true
      : either(statement.Resource, statement.NotResource, 'Resource', pattern => compileResource(pattern, version));
  const meetsCondition = compileCondition(statement.Condition, version);

  return {
    isDeny: statement.Effect === 'Deny',
    matches(request) {
      if (!matchesAction(request.action, request.context)) return 'none';
      if (!matchesResource(request.resource, request.context)) return 'none';
      const match = matchesPrincipal(request.asker);
      return match !== 'none' && meetsCondition(request.context) ? match : 'none';
    },
  };
}

/** Undefined: a variable in the pattern has no value in the request, so that its statement does not match. */
type Pattern = (value: string, context: ContextOf) => boolean | undefined;

function compileResource(pattern: string, version: string | undefined): Pattern {
  const fillIn = compileVariables(pattern, version);
  if (!fillIn) return wildcard(pattern);
  return (resource, context) => {
    const filled = fillIn(context);
    return filled === undefined ? undefined : wildcard(filled)(resource);
  };
}

/** An element and its Not form: exactly one of them must be there. */
function either(
  wanted: string | string[] | undefined,
  unwanted: string | string[] | undefined,
  element: string,
  compile: (pattern: string) => Pattern,
): (value: string, context: ContextOf) => boolean {
  if ((wanted === undefined) === (unwanted === undefined))
    throw new PolicyError(`a policy statement without exactly one of ${element} and Not${element}`);
  const patterns = list(wanted ?? unwanted!).map(pattern => {
    if (typeof pattern !== 'string') throw new PolicyError(`${JSON.stringify(pattern)} as a policy's ${element}`);
    return compile(pattern);
  });
  const isWanted = wanted !== undefined;
  return (value, context) => {
    const found = patterns.map(matches => matches(value, context));
    return !found.includes(undefined) && found.includes(true) === isWanted;
  };
}

function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
