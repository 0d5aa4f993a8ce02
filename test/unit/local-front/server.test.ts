import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import { OrderedFaults } from '../../../local/core/ordered-faults.ts';
import { createFront } from '../../../local/front/server.ts';
import { ACCOUNT, fakeService, startFront } from './fake-services.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start(...given: Parameters<typeof startFront>) {
  const started = await startFront(...given);
  stops.push(started.front.stop);
  return started;
}

function signed(service: string, headers: Record<string, string> = {}, key = ACCOUNT, region = 'us-east-1') {
  const credential = `${key}/20260101/${region}/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`, ...headers };
}

async function call(endpoint: string, path: string, init: RequestInit = {}) {
  const response = await fetch(endpoint + path, { method: 'POST', ...init });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : undefined,
  };
}

const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const echo = fakeService('glue', { Echo: input => ({ input }), Break: () => JSON.parse('not json') });
const toEcho = signed('glue', { 'x-amz-target': 'AWSGlue.Echo' });

describe('a call', () => {
  it('takes gzip', async () => {
    const { endpoint } = await start([echo]);
    const headers = { ...toEcho, 'content-encoding': 'gzip' };
    expect((await call(endpoint, '/', { headers, body: gzipSync('{"a":1}') })).json).toEqual({ input: { a: 1 } });
    expect((await call(endpoint, '/', { headers, body: '{"a":1}' })).json).toMatchObject({
      __type: 'SerializationException',
    });
  });

  it('refuses bodies above the limit, packed or not, and answers the next call', async () => {
    const { endpoint } = await start([echo]);
    const large = Buffer.alloc(21 * 1024 * 1024, ' ');
    expect(await postInPieces(endpoint, toEcho, large)).toBe(413);
    const packed = { headers: { ...toEcho, 'content-encoding': 'gzip' }, body: gzipSync(large) };
    expect(await call(endpoint, '/', packed)).toMatchObject({
      status: 413,
      json: { __type: 'RequestEntityTooLargeException' },
    });
    expect((await call(endpoint, '/', { headers: toEcho, body: '{}' })).status).toBe(200);
  });

  it.each([
    ['no signature', {}, 403, 'MissingAuthenticationTokenException'],
    ['another signature', { authorization: 'Bearer x' }, 400, 'IncompleteSignatureException'],
    ['another Region', signed('glue', {}, ACCOUNT, 'eu-west-1'), 403, 'InvalidSignatureException'],
    ['keys that are nobody', signed('glue', {}, '999999999999'), 400, 'UnrecognizedClientException'],
    ['no operation', signed('glue'), 400, 'UnknownOperationException'],
  ])('with %s is refused', async (_what, headers, status, __type) => {
    const { endpoint } = await start([echo]);
    expect(await call(endpoint, '/', { headers, body: '{}' })).toMatchObject({ status, json: { __type } });
  });

  it.each(['not json', '[]', '"text"', 'null'])('with the body %s is refused', async body => {
    const { endpoint } = await start([echo]);
    expect(await call(endpoint, '/', { headers: toEcho, body })).toMatchObject({
      status: 400,
      json: { __type: 'SerializationException' },
    });
  });

  it('for a service or an operation that is not there says which', async () => {
    const { endpoint } = await start([echo, fakeService('lakeformation', {}), fakeService('lambda', {})]);
    const operation = await call(endpoint, '/', { headers: signed('glue', { 'x-amz-target': 'AWSGlue.CreateJob' }) });
    expect(operation).toMatchObject({ status: 501, json: { __type: 'NotImplementedInLocalMesh' } });
    expect(operation.json.message).toContain('the operation glue:CreateJob');
    const inherited = await call(endpoint, '/', { headers: signed('glue', { 'x-amz-target': 'AWSGlue.toString' }) });
    expect(inherited.status).toBe(501);
    const service = await call(endpoint, '/', { headers: signed('redshift') });
    expect(service.json.message).toContain('the service redshift');
    const rest = await call(endpoint, '/CreateLFTag', { headers: signed('lakeformation') });
    expect(rest.json.message).toContain('the operation lakeformation:CreateLFTag');
    const path = await call(endpoint, '/2015-03-31/functions/f/aliases', { headers: signed('lambda') });
    expect(path.json.message).toContain('POST /2015-03-31/functions/f/aliases');
    const form = { ...signed('iam'), 'content-type': 'application/x-www-form-urlencoded' };
    expect((await call(endpoint, '/', { headers: form, body: 'Action=ListRoles' })).text).toContain(
      '<Code>NotImplementedInLocalMesh</Code>',
    );
  });

  it('that breaks inside the mesh is an InternalFailure, and its cause is logged, not told', async () => {
    const { endpoint, logged } = await start([echo]);
    const answer = await call(endpoint, '/', { headers: signed('glue', { 'x-amz-target': 'AWSGlue.Break' }) });
    expect(answer).toMatchObject({ status: 500, json: { __type: 'InternalFailure' } });
    expect(answer.text).not.toContain('SyntaxError');
    expect(logged).toEqual([expect.stringMatching(/glue:Break failed inside the mesh: SyntaxError/)]);
  });

  it('runs only when every access is allowed', async () => {
    let ran = 0;
    const service = fakeService('ram', { GetResourceShares: () => ++ran });
    const { endpoint } = await start([service], {
      authorize(_caller, access) {
        throw new AwsError('AccessDeniedException', `no ${access.action}`);
      },
    });
    const answer = await call(endpoint, '/getresourceshares', { headers: signed('ram'), body: '{}' });
    expect(answer).toMatchObject({
      status: 403,
      json: { __type: 'AccessDeniedException', message: 'no ram:GetResourceShares' },
    });
    expect(answer.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
    expect(ran).toBe(0);
  });

  it('keeps its connection', async () => {
    const { endpoint } = await start([echo]);
    const answer = await call(endpoint, '/', { headers: toEcho, body: '{}' });
    expect(answer.headers.get('connection')).toBe('keep-alive');
  });
});

describe('faults that were ordered', () => {
  const order = (endpoint: string, fault: object) =>
    call(endpoint, '/_local/faults', { body: JSON.stringify({ principal: ROOT, action: 'glue:Echo', ...fault }) });
  const toEchoOnce = (endpoint: string) => call(endpoint, '/', { headers: toEcho, body: '{}' });
  const left = async (endpoint: string) => (await call(endpoint, '/_local/faults', { method: 'GET' })).json.left;

  it('are met by the next calls of that principal, as often as ordered', async () => {
    const { endpoint } = await start([echo]);
    const { json } = await order(endpoint, { error: 'ThrottlingException', times: 2 });
    expect(json.left).toMatchObject([{ error: 'ThrottlingException', times: 2 }]);
    await order(endpoint, { principal: `arn:aws:iam::${ACCOUNT}:role/R`, error: 'AccessDeniedException' });
    for (let times = 0; times < 2; times++)
      expect(await toEchoOnce(endpoint)).toMatchObject({ status: 400, json: { __type: 'ThrottlingException' } });
    expect((await toEchoOnce(endpoint)).status).toBe(200);
    expect(await left(endpoint)).toMatchObject([{ principal: `arn:aws:iam::${ACCOUNT}:role/R`, times: 1 }]);
    const target = { 'x-amz-target': 'AWSGlue.Echo', 'x-amz-security-token': 'token' };
    const headers = signed('glue', target, 'ASIASESSION');
    expect((await call(endpoint, '/', { headers, body: '{}' })).json).toMatchObject({
      __type: 'AccessDeniedException',
    });
  });

  it("of the service's own have the status 500, on which an SDK tries again", async () => {
    const { endpoint } = await start([echo]);
    await order(endpoint, { error: 'InternalServiceException' });
    expect((await toEchoOnce(endpoint)).status).toBe(500);
  });

  it('let a call wait, until they are ended', async () => {
    const { endpoint } = await start([echo]);
    await order(endpoint, { waitMs: 20_000 });
    await order(endpoint, { waitMs: 20_000 });
    let isAnswered = false;
    const waiting = toEchoOnce(endpoint).then(answer => {
      isAnswered = true;
      return answer;
    });
    while ((await left(endpoint)).length > 1) await new Promise(resolve => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    expect((await call(endpoint, '/_local/faults', { method: 'DELETE' })).json).toEqual({ left: [] });
    expect((await waiting).status).toBe(200);
    expect((await toEchoOnce(endpoint)).status).toBe(200);
  });
});

describe('an invocation of a function', () => {
  it('has its payload as it is, its type in a header, and the error of the function in another', async () => {
    const lambda = fakeService('lambda', {
      Invoke: input => {
        if (input.InvocationType === 'Event') return { StatusCode: 202, Payload: '' };
        if (input.FunctionName === 'bad')
          return { StatusCode: 200, FunctionError: 'Unhandled', Payload: '{"errorMessage":"x"}' };
        return { StatusCode: 200, Payload: JSON.stringify({ name: input.FunctionName, got: input.Payload }) };
      },
    });
    const { endpoint } = await start([lambda]);
    const invoke = (name: string, headers = {}) =>
      call(endpoint, `/2015-03-31/functions/${name}/invocations`, {
        headers: signed('lambda', headers),
        body: '{"a": 1}',
      });
    const arn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
    const good = await invoke(encodeURIComponent(arn));
    expect(good.json).toEqual({ name: arn, got: '{"a": 1}' });
    expect(good.headers.get('x-amz-function-error')).toBeNull();
    expect(good.headers.get('x-amz-executed-version')).toBe('$LATEST');
    const bad = await invoke('bad');
    expect(bad).toMatchObject({ status: 200, json: { errorMessage: 'x' } });
    expect(bad.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(await invoke('f', { 'x-amz-invocation-type': 'Event' })).toMatchObject({ status: 202, text: '' });
    expect(await invoke('%E0%A4%A')).toMatchObject({ status: 400 });
  });
});

describe('the mesh itself', () => {
  it('moves the clock', async () => {
    const moved: number[] = [];
    const advance = async (seconds: number) => {
      moved.push(seconds);
      return '2026-01-02T00:00:00.000Z';
    };
    const { endpoint } = await start([], { controls: { advance } });
    expect(await call(endpoint, '/_local/clock', { body: '{"advanceSeconds": 86400}' })).toMatchObject({
      status: 200,
      json: { now: '2026-01-02T00:00:00.000Z' },
    });
    expect(moved).toEqual([86_400]);
  });

  it('says whether all has settled, or what is under way', async () => {
    const pending: string[] = [];
    const { endpoint } = await start([], { controls: { settle: async () => pending } });
    const settle = () => call(endpoint, '/_local/settle', { body: '{"timeoutMs": 5}' });
    expect((await settle()).json).toEqual({ settled: true });
    pending.push('function sync-table');
    expect((await settle()).json).toEqual({ settled: false, pending: ['function sync-table'] });
  });

  it('tells what IAM was asked', async () => {
    const asked = [{ principal: 'p', action: 'a', resource: 'r', allowed: true }];
    const { endpoint } = await start([], { controls: { calls: () => asked } });
    expect((await call(endpoint, '/_local/calls', { method: 'GET' })).json).toEqual({ calls: asked });
  });

  it.each([
    ['/_local/clock', '{"advanceSeconds": -1}', 'advanceSeconds is -1'],
    ['/_local/clock', '{"advanceSeconds": "1"}', 'advanceSeconds is "1"'],
    ['/_local/clock', '{"advanceSeconds": 1e12}', 'advanceSeconds is 1000000000000'],
    ['/_local/clock', '{}', 'advanceSeconds is missing'],
    ['/_local/clock', 'null', 'advanceSeconds is missing'],
    ['/_local/clock', '', 'it is not JSON'],
    ['/_local/settle', '{"advanceSeconds": 1}', 'timeoutMs is missing'],
    ['/_local/faults', 'x', 'it is not JSON'],
    ['/_local/faults', '{"principal": "somebody", "action": "glue:Echo", "error": "E"}', 'principal must be the ARN'],
    [
      '/_local/faults',
      `{"principal": "${ROOT}", "action": "Echo", "error": "E"}`,
      'action must be <service>:<operation>',
    ],
    ['/_local/faults', `{"principal": "${ROOT}", "action": "glue:Echo"}`, 'error or waitMs must be given'],
    ['/_local/faults', `{"principal": "${ROOT}", "action": "glue:Echo", "error": "E", "times": 0}`, 'times'],
  ])('refuses %s with the body %s', async (path, body, message) => {
    const { endpoint } = await start([]);
    const answer = await call(endpoint, path, { body });
    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain(message);
  });

  it('has nothing else', async () => {
    const { endpoint } = await start([]);
    expect(await call(endpoint, '/_local/clock', { method: 'GET' })).toMatchObject({ status: 404 });
    expect(await call(endpoint, '/_local/reset')).toMatchObject({ status: 404 });
  });

  it('rejects a port that is in use', async () => {
    const { endpoint } = await start([]);
    const other = createFront({
      services: [],
      callerOf: () => {
        throw new Error('unused');
      },
      authorize: () => {},
      controls: { advance: async () => '', settle: async () => [], calls: () => [], faults: new OrderedFaults() },
      log: () => {},
    });
    await expect(other.listen(Number(new URL(endpoint).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

/** Posts in chunks, without telling the length first. Gives the status. */
async function postInPieces(
  endpoint: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<number | undefined> {
  const request = httpRequest(endpoint, { method: 'POST', headers: { ...headers, 'transfer-encoding': 'chunked' } });
  request.on('error', () => {}); // The server closes the connection without reading the rest.
  const answered = once(request, 'response');
  for (let start = 0; start < body.length; start += 1 << 20) request.write(body.subarray(start, start + (1 << 20)));
  request.end();
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}
