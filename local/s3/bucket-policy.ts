/** What S3 accepts as a bucket's policy. */
import type { ReviewPolicy } from '../core/ports.ts';
import type { PolicyDocument, Wire } from '../core/service.ts';
import { malformedPolicy } from './s3-errors.ts';

/** Bytes. Source: S3 User Guide, "Bucket policies". */
const LARGEST_POLICY = 20 * 1024;

/**
 * Reads a policy for the bucket. Throws MalformedPolicy with S3's texts, as people met them (issues of versitygw 645, 648, 649; noobaa-core 10058), and
 * NotImplementedInLocalMesh for what the mesh's IAM cannot evaluate. Simplification: public policies are not blocked.
 */
export function readBucketPolicy(text: unknown, bucket: string, review: ReviewPolicy): PolicyDocument {
  const document = parse(text);
  const statements: Wire[] = [document.Statement].flat();
  if (statements.length === 0) throw malformedPolicy('Could not parse the policy: Statement is empty!');
  for (const statement of statements) requireStatement(statement, bucket);
  if (review(document).unknownPrincipals.length > 0) throw malformedPolicy('Invalid principal in policy');
  return document;
}

function parse(text: unknown): PolicyDocument {
  if (typeof text !== 'string' || !text.startsWith('{'))
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  if (Buffer.byteLength(text) > LARGEST_POLICY)
    throw malformedPolicy(`Policy exceeds the maximum allowed document size: ${LARGEST_POLICY} bytes.`);
  let document: Wire;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
  if (document.Statement === undefined) throw malformedPolicy('Missing required field Statement');
  return document;
}

function requireStatement(statement: Wire, bucket: string): void {
  if (typeof statement !== 'object' || statement === null) throw malformedPolicy('Policy has invalid syntax');
  const { Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
  if (Effect === undefined) throw malformedPolicy('Missing required field Effect');
  if (Effect !== 'Allow' && Effect !== 'Deny') throw malformedPolicy(`Invalid effect: ${String(Effect)}`);
  if (Principal === undefined && NotPrincipal === undefined) throw malformedPolicy('Missing required field Principal');
  const isPrincipal = Principal === undefined || Principal === '*' || (typeof Principal === 'object' && Principal);
  if (!isPrincipal) throw malformedPolicy('Invalid principal in policy');
  const actions = texts(Action ?? NotAction, 'Action');
  if (!actions.every(action => action === '*' || /^s3:[\w*?]+$/i.test(action)))
    throw malformedPolicy('Policy has invalid action');
  const arn = `arn:aws:s3:::${bucket}`;
  const isOfBucket = (resource: string) => resource === arn || resource.startsWith(`${arn}/`) || resource === `${arn}*`;
  if (!texts(Resource ?? NotResource, 'Resource').every(isOfBucket))
    throw malformedPolicy('Policy has invalid resource');
}

function texts(given: unknown, field: string): string[] {
  if (given === undefined) throw malformedPolicy(`Missing required field ${field}`);
  const list = [given].flat();
  if (list.length === 0 || !list.every(item => typeof item === 'string'))
    throw malformedPolicy(`Policy has invalid ${field.toLowerCase()}`);
  return list as string[];
}
