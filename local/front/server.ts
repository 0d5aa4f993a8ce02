/** The mesh's one HTTP server: finds the service and the caller of each request, checks IAM, runs the operation, frames the answer. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Access, Call, Caller, Service } from '../core/service.ts';
import { answerLocal, type LocalControls } from './local-routes.ts';
import type { Protocol } from './protocol.ts';
import { protocolByLooks, protocolOf } from './protocols.ts';
import { headersOf, readRequest } from './read-request.ts';
import { readSignature } from './signature.ts';
import type { WireAnswer, WireRequest } from './wire-request.ts';

/** A call that was answered. */
export interface FinishedCall {
  /** The name in the signature's credential scope. */
  service: string;
  operation: string;
  /** The caller's ARN: of a role its session's. */
  caller: string;
  /** Milliseconds, of this process's `performance.now()`: when the call was read, and when its answer left. */
  startedAt: number;
  endedAt: number;
  /** The error's code, of a call that failed. */
  error?: string;
}

export interface FrontParts {
  services: Service[];
  /** Whose keys these are. Throws an AwsError for keys that are nobody's. */
  callerOf(accessKeyId: string, sessionToken: string | undefined): Caller;
  /** Throws AccessDeniedException unless the caller may. */
  authorize(caller: Caller, access: Access): void;
  controls: LocalControls;
  /** Milliseconds since 1970: the machine's time unless given. Answers say it: an SDK that finds its own clock wrong tries errors again that it otherwise would not. */
  now?: (() => number) | undefined;
  /** Told of what went wrong inside the mesh: the caller only sees InternalFailure. */
  log(message: string): void;
  onCall?: ((call: FinishedCall) => void) | undefined;
  /** Real milliseconds for which the answer to a call waits, asked for each: what a network would take. None unless given. */
  answerAfterMs?: (() => number) | undefined;
}

export interface Front {
  /** Starts accepting calls on 127.0.0.1; port 0 takes a free one. Gives the endpoint. Rejects when the port is in use. */
  listen(port: number): Promise<string>;
  stop(): Promise<void>;
}

/** Real milliseconds for which an idle connection is kept: longer than the pauses between a test's calls. */
const KEEP_ALIVE_MS = 60_000;

export function createFront(parts: FrontParts): Front {
  const services = new Map(parts.services.map(service => [service.id, { service, protocol: protocolOf(service) }]));
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    void answerMessage(message, response);
  });

  async function answerMessage(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: WireAnswer;
    try {
      const request = await readRequest(message);
      answer = (await answerLocal(request, parts.controls)) ?? (await answerCall(request));
    } catch (error) {
      if (message.destroyed && !message.complete) return; // The caller has gone.
      answer = protocolByLooks(headersOf(message)).error(asAwsError(error, 'a request'), randomUUID());
    }
    const date = new Date(parts.now?.() ?? Date.now()).toUTCString();
    response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body), date, ...answer.headers });
    // As text, head and body leave in one write.
    response.end(answer.body);
  }

  async function answerCall(request: WireRequest): Promise<WireAnswer> {
    const requestId = randomUUID();
    const startedAt = performance.now();
    let finished: Pick<FinishedCall, 'service' | 'operation' | 'caller'> | undefined;
    let failure: AwsError | undefined;
    let protocol: Protocol | undefined;
    let what = `${request.method} ${request.path}`;
    try {
      const signature = readSignature(request);
      const found = services.get(signature.serviceId);
      if (!found) throw notInLocalMesh(`the service ${signature.serviceId}`);
      protocol = found.protocol;
      const caller = parts.callerOf(signature.accessKeyId, signature.sessionToken);
      const { operation: name, input } = protocol.read(request);
      what = `${found.service.id}:${name}`;
      finished = { service: found.service.id, operation: name, caller: caller.arn };
      const operation = Object.hasOwn(found.service.operations, name) ? found.service.operations[name] : undefined;
      if (!operation) throw notInLocalMesh(`the operation ${what}`);
      await parts.controls.faults.meet(caller.principal, what);
      const call: Call = { caller, requestId };
      for (const access of await operation.access(input, call)) parts.authorize(caller, access);
      return protocol.answer(name, await operation.run(input, call), requestId);
    } catch (error) {
      failure = asAwsError(error, what);
      return (protocol ?? protocolByLooks(request.headers)).error(failure, requestId);
    } finally {
      const waitMs = parts.answerAfterMs?.() ?? 0;
      if (waitMs > 0) await pause(waitMs);
      const error = failure && { error: failure.code };
      if (finished) parts.onCall?.({ ...finished, startedAt, endedAt: performance.now(), ...error });
    }
  }

  function asAwsError(error: unknown, what: string): AwsError {
    if (error instanceof AwsError) return error;
    parts.log(
      `${what} failed inside the mesh: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return new AwsError('InternalFailure', `${what} failed inside the local mesh; its log says why.`, { status: 500 });
  }

  return {
    listen: port =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        });
      }),
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
