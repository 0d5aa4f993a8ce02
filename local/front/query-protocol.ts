/**
 * AWS query: a form with `Action`, answers and errors in XML. Of the services here STS and SNS speak it: the installed SDK, boto3 1.43 and its
 * command line call SQS in JSON.
 * Source: Smithy, "AWS query protocol".
 */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import type { Protocol } from './protocol.ts';
import { escapeXml } from './xml.ts';

/** Codes that the JSON services spell otherwise. Source: "Common error types" in the STS and the DynamoDB API references. */
const CODES: Record<string, { code: string; status: number }> = {
  AccessDeniedException: { code: 'AccessDenied', status: 403 },
  ExpiredTokenException: { code: 'ExpiredToken', status: 403 },
  IncompleteSignatureException: { code: 'IncompleteSignature', status: 400 },
  InternalFailure: { code: 'InternalFailure', status: 500 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  MissingAuthenticationTokenException: { code: 'MissingAuthenticationToken', status: 403 },
  UnrecognizedClientException: { code: 'InvalidClientTokenId', status: 403 },
};

/** @param codes those that the service has under another name */
export function queryProtocol(namespace: string, codes: typeof CODES = {}): Protocol {
  return {
    read(request) {
      const form = new URLSearchParams(request.body || request.query);
      const action = form.get('Action');
      if (!action) throw new AwsError('MissingAction', 'The request has no Action.');
      form.delete('Action');
      form.delete('Version');
      return { operation: action, input: nest(form) };
    },
    answer: (operation, output, requestId) => ({
      status: 200,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
      body:
        `<${operation}Response xmlns="${namespace}"><${operation}Result>${xml(output ?? {})}</${operation}Result>` +
        `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`,
    }),
    error(error, requestId) {
      const { code, status } = codes[error.code] ?? CODES[error.code] ?? error;
      const type = status < 500 ? 'Sender' : 'Receiver';
      return {
        status,
        headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
        body:
          `<ErrorResponse xmlns="${namespace}"><Error>${xml({ Type: type, Code: code, Message: error.message })}</Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
    },
  };
}

/** `Tags.member.1.Key=a` as `{ Tags: [{ Key: 'a' }] }`; a map, `Attributes.entry.1.key=a&Attributes.entry.1.value=b`, as `{ Attributes: { a: 'b' } }`. */
function nest(form: URLSearchParams): Wire {
  const input: Record<string, Wire> = Object.create(null);
  for (const [name, value] of form) {
    const path = name.split('.').filter(part => part !== 'member');
    let at: Wire = input;
    for (const part of path.slice(0, -1)) at = at[part] ??= Object.create(null);
    if (typeof at !== 'object') throw new AwsError('MalformedInput', `The parameter ${name} contradicts another.`);
    at[path.at(-1)!] = value;
  }
  return toLists(input);
}

function toLists(value: Wire): Wire {
  if (typeof value !== 'object') return value;
  const names = Object.keys(value);
  if (names.length > 0 && names.every(name => /^\d+$/.test(name)))
    return names.sort((a, b) => Number(a) - Number(b)).map(name => toLists(value[name]));
  if (names.length === 1 && names[0] === 'entry')
    return Object.fromEntries(toLists(value.entry).map(({ key, value: held }: Wire) => [key, held]));
  return Object.fromEntries(names.map(name => [name, toLists(value[name])]));
}

function xml(value: Wire): string {
  if (value instanceof Map)
    return [...value].map(([key, held]) => `<entry>${xml({ key, value: held })}</entry>`).join('');
  if (Array.isArray(value)) return value.map(item => `<member>${xml(item)}</member>`).join('');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `<${name}>${xml(member)}</${name}>`)
      .join('');
  return escapeXml(String(value));
}
