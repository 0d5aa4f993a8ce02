/** Codes, statuses and texts: S3 API reference, "List of error codes". */
import { AwsError } from '../core/aws-error.ts';

export const noSuchBucket = (bucket: string) =>
  new AwsError('NoSuchBucket', 'The specified bucket does not exist', {
    status: 404,
    members: { BucketName: bucket },
  });

export const noSuchKey = (key: string) =>
  new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404, members: { Key: key } });

export const accessDenied = () => new AwsError('AccessDenied', 'Access Denied', { status: 403 });

export const malformedPolicy = (message: string) => new AwsError('MalformedPolicy', message);

export const invalidArgument = (message: string) => new AwsError('InvalidArgument', message);
