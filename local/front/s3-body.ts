/** The body of an S3 request, unpacked and checked. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../core/aws-error.ts';
import { incompleteBody, isChunked, unpackChunks } from './aws-chunked.ts';
import type { WireRequest } from './wire-request.ts';

/** Base64 of each checksum. Simplification: CRC32C and CRC64NVME are not checked. */
const CHECKSUMS: Record<string, (body: Buffer) => string> = {
  'x-amz-checksum-crc32': body => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
  'x-amz-checksum-sha1': body => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': body => createHash('sha256').update(body).digest('base64'),
  'content-md5': body => createHash('md5').update(body).digest('base64'),
};

/** Throws IncompleteBody, or BadDigest when a checksum that came with the body is not the body's. */
export function bodyOf({ headers, bytes }: WireRequest): Buffer {
  const { body, trailers } = isChunked(headers) ? unpackChunks(bytes) : { body: bytes, trailers: {} };
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== body.length) throw incompleteBody();
  const given: Record<string, string | undefined> = { ...headers, ...trailers };
  for (const [name, checksum] of Object.entries(CHECKSUMS)) {
    if (given[name] !== undefined && given[name] !== checksum(body))
      throw new AwsError('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  return body;
}
