/**
 * The Principal element of a resource or trust policy.
 * Source: IAM User Guide, "AWS JSON policy elements: Principal" (reference_policies_elements_principal).
 */
import type { PolicyStatement } from '../core/service.ts';
import { PolicyError } from './policy-error.ts';
import type { Asker } from './request.ts';

/** `account`: the policy names the asker's account, not the asker. */
export type PrincipalMatch = 'direct' | 'account' | 'none';

/** How an asker matches the element. Throws a PolicyError for a form that the mesh does not have. */
export function compilePrincipal(element: NonNullable<PolicyStatement['Principal']>): (asker: Asker) => PrincipalMatch {
  if (element === '*') return () => 'direct';
  if (typeof element !== 'object') throw new PolicyError(`the Principal ${JSON.stringify(element)}`);
  const services = new Set<string>();
  const accounts = new Set<string>();
  const principals = new Set<string>();
  let isEveryone = false;

  for (const [type, given] of Object.entries(element)) {
    for (const name of Array.isArray(given) ? given : [given]) {
      if (type === 'Service') services.add(name);
      else if (type !== 'AWS') throw new PolicyError(`the principal type ${type}`);
      else if (name === '*') isEveryone = true;
      else if (/^\d{12}$/.test(name)) accounts.add(name);
      else if (/^arn:aws:iam::\d{12}:root$/.test(name)) accounts.add(name.slice(13, 25));
      // A principal's ARN takes no wildcard: "You cannot use a wildcard to match part of a principal name or ARN."
      else if (/^arn:aws:(iam|sts)::\d{12}:(role|assumed-role|user)\/[^*?]+$/.test(name)) principals.add(name);
      else throw new PolicyError(`the principal ${JSON.stringify(name)}`);
    }
  }

  return asker => {
    if (isEveryone) return 'direct';
    if (asker.kind === 'service') return services.has(asker.name) ? 'direct' : 'none';
    const { account, arn, principal, isAdministrator } = asker.caller;
    if (principals.has(principal) || principals.has(arn)) return 'direct';
    if (!accounts.has(account)) return 'none';
    return isAdministrator ? 'direct' : 'account';
  };
}
