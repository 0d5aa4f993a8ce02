import type { ReviewPolicy } from '../core/ports.ts';
import type { PolicyStatement } from '../core/service.ts';
import { compilePolicy } from './policy.ts';
import type { Roles } from './roles.ts';

/**
 * Looks at a resource's policy before it is kept, as S3 and KMS do: they refuse principals that do not exist.
 * Source: IAM User Guide, "AWS JSON policy elements: Principal".
 */
export function reviewPolicy(roles: Roles, hasAccount: (account: string) => boolean): ReviewPolicy {
  function exists(name: string): boolean {
    if (name === '*') return true;
    if (/^\d{12}$/.test(name)) return hasAccount(name);
    const [, kind, account = '', path = ''] =
      /^arn:aws:(iam|sts)::(\d{12}):(root|(?:role|assumed-role)\/.+)$/.exec(name) ?? [];
    if (path === 'root') return kind === 'iam' && hasAccount(account);
    if (kind === 'iam') return roles.get(name) !== undefined;
    const role = path.split('/')[1];
    return roles.all().some(other => other.account === account && other.name === role);
  }

  return document => {
    const unknownPrincipals = [document.Statement]
      .flat()
      .flatMap(principalsOf)
      .filter(name => !exists(name));
    // A principal that does not exist may also be none of a form that can be compiled.
    if (unknownPrincipals.length === 0) compilePolicy(document, 'resource');
    return { unknownPrincipals };
  };
}

function principalsOf({ Principal }: PolicyStatement): string[] {
  return typeof Principal === 'object' ? [Principal.AWS ?? []].flat() : [];
}
