/** The local mesh's S3: buckets with their policies and encryption, and objects as files that the local Athena reads. */
import type { DataFiles } from '../athena/data-files.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { ReadOfLocation, ReviewPolicy } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { bucketOperations } from './bucket-operations.ts';
import { Buckets, onBucket, onObject } from './buckets.ts';
import { ObjectFiles } from './object-files.ts';
import { objectOperations } from './object-operations.ts';

/** S3 over the folders of `files`. A folder is a bucket's once CreateBucket has made the bucket, which may find files in it. */
export function createS3(parts: { clock: VirtualClock; files: DataFiles; review: ReviewPolicy }): {
  service: Service;
  readOf: ReadOfLocation;
} {
  const buckets = new Buckets();
  const objects = new ObjectFiles(parts.files);
  const now = () => parts.clock.now();
  return {
    service: {
      id: 's3',
      operations: {
        ...bucketOperations({ buckets, objects, review: parts.review, now }),
        ...objectOperations({ buckets, objects, now }),
      },
    },
    readOf(s3Uri) {
      const [, name = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(s3Uri) ?? [];
      const bucket = buckets.find(name);
      if (!bucket) return undefined;
      const prefix = path.replace(/\/*$/, path === '' ? '' : '/');
      return [
        onBucket(bucket, 's3:ListBucket', { 's3:prefix': prefix }),
        onObject(bucket, 's3:GetObject', `${prefix}*`),
      ];
    },
  };
}
