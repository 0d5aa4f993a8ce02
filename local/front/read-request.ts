import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AwsError } from '../core/aws-error.ts';
import { isForS3 } from './signature.ts';
import type { WireRequest } from './wire-request.ts';

/** Bytes. Above the largest request of the services here: DynamoDB takes 16 MB in a batch of writes. */
const LARGEST_BODY = 20 * 1024 * 1024;
/** Bytes. Simplification: S3 takes 5 GB in one PutObject; here an object is held in memory on its way to its file. */
const LARGEST_OBJECT = 256 * 1024 * 1024;

const unzip = promisify(gunzip);

/** Reads a request with its body. Throws RequestEntityTooLargeException for a body above the limit, packed or unpacked. */
export async function readRequest(message: IncomingMessage): Promise<WireRequest> {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  const headers = headersOf(message);
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers,
    // To S3 an encoding is a property of the object.
    ...(isForS3(headers) ? { body: '', bytes: await readBytes(message, LARGEST_OBJECT) } : await readText(message)),
  };
}

/** Names in lower case. */
export function headersOf(message: IncomingMessage): WireRequest['headers'] {
  const headers: WireRequest['headers'] = {};
  for (const [name, value] of Object.entries(message.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return headers;
}

async function readText(message: IncomingMessage): Promise<Pick<WireRequest, 'body' | 'bytes'>> {
  const bytes = await readBytes(message, LARGEST_BODY);
  return { bytes, body: await textOf(bytes, message.headers['content-encoding']) };
}

async function textOf(body: Buffer, encoding: string | undefined): Promise<string> {
  if (encoding === undefined || encoding === 'identity') return body.toString('utf8');
  if (encoding !== 'gzip')
    throw new AwsError('SerializationException', `Content-Encoding ${encoding} is not supported`);
  try {
    return (await unzip(body, { maxOutputLength: LARGEST_BODY })).toString('utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(LARGEST_BODY);
    throw new AwsError('SerializationException', 'The body is not gzip, as its Content-Encoding says');
  }
}

/** By the stream's own events, not as an iterator, which costs more: every call of every function comes through here. */
function readBytes(message: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      // A caller reads the answer only when it has sent everything: what is too much is read to its end, but not kept.
      if (length <= most) chunks.push(chunk);
      else chunks.length = 0;
    });
    message.on('end', () => {
      if (length > most) reject(tooLarge(most));
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    message.on('error', reject);
    // Of a caller that went away, neither end nor error may be told.
    message.on('close', () => {
      if (!message.complete) reject(new Error('The caller closed the connection before it had sent its request.'));
    });
  });
}

function tooLarge(most: number): AwsError {
  return new AwsError('RequestEntityTooLargeException', `Request must be smaller than ${most} bytes.`, {
    status: 413,
  });
}
