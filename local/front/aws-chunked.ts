/**
 * Bodies in chunks with checksums after them, as current SDKs send streams.
 * Source: S3 API reference, "Authenticating requests: Using the Authorization header", chunked uploads with and without trailing headers.
 */
import { AwsError } from '../core/aws-error.ts';

export interface UnpackedBody {
  body: Buffer;
  /** Headers that came after the body. Names in lower case. */
  trailers: Record<string, string>;
}

/** Whether the body is in chunks, whatever the content encoding says: clients may leave that out. */
export function isChunked(headers: Record<string, string | undefined>): boolean {
  return (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
}

/**
 * Unpacks `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>`. Throws IncompleteBody for what ends early.
 * Simplification: chunk signatures are not checked, as no signature is.
 */
export function unpackChunks(packed: Buffer): UnpackedBody {
  const chunks: Buffer[] = [];
  let at = 0;
  const line = () => {
    const end = packed.indexOf('\r\n', at);
    if (end < 0) throw incompleteBody();
    const text = packed.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [, hex] = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line()) ?? [];
    if (hex === undefined) throw incompleteBody();
    const size = Number.parseInt(hex, 16);
    if (size === 0) break;
    if (at + size + 2 > packed.length) throw incompleteBody();
    chunks.push(packed.subarray(at, at + size));
    at += size + 2;
  }
  const trailers = packed
    .toString('latin1', at)
    .split(/\r?\n/)
    .map(text => /^([^:]+):\s*(.*)$/.exec(text))
    .filter(found => found !== null)
    .map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]);
  return { body: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

export function incompleteBody(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}
