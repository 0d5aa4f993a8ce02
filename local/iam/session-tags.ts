import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

/** Source of the limits: STS API reference, Tag; IAM User Guide, "Pass session tags in AWS STS". */
const MOST_TAGS = 50;
const KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** The `Tags` of AssumeRole by their keys, which are unique whatever their case. @throws AwsError ValidationError, InvalidParameterValue */
export function readSessionTags(given: Wire): Record<string, string> {
  const tags: Wire[] = given ?? [];
  if (!Array.isArray(tags) || tags.length > MOST_TAGS)
    throw new AwsError('ValidationError', `Tags is a list of at most ${MOST_TAGS} tags.`);
  const seen = new Set<string>();
  const read: [string, string][] = tags.map(tag => {
    const { Key: key, Value: value } = tag ?? {};
    if (typeof key !== 'string' || !KEY.test(key) || typeof value !== 'string' || !VALUE.test(value))
      throw new AwsError('ValidationError', `${JSON.stringify(tag)} is no session tag.`);
    if (key.toLowerCase().startsWith('aws:'))
      throw new AwsError(
        'InvalidParameterValue',
        `The key of the session tag ${key} begins with aws:, which is reserved.`,
      );
    if (seen.has(key.toLowerCase()))
      throw new AwsError(
        'InvalidParameterValue',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      );
    seen.add(key.toLowerCase());
    return [key, value];
  });
  return Object.fromEntries(read);
}
