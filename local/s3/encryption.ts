/** A bucket's default encryption. Simplification: kept and shown; nothing is encrypted. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { invalidArgument } from './s3-errors.ts';

/**
 * What every bucket has: since January 2023 nothing is without encryption, and ServerSideEncryptionConfigurationNotFoundError is not met any more.
 * Source: S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets" and "Default encryption FAQ".
 */
export const DEFAULT_ENCRYPTION: Wire[] = [
  { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
];

const ALGORITHMS = ['AES256', 'aws:kms', 'aws:kms:dsse'];

/** Reads the one rule of a configuration. Whether the key exists is not asked, as S3 does not. Throws InvalidArgument. */
export function readEncryption(configuration: Wire): Wire[] {
  const rules: Wire[] = configuration?.Rules ?? [];
  const [rule] = rules;
  if (rules.length !== 1) throw invalidArgument('A configuration has exactly one rule.');
  const { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled = false, ...others } = rule;
  const [other] = Object.keys(others);
  if (other !== undefined) throw notInLocalMesh(`${other} of a bucket's encryption`);
  if (!ALGORITHMS.includes(byDefault?.SSEAlgorithm))
    throw invalidArgument(
      `The encryption algorithm ${byDefault?.SSEAlgorithm} is not one of ${ALGORITHMS.join(', ')}.`,
    );
  if (byDefault.KMSMasterKeyID !== undefined && byDefault.SSEAlgorithm === 'AES256')
    throw invalidArgument(
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    );
  return [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled }];
}
