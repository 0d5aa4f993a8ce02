import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { ReviewPolicy } from '../core/ports.ts';
import { type Access, type Call, type Operation, REGION, type Wire } from '../core/service.ts';
import { readBucketPolicy } from './bucket-policy.ts';
import { type Bucket, type Buckets, onBucket } from './buckets.ts';
import { DEFAULT_ENCRYPTION, readEncryption } from './encryption.ts';
import type { ObjectFiles } from './object-files.ts';

export interface BucketParts {
  buckets: Buckets;
  objects: ObjectFiles;
  review: ReviewPolicy;
  now: () => number;
}

export function bucketOperations({ buckets, objects, review, now }: BucketParts): Record<string, Operation> {
  const on =
    (action: string): Operation['access'] =>
    input => [onBucket(buckets.of(input), action)];
  const onPolicy =
    (action: string): Operation['access'] =>
    (input, call) => [policyAccess(buckets.of(input), action, call)];

  return {
    ListBuckets: {
      access: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
      run: (_, { caller }) => ({
        Owner: { ID: canonicalId(caller.account) },
        Buckets: buckets
          .ownedBy(caller.account)
          .map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt })),
      }),
    },
    CreateBucket: {
      access: input => [{ action: 's3:CreateBucket', resource: `arn:aws:s3:::${input.Bucket}` }],
      run(input, { caller }) {
        requireHere(input.CreateBucketConfiguration ?? {});
        return { Location: `/${buckets.create(input.Bucket, caller.account, now()).name}` };
      },
    },
    HeadBucket: { access: on('s3:ListBucket'), run: () => ({ BucketRegion: REGION }) },
    DeleteBucket: {
      access: on('s3:DeleteBucket'),
      async run(input) {
        const bucket = buckets.of(input);
        if (objects.keys(bucket.name, '').length > 0)
          throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
            status: 409,
            members: { BucketName: bucket.name },
          });
        buckets.delete(bucket);
        await rm(objects.folder(bucket.name), { recursive: true, force: true });
        return {};
      },
    },
    GetBucketLocation: { access: on('s3:GetBucketLocation'), run: () => ({}) },

    GetBucketPolicy: {
      access: onPolicy('s3:GetBucketPolicy'),
      run(input, call) {
        const { name, policy } = ownBucket(buckets.of(input), call);
        if (!policy)
          throw new AwsError('NoSuchBucketPolicy', 'The bucket policy does not exist', {
            status: 404,
            members: { BucketName: name },
          });
        return { Policy: policy.text };
      },
    },
    PutBucketPolicy: {
      access: onPolicy('s3:PutBucketPolicy'),
      run(input, call) {
        const bucket = ownBucket(buckets.of(input), call);
        bucket.policy = { text: input.Policy, document: readBucketPolicy(input.Policy, bucket.name, review) };
        return {};
      },
    },
    DeleteBucketPolicy: {
      access: onPolicy('s3:DeleteBucketPolicy'),
      run(input, call) {
        delete ownBucket(buckets.of(input), call).policy;
        return {};
      },
    },

    // The actions are not named as the operations are. Source: Service Authorization Reference, S3.
    GetBucketEncryption: {
      access: on('s3:GetEncryptionConfiguration'),
      run: input => ({
        ServerSideEncryptionConfiguration: { Rules: buckets.of(input).encryption ?? DEFAULT_ENCRYPTION },
      }),
    },
    PutBucketEncryption: {
      access: on('s3:PutEncryptionConfiguration'),
      run(input) {
        buckets.of(input).encryption = readEncryption(input.ServerSideEncryptionConfiguration);
        return {};
      },
    },
    DeleteBucketEncryption: {
      access: on('s3:PutEncryptionConfiguration'),
      run(input) {
        delete buckets.of(input).encryption;
        return {};
      },
    },
  };
}

/** The root of the owner's account can always mend a policy that locks everybody out. Source: S3 API reference, PutBucketPolicy. */
function policyAccess(bucket: Bucket, action: string, { caller }: Call): Access {
  const { resourcePolicy, ...access } = onBucket(bucket, action);
  return caller.isAdministrator && caller.account === bucket.owner ? access : { ...access, resourcePolicy };
}

/** A policy is for its owner's account alone, whoever else is allowed. Source: S3 API reference, GetBucketPolicy: 405. */
function ownBucket(bucket: Bucket, { caller }: Call): Bucket {
  if (caller.account !== bucket.owner)
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      status: 405,
    });
  return bucket;
}

/** us-east-1 is where a bucket is made when no place is named, and has no name there. Source: S3 API reference, CreateBucket. */
function requireHere({ LocationConstraint, ...others }: Wire): void {
  const [other] = Object.keys(others);
  if (other !== undefined) throw notInLocalMesh(`${other} of CreateBucketConfiguration`);
  if (LocationConstraint === undefined) return;
  if (LocationConstraint === REGION)
    throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid');
  throw new AwsError(
    'IllegalLocationConstraintException',
    `The ${LocationConstraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
}

/** Simplification: 64 hexadecimal digits made of the account's id; AWS gives each account one by chance. */
function canonicalId(account: string): string {
  return createHash('sha256').update(account).digest('hex');
}
