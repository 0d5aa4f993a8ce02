import type { Access, Operation, Wire } from '../core/service.ts';
import { type Buckets, onBucket, onObject } from './buckets.ts';
import { listObjects } from './list-objects.ts';
import type { ObjectFacts, ObjectFiles } from './object-files.ts';
import { noSuchKey } from './s3-errors.ts';

export function objectOperations(parts: {
  buckets: Buckets;
  objects: ObjectFiles;
  now: () => number;
}): Record<string, Operation> {
  const { buckets, objects, now } = parts;
  /** That a key is not there is told to those who may list the bucket; others are denied. Source: S3 API reference, GetObject. */
  const reading = (input: Wire): Access[] => {
    const bucket = buckets.of(input);
    const read = onObject(bucket, 's3:GetObject', input.Key);
    return objects.facts(bucket.name, input.Key) ? [read] : [read, onBucket(bucket, 's3:ListBucket')];
  };
  const found = (input: Wire): ObjectFacts => {
    const facts = objects.facts(buckets.of(input).name, input.Key);
    if (!facts) throw noSuchKey(input.Key);
    return facts;
  };

  return {
    PutObject: {
      access: input => [onObject(buckets.of(input), 's3:PutObject', input.Key)],
      async run(input) {
        const facts = { headers: input.Headers ?? {}, modifiedAt: now() };
        const { etag } = await objects.put(buckets.of(input).name, input.Key, input.Body, facts);
        return { ETag: etag };
      },
    },
    GetObject: {
      access: reading,
      async run(input) {
        const facts = found(input);
        const Body = await objects.read(input.Bucket, input.Key);
        return { ...shown(facts), Body, ContentLength: Body.length };
      },
    },
    HeadObject: { access: reading, run: input => shown(found(input)) },
    DeleteObject: {
      access: input => [onObject(buckets.of(input), 's3:DeleteObject', input.Key)],
      run(input) {
        objects.delete(buckets.of(input).name, input.Key);
        return {};
      },
    },
    ListObjectsV2: {
      access: input => [onBucket(buckets.of(input), 's3:ListBucket', listingContext(input))],
      run: input => listObjects(objects, buckets.of(input).name, input),
    },
  };
}

/** The conditions that a listing can be bound to. Source: Service Authorization Reference, S3, ListBucket. */
function listingContext({ Prefix, Delimiter, MaxKeys }: Wire): Record<string, string> {
  const given = { 's3:prefix': Prefix, 's3:delimiter': Delimiter, 's3:max-keys': MaxKeys };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function shown({ size, etag, modifiedAt, headers }: ObjectFacts) {
  return { ContentLength: size, ETag: etag, LastModified: modifiedAt, Headers: headers };
}
