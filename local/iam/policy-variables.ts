/**
 * Variables in a policy: `${aws:PrincipalAccount}` stands for the value of the key in the request.
 * Source: IAM User Guide, "IAM policy elements: Variables and tags" (reference_policies_variables).
 */
import { PolicyError } from './policy-error.ts';
import type { ContextOf } from './request.ts';

/** The variables that the local mesh has, in lower case. All have one value at the most. */
const VARIABLE = /^(aws:principalaccount|aws:principalarn|aws:principaltag\/[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128})$/u;

/** Gives a text of a policy with its variables filled in from the request; undefined when one of them has no value there. */
export type FillIn = (context: ContextOf) => string | undefined;

/**
 * What is to be filled into a text of a policy; undefined where there is nothing.
 * @param version the policy's: before 2012-10-17 there were no variables, and `${` stood for itself
 * @throws PolicyError for a variable that the mesh does not have, and for one in a policy of the old version
 */
export function compileVariables(spelled: string, version: string | undefined): FillIn | undefined {
  if (!spelled.includes('${')) return undefined;
  if (version !== '2012-10-17') throw new PolicyError(`policy variables (${spelled}) without "Version": "2012-10-17"`);
  const parts = spelled.split(/\$\{([^}]*)\}/);
  const names = parts.map((part, index) => (index % 2 === 1 ? part.trim().toLowerCase() : undefined));
  const isKnown = names.every(name => name === undefined || VARIABLE.test(name));
  if (!isKnown || parts.some((part, index) => index % 2 === 0 && part.includes('${')))
    throw new PolicyError(`policy variables (${spelled})`);
  return context => {
    const filled: string[] = [];
    for (const [index, part] of parts.entries()) {
      const name = names[index];
      const value = name === undefined ? part : context(name);
      if (typeof value !== 'string') return undefined;
      // No value has a wildcard in it: account ids, ARNs of principals and tags cannot hold one.
      filled.push(value);
    }
    return filled.join('');
  };
}
