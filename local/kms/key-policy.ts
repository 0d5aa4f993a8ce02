/** What KMS accepts as a key's policy. */
import { AwsError } from '../core/aws-error.ts';
import type { ReviewPolicy } from '../core/ports.ts';
import type { PolicyDocument, Wire } from '../core/service.ts';

/** Bytes. Source: KMS API reference, PutKeyPolicy. */
const LARGEST_POLICY = 32 * 1024;

/** What a key has that is made without a policy. Source: KMS Developer Guide, "Default key policy". */
export function defaultKeyPolicy(account: string): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] }, null, 2);
}

/** Reads a key's policy. Throws MalformedPolicyDocumentException, and NotImplementedInLocalMesh for what the mesh's IAM cannot evaluate. */
export function readKeyPolicy(text: unknown, review: ReviewPolicy): PolicyDocument {
  if (typeof text !== 'string' || text === '') throw new AwsError('ValidationException', 'The policy is missing.');
  if (Buffer.byteLength(text) > LARGEST_POLICY)
    throw new AwsError('LimitExceededException', `The policy has more than ${LARGEST_POLICY} bytes.`);
  let document: Wire;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformedPolicy('The policy is not valid JSON.');
  }
  const statements: Wire[] = [document?.Statement ?? []].flat();
  const isStatement = (one: Wire) =>
    ['Allow', 'Deny'].includes(one?.Effect) &&
    (one.Principal ?? one.NotPrincipal) &&
    (one.Action ?? one.NotAction) &&
    (one.Resource ?? one.NotResource);
  if (statements.length === 0 || !statements.every(isStatement))
    throw malformedPolicy('The policy has a statement without Effect, Principal, Action or Resource.');
  if (review(document).unknownPrincipals.length > 0)
    throw malformedPolicy('Policy contains a statement with one or more invalid principals.');
  return document;
}

export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message);
}
