/**
 * S3: which operation a path, a method and a sub-resource are, and its input. Path style, as the SDKs write for an address that is an IP address.
 * Source: S3 API reference, the request syntax of each operation.
 */
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { bodyOf } from './s3-body.ts';
import type { WireRequest } from './wire-request.ts';
import { malformedXml, readXml, type XmlElement } from './xml.ts';

interface Route {
  operation: string;
  /** Further members of the input, by their names in the query string. */
  query?: Record<string, string>;
  /** What the body gives. */
  body?: (body: Buffer, request: WireRequest) => Record<string, Wire>;
}

const LISTING = {
  'continuation-token': 'ContinuationToken',
  delimiter: 'Delimiter',
  'encoding-type': 'EncodingType',
  'fetch-owner': 'FetchOwner',
  'max-keys': 'MaxKeys',
  prefix: 'Prefix',
  'start-after': 'StartAfter',
};

const ROUTES: Record<string, Route> = {
  'GET service': { operation: 'ListBuckets' },
  'PUT bucket': { operation: 'CreateBucket', body: createConfiguration },
  'HEAD bucket': { operation: 'HeadBucket' },
  'DELETE bucket': { operation: 'DeleteBucket' },
  'GET bucket?location': { operation: 'GetBucketLocation' },
  'GET bucket?policy': { operation: 'GetBucketPolicy' },
  'PUT bucket?policy': { operation: 'PutBucketPolicy', body: body => ({ Policy: body.toString() }) },
  'DELETE bucket?policy': { operation: 'DeleteBucketPolicy' },
  'GET bucket?encryption': { operation: 'GetBucketEncryption' },
  'PUT bucket?encryption': { operation: 'PutBucketEncryption', body: encryptionConfiguration },
  'DELETE bucket?encryption': { operation: 'DeleteBucketEncryption' },
  'GET bucket?list-type=2': { operation: 'ListObjectsV2', query: LISTING },
  'PUT object': {
    operation: 'PutObject',
    body: (Body, { headers }) => ({ Body, Headers: objectHeaders(headers) }),
  },
  'GET object': { operation: 'GetObject' },
  'HEAD object': { operation: 'HeadObject' },
  'DELETE object': { operation: 'DeleteObject' },
};

const SUB_RESOURCES = ['location', 'policy', 'encryption', 'list-type'];

/** Throws NotImplementedInLocalMesh for whatever would mean something else than what is done here. */
export function readS3(request: WireRequest): { operation: string; input: Wire } {
  const { method, path, query, headers } = request;
  const [, bucket = '', key = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  const place = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const sub = SUB_RESOURCES.find(name => query.has(name));
  const subResource = sub === undefined ? '' : sub === 'list-type' ? `?list-type=${query.get(sub)}` : `?${sub}`;
  const route = ROUTES[`${method} ${place}${subResource}`];
  // The SDK for JavaScript adds the operation's name as `x-id`.
  const further = [...query.keys()].filter(name => name !== 'x-id' && name !== sub);
  if (!route || further.some(name => !Object.hasOwn(route.query ?? {}, name)))
    throw notInLocalMesh(
      `${method} ${path}${[...query.keys()].map((name, i) => `${i ? '&' : '?'}${name}`).join('')} of S3`,
    );
  requireKnownHeaders(headers);

  const input: Record<string, Wire> = route.body?.(bodyOf(request), request) ?? {};
  if (place !== 'service') input.Bucket = decoded(bucket);
  if (place === 'object') input.Key = decoded(key);
  if (headers['x-amz-expected-bucket-owner']) input.ExpectedBucketOwner = headers['x-amz-expected-bucket-owner'];
  for (const [name, member] of Object.entries(route.query ?? {})) if (query.has(name)) input[member] = query.get(name);
  return { operation: route.operation, input };
}

/** Those that say how a request is made, and not what it is to do. */
const KNOWN_HEADERS = new RegExp(
  `^x-amz-(${[
    'checksum-.+',
    'content-sha256',
    'date',
    'decoded-content-length',
    'expected-bucket-owner',
    'meta-.+',
    'sdk-.+',
    'security-token',
    'trailer',
    'user-agent',
  ].join('|')})$`,
);
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'range'];

function requireKnownHeaders(headers: WireRequest['headers']): void {
  const unknown = Object.keys(headers).find(
    name => CONDITIONS.includes(name) || (name.startsWith('x-amz-') && !KNOWN_HEADERS.test(name)),
  );
  if (unknown !== undefined) throw notInLocalMesh(`the header ${unknown} of S3 requests`);
}

/** What an object keeps of the headers that it came with. */
function objectHeaders(headers: WireRequest['headers']): Record<string, string> {
  const kept = ['cache-control', 'content-disposition', 'content-language', 'content-type', 'expires'];
  const encodings = (headers['content-encoding'] ?? '').split(',').map(name => name.trim());
  const encoding = encodings.filter(name => name !== '' && name !== 'aws-chunked').join(',');
  const pairs = Object.entries(headers).filter(([name]) => kept.includes(name) || name.startsWith('x-amz-meta-'));
  return { ...Object.fromEntries(pairs), ...(encoding !== '' && { 'content-encoding': encoding }) };
}

function createConfiguration(body: Buffer): Record<string, Wire> {
  if (body.length === 0) return {};
  return { CreateBucketConfiguration: members(rootOf(body, 'CreateBucketConfiguration')) };
}

function encryptionConfiguration(body: Buffer): Record<string, Wire> {
  const rules = rootOf(body, 'ServerSideEncryptionConfiguration').children.map(rule => {
    if (rule.name !== 'Rule') throw malformedXml();
    const { BucketKeyEnabled, ...others } = members(rule);
    return BucketKeyEnabled === undefined ? others : { ...others, BucketKeyEnabled: BucketKeyEnabled === 'true' };
  });
  return { ServerSideEncryptionConfiguration: { Rules: rules } };
}

function rootOf(body: Buffer, name: string): XmlElement {
  const root = readXml(body.toString());
  if (root.name !== name) throw malformedXml();
  return root;
}

function members({ children }: XmlElement): Record<string, Wire> {
  return Object.fromEntries(
    children.map(child => [child.name, child.children.length > 0 ? members(child) : child.text]),
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}
