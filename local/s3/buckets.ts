/** The buckets of all accounts: their names are one namespace. */
import { AwsError } from '../core/aws-error.ts';
import type { Access, PolicyDocument, Wire } from '../core/service.ts';
import { accessDenied, noSuchBucket } from './s3-errors.ts';

export interface Bucket {
  name: string;
  /** The account that made it. */
  owner: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  policy?: { text: string; document: PolicyDocument };
  /** Rules as GetBucketEncryption gives them. */
  encryption?: Wire[];
}

/** Source: S3 User Guide, "General purpose bucket naming rules". */
const NAME = /^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export class Buckets {
  readonly #byName = new Map<string, Bucket>();

  /** Throws NoSuchBucket, or AccessDenied when the bucket is not that of the account that the caller expects. */
  of(input: Wire): Bucket {
    const bucket = this.#byName.get(input.Bucket);
    if (!bucket) throw noSuchBucket(String(input.Bucket));
    if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== bucket.owner) throw accessDenied();
    return bucket;
  }

  find(name: string): Bucket | undefined {
    return this.#byName.get(name);
  }

  ownedBy(account: string): Bucket[] {
    const own = [...this.#byName.values()].filter(({ owner }) => owner === account);
    return own.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Makes a bucket. One's own is made again without effect: in us-east-1 S3 answers 200 where it answers BucketAlreadyOwnedByYou elsewhere
   * (S3 API reference, CreateBucket). Throws InvalidBucketName, and BucketAlreadyExists for another account's.
   */
  create(name: unknown, owner: string, createdAt: number): Bucket {
    if (typeof name !== 'string' || !NAME.test(name) || name.includes('..'))
      throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', { members: { BucketName: name } });
    const known = this.#byName.get(name);
    if (known?.owner === owner) return known;
    if (known)
      throw new AwsError(
        'BucketAlreadyExists',
        'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
        { status: 409, members: { BucketName: name } },
      );
    const bucket: Bucket = { name, owner, createdAt };
    this.#byName.set(name, bucket);
    return bucket;
  }

  delete({ name }: Bucket): void {
    this.#byName.delete(name);
  }
}

/** What IAM is asked for something done to the bucket itself. */
export function onBucket(bucket: Bucket, action: string, context?: Record<string, string>): Access {
  return onResource(bucket, action, `arn:aws:s3:::${bucket.name}`, context);
}

/** What IAM is asked for something done to an object; a key with `*` at its end stands for all under a prefix. */
export function onObject(bucket: Bucket, action: string, key: string): Access {
  return onResource(bucket, action, `arn:aws:s3:::${bucket.name}/${key}`);
}

function onResource(bucket: Bucket, action: string, resource: string, context?: Record<string, string>): Access {
  return {
    action,
    resource,
    owner: bucket.owner,
    resourcePolicy: bucket.policy?.document,
    ...(context && { context }),
  };
}
