import { type Access, type Caller, REGION } from '../core/service.ts';
import { accountOfArn } from './wildcards.ts';

/** Who asks: a principal of an account, or an AWS service (`events.amazonaws.com`). */
export type Asker = { kind: 'principal'; caller: Caller } | { kind: 'service'; name: string };

/** The value of a condition key in the request; undefined where the request does not have the key. */
export type ContextOf = (key: string) => string | readonly string[] | undefined;

/** One access as policies see it. */
export interface AccessRequest {
  asker: Asker;
  action: string;
  resource: string;
  context: ContextOf;
}

/** The global condition keys that the local mesh has, in lower case. */
const GLOBAL_KEYS: ReadonlySet<string> = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:tagkeys',
]);

/** The keys that end with a tag's key, which is not case-sensitive either. */
const PRINCIPAL_TAG = 'aws:principaltag/';
const REQUEST_TAG = 'aws:requesttag/';

/** Whether the local mesh has a global condition key, in lower case. A policy with another `aws:` key is refused when it is loaded. */
export function isGlobalKey(key: string): boolean {
  return GLOBAL_KEYS.has(key) || [PRINCIPAL_TAG, REQUEST_TAG].some(start => key.startsWith(start) && key > start);
}

/**
 * The request's condition keys: what the service gives with the access, and the global keys. Keys are case-insensitive.
 * Source: IAM User Guide, "AWS global condition context keys" (reference_policies_condition-keys).
 */
export function accessRequest(
  asker: Asker,
  access: Access,
  organizationOf: (account: string) => string | undefined,
): AccessRequest {
  let given: Map<string, string | string[]> | undefined;
  const context: ContextOf = key => {
    given ??= new Map(Object.entries(access.context ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    return given.get(key) ?? globalKey(key, asker, access, organizationOf);
  };
  return { asker, action: access.action, resource: access.resource, context };
}

/** The account of the resource: where neither the access nor the ARN says it, the caller's. */
export function ownerOf<A extends string | undefined>(access: Access, callerAccount: A): string | A {
  return access.owner ?? accountOfArn(access.resource) ?? callerAccount;
}

function globalKey(
  key: string,
  asker: Asker,
  access: Access,
  organizationOf: (account: string) => string | undefined,
): string | undefined {
  const caller = asker.kind === 'principal' ? asker.caller : undefined;
  if (key.startsWith(PRINCIPAL_TAG)) return principalTag(caller, key.slice(PRINCIPAL_TAG.length));
  switch (key) {
    // For a role session the key has the role's ARN, not the session's.
    case 'aws:principalarn':
      return caller?.principal;
    case 'aws:principalaccount':
      return caller?.account;
    case 'aws:principalorgid':
      return caller && organizationOf(caller.account);
    case 'aws:principalisawsservice':
      return String(asker.kind === 'service');
    case 'aws:principalservicename':
      return asker.kind === 'service' ? asker.name : undefined;
    case 'aws:requestedregion':
      return REGION;
    case 'aws:resourceaccount':
      return ownerOf(access, caller?.account);
    // Simplification: the mesh speaks plain HTTP on the loopback interface, and counts it as secure.
    case 'aws:securetransport':
      return 'true';
    default:
      return undefined;
  }
}

/** Simplification: only a session has tags; those that AWS lets a role itself have are not here. */
function principalTag(caller: Caller | undefined, lowerKey: string): string | undefined {
  return Object.entries(caller?.sessionTags ?? {}).find(([key]) => key.toLowerCase() === lowerKey)?.[1];
}
