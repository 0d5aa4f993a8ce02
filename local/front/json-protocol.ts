/**
 * AWS JSON 1.0 and 1.1: one path, the operation in `X-Amz-Target`, errors by `__type`.
 * Source: Smithy, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol"; the services' versions as in the installed SDK's clients.
 */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import type { Protocol } from './protocol.ts';

/** `queryCode` gives the error code that the service had in the query protocol, where it is "awsQueryCompatible" (SQS). */
export function jsonProtocol(version: '1.0' | '1.1', queryCode?: (code: string) => string): Protocol {
  const contentType = `application/x-amz-json-${version}`;
  return {
    read(request) {
      const target = request.headers['x-amz-target'];
      if (!target) throw new AwsError('UnknownOperationException', 'The X-Amz-Target header is missing.');
      return { operation: target.slice(target.lastIndexOf('.') + 1), input: parseJson(request.body) };
    },
    answer: (_operation, output, requestId) => ({
      status: 200,
      headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
      body: JSON.stringify(output ?? {}),
    }),
    error: (error, requestId) => ({
      status: error.status,
      headers: {
        'content-type': contentType,
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': error.code,
        ...(queryCode && {
          'x-amzn-query-error': `${queryCode(error.code)};${error.status < 500 ? 'Sender' : 'Receiver'}`,
        }),
      },
      body: errorBody(error),
    }),
  };
}

/** The input of a call; an empty body is an empty input. Throws SerializationException for what is no JSON object. */
export function parseJson(body: string): Wire {
  if (body === '') return {};
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON.');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new AwsError('SerializationException', 'The request body is not a JSON object.');
  return input;
}

/** Services spell the message's member `message` or `Message`; SDKs read both. */
export function errorBody(error: AwsError): string {
  return JSON.stringify({ __type: error.code, message: error.message, Message: error.message, ...error.members });
}
