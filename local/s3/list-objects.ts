/** ListObjectsV2: which keys and common prefixes a page has. Source: S3 API reference, ListObjectsV2. */
import type { Wire } from '../core/service.ts';
import { byBytes, type ObjectFiles } from './object-files.ts';
import { invalidArgument } from './s3-errors.ts';

const LARGEST_PAGE = 1000;

/** The output, except for what XML makes of it. Throws InvalidArgument. */
export function listObjects(objects: ObjectFiles, bucket: string, input: Wire): Wire {
  const { Prefix = '', Delimiter = '', StartAfter, ContinuationToken, EncodingType } = input;
  if (EncodingType !== undefined && EncodingType !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request');
  const most = pageSize(input.MaxKeys);
  const after = ContinuationToken === undefined ? (StartAfter ?? '') : readToken(ContinuationToken);

  const keys: string[] = [];
  const prefixes: string[] = [];
  let last = after;
  let isTruncated = false;
  for (const key of objects.keys(bucket, Prefix)) {
    const end = Delimiter === '' ? -1 : key.indexOf(Delimiter, Prefix.length);
    const item = end < 0 ? key : key.slice(0, end + Delimiter.length);
    // A common prefix counts once, on the page where its first key would be.
    if (byBytes(item, last) <= 0) continue;
    if (keys.length + prefixes.length === most) {
      isTruncated = most > 0;
      break;
    }
    (end < 0 ? keys : prefixes).push(item);
    last = item;
  }

  const encoded = (text: string) => (EncodingType === 'url' ? urlEncoded(text) : text);
  const facts = keys.flatMap(key => objects.facts(bucket, key) ?? []);
  return {
    Name: bucket,
    Prefix: encoded(Prefix),
    Delimiter: Delimiter === '' ? undefined : encoded(Delimiter),
    StartAfter: StartAfter === undefined ? undefined : encoded(StartAfter),
    ContinuationToken,
    EncodingType,
    MaxKeys: most,
    KeyCount: facts.length + prefixes.length,
    IsTruncated: isTruncated,
    NextContinuationToken: isTruncated ? Buffer.from(last).toString('base64url') : undefined,
    Contents: facts.map(({ key, modifiedAt, etag, size }) => ({
      Key: encoded(key),
      LastModified: modifiedAt,
      ETag: etag,
      Size: size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: prefixes.map(prefix => ({ Prefix: encoded(prefix) })),
  };
}

function pageSize(given: unknown): number {
  if (given === undefined || given === '') return LARGEST_PAGE;
  const size = Number(given);
  if (!Number.isInteger(size) || size < 0 || size > 2 ** 31 - 1)
    throw invalidArgument('Provided max-keys not an integer or within integer range');
  return Math.min(size, LARGEST_PAGE);
}

function readToken(token: string): string {
  const last = Buffer.from(token, 'base64url').toString();
  if (last === '' || Buffer.from(last).toString('base64url') !== token)
    throw invalidArgument('The continuation token provided is incorrect');
  return last;
}

/** As S3 writes keys in a listing: slashes as they are. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
