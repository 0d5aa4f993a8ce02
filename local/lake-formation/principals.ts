/** Who holds permissions. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { invalidInput } from './resource.ts';

/** Stands for whoever IAM allows: with it, Lake Formation leaves the decision to IAM. */
export const IAM_ALLOWED_PRINCIPALS = 'IAM_ALLOWED_PRINCIPALS';

const ACCOUNT = /^\d{12}$/;
const IAM_PRINCIPAL = /^arn:aws:iam::(\d{12}):(?:root|(?:role|user)\/[\w+=,.@/-]+)$/;

/**
 * Reads a `DataLakePrincipal`: a role, a user or an account's root (ARN), an account (12 digits), or IAM_ALLOWED_PRINCIPALS.
 * Simplification: AWS refuses a role that does not exist (and one made a moment ago); the local mesh checks the form alone.
 */
export function parsePrincipal(wire: Wire): string {
  const principal = wire?.DataLakePrincipalIdentifier;
  if (typeof principal !== 'string' || principal.length < 1 || principal.length > 255) {
    throw invalidInput('Principal must have a DataLakePrincipalIdentifier of 1 to 255 characters.');
  }
  if (principal === IAM_ALLOWED_PRINCIPALS || ACCOUNT.test(principal) || IAM_PRINCIPAL.test(principal))
    return principal;
  if (/^arn:aws:(organizations|quicksight|identitystore)|saml-provider|:IAMPrincipals$/.test(principal)) {
    throw notInLocalMesh(`the Lake Formation principal ${principal}`);
  }
  throw invalidInput('Invalid principal');
}

export function isAccount(principal: string): boolean {
  return ACCOUNT.test(principal);
}

/** The account of a principal; undefined for IAM_ALLOWED_PRINCIPALS. */
export function accountOf(principal: string): string | undefined {
  return isAccount(principal) ? principal : IAM_PRINCIPAL.exec(principal)?.[1];
}

/** The account, if it is another than the owner's. */
export function foreignAccount(owner: string, principal: string): string | undefined {
  const account = accountOf(principal);
  return account === owner ? undefined : account;
}
