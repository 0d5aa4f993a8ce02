/**
 * REST JSON: operations are paths, inputs come from path, query string, headers and body.
 * Source: Smithy, "AWS restJson1 protocol"; the paths as in botocore's models of Lake Formation, RAM and Lambda.
 */
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';
import { errorBody, parseJson } from './json-protocol.ts';
import type { Protocol } from './protocol.ts';
import type { WireAnswer, WireRequest } from './wire-request.ts';

/** How one service lays its operations out over paths. */
export interface RestLayout {
  read(request: WireRequest): { operation: string; input: Wire } | undefined;
  /** For an answer whose members are not all in the body. */
  answer?(operation: string, output: Wire): WireAnswer | undefined;
}

export function restJsonProtocol(service: string, layout: RestLayout): Protocol {
  return {
    read(request) {
      const found = layout.read(request);
      if (!found) throw notInLocalMesh(`${request.method} ${request.path} of ${service}`);
      return found;
    },
    answer(operation, output, requestId) {
      const answer = layout.answer?.(operation, output) ?? {
        status: 200,
        headers: {},
        body: JSON.stringify(output ?? {}),
      };
      return {
        ...answer,
        headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...answer.headers },
      };
    },
    error: (error, requestId) => ({
      status: restStatus(error),
      headers: {
        'content-type': 'application/json',
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': error.code,
      },
      body: errorBody(error),
    }),
  };
}

/** REST services answer a denied call with 403, the others with 400. */
function restStatus(error: AwsError): number {
  const isDenied = ['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException'].includes(
    error.code,
  );
  return isDenied && error.status === 400 ? 403 : error.status;
}

/** Lake Formation: `POST /<Operation>`. */
export const LAKE_FORMATION: RestLayout = {
  read: ({ method, path, body }) =>
    method === 'POST' && /^\/\w+$/.test(path) ? { operation: path.slice(1), input: parseJson(body) } : undefined,
};

/** RAM: `POST /<operation in lower case>` with a body, `DELETE /<…>` with a query string. `operations` are the names as spelled. */
export function ramLayout(operations: string[]): RestLayout {
  const spelled = new Map(operations.map(name => [name.toLowerCase(), name]));
  return {
    read({ method, path, query, body }) {
      if ((method !== 'POST' && method !== 'DELETE') || !/^\/\w+$/.test(path)) return undefined;
      const operation = spelled.get(path.slice(1)) ?? path.slice(1);
      return { operation, input: { ...parseJson(body), ...Object.fromEntries(query) } };
    },
  };
}

/** Lambda's routes: method, path with the name's place, operation. */
const LAMBDA_ROUTES: { method: string; path: RegExp; operation: string }[] = [
  { method: 'POST', path: /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, operation: 'Invoke' },
  { method: 'GET', path: /^\/2015-03-31\/functions\/([^/]+)$/, operation: 'GetFunction' },
  { method: 'GET', path: /^\/2015-03-31\/functions\/([^/]+)\/configuration$/, operation: 'GetFunctionConfiguration' },
  { method: 'GET', path: /^\/2015-03-31\/functions\/([^/]+)\/policy$/, operation: 'GetPolicy' },
  { method: 'GET', path: /^\/2015-03-31\/functions\/?$/, operation: 'ListFunctions' },
  { method: 'GET', path: /^\/2015-03-31\/event-source-mappings\/?$/, operation: 'ListEventSourceMappings' },
];

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AwsError('SerializationException', `The path has a malformed escape: ${part}`);
  }
}

/**
 * Lambda. `Invoke` has its payload as text, in and out: `{ FunctionName, InvocationType?, Qualifier?, Payload }` gives
 * `{ StatusCode, FunctionError?, ExecutedVersion?, Payload? }`.
 */
export const LAMBDA: RestLayout = {
  read({ method, path, query, headers, body }) {
    for (const route of LAMBDA_ROUTES) {
      const found = route.method === method ? route.path.exec(path) : null;
      if (!found) continue;
      const input: Record<string, string> = Object.fromEntries(query);
      if (found[1] !== undefined) input.FunctionName = decoded(found[1]);
      if (route.operation === 'Invoke') {
        input.Payload = body;
        const type = headers['x-amz-invocation-type'];
        if (type !== undefined) input.InvocationType = type;
      }
      return { operation: route.operation, input };
    }
    return undefined;
  },
  answer(operation, output) {
    if (operation !== 'Invoke') return undefined;
    return {
      status: output.StatusCode ?? 200,
      headers: {
        'x-amz-executed-version': output.ExecutedVersion ?? '$LATEST',
        ...(output.FunctionError !== undefined && { 'x-amz-function-error': output.FunctionError }),
      },
      body: output.Payload ?? '',
    };
  },
};
