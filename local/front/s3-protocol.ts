/**
 * REST XML as S3 speaks it: errors without an envelope, some answers in headers alone, objects as bytes.
 * Source: Smithy, "AWS restXml protocol"; S3 API reference, the response syntax of each operation and "Error responses".
 */
import { REGION, type Wire } from '../core/service.ts';
import type { Protocol } from './protocol.ts';
import { readS3 } from './s3-routes.ts';
import type { WireAnswer } from './wire-request.ts';
import { xmlElements } from './xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const XML = { 'content-type': 'application/xml' };

/** Codes that the other services spell otherwise. Source: S3 API reference, "List of error codes". */
const CODES: Record<string, { code: string; status: number }> = {
  AccessDeniedException: { code: 'AccessDenied', status: 403 },
  ExpiredTokenException: { code: 'ExpiredToken', status: 400 },
  IncompleteSignatureException: { code: 'AuthorizationHeaderMalformed', status: 400 },
  InternalFailure: { code: 'InternalError', status: 500 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  RequestEntityTooLargeException: { code: 'EntityTooLarge', status: 400 },
  UnrecognizedClientException: { code: 'InvalidAccessKeyId', status: 403 },
};

const NO_CONTENT = () => ({ status: 204 });

/** How each operation's output is told; an operation that is not here answers 200 with nothing. */
const ANSWERS: Record<string, (output: Wire) => Partial<WireAnswer>> = {
  ListBuckets: ({ Owner, Buckets }) =>
    document('ListAllMyBucketsResult', {
      Owner,
      Buckets: {
        Bucket: Buckets.map(({ Name, CreationDate }: Wire) => ({ Name, CreationDate: iso(CreationDate) })),
      },
    }),
  CreateBucket: ({ Location }) => ({ headers: { location: Location } }),
  HeadBucket: () => ({ headers: { 'x-amz-bucket-region': REGION } }),
  DeleteBucket: NO_CONTENT,
  // us-east-1 has no name here. Source: GetBucketLocation.
  GetBucketLocation: () => document('LocationConstraint', ''),
  GetBucketPolicy: ({ Policy }) => ({ headers: { 'content-type': 'application/json' }, body: Policy }),
  PutBucketPolicy: NO_CONTENT,
  DeleteBucketPolicy: NO_CONTENT,
  GetBucketEncryption: ({ ServerSideEncryptionConfiguration: { Rules } }) =>
    document('ServerSideEncryptionConfiguration', { Rule: Rules }),
  DeleteBucketEncryption: NO_CONTENT,
  ListObjectsV2: ({ Contents, CommonPrefixes, ...others }) =>
    document('ListBucketResult', {
      ...others,
      Contents: Contents.map((object: Wire) => ({ ...object, LastModified: iso(object.LastModified) })),
      CommonPrefixes,
    }),
  PutObject: ({ ETag }) => ({ headers: { etag: ETag } }),
  GetObject: output => ({ headers: objectHeaders(output), body: output.Body }),
  HeadObject: output => ({ headers: objectHeaders(output) }),
  DeleteObject: NO_CONTENT,
};

export const S3: Protocol = {
  read: readS3,
  answer: (operation, output, requestId) => {
    const { status = 200, headers = {}, body = '' } = ANSWERS[operation]?.(output) ?? {};
    return { status, headers: { ...ids(requestId), ...headers }, body };
  },
  error(error, requestId) {
    const { code, status } = CODES[error.code] ?? error;
    const members = { Code: code, Message: error.message, ...error.members, RequestId: requestId, HostId: requestId };
    return {
      status,
      headers: { ...ids(requestId), ...XML },
      body: `${DECLARATION}<Error>${xmlElements(members)}</Error>`,
    };
  },
};

function document(name: string, content: Wire): Partial<WireAnswer> {
  const body = `${DECLARATION}<${name} xmlns="${NAMESPACE}">${xmlElements(content)}</${name}>`;
  return { headers: XML, body };
}

function objectHeaders({ ContentLength, ETag, LastModified, Headers }: Wire): Record<string, string> {
  return {
    ...Headers,
    'accept-ranges': 'none',
    'content-length': String(ContentLength),
    etag: ETag,
    'last-modified': new Date(LastModified).toUTCString(),
  };
}

const ids = (requestId: string) => ({ 'x-amz-request-id': requestId, 'x-amz-id-2': requestId });
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
