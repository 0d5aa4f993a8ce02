/** What the mesh itself answers, under `/_local/`. */
import { z } from 'zod';
import type { OrderedFault, OrderedFaults } from '../core/ordered-faults.ts';
import type { WireAnswer, WireRequest } from './wire-request.ts';

export interface LocalControls {
  /** Moves the virtual clock by seconds, and gives the time then (ISO 8601). */
  advance(seconds: number): Promise<string>;
  /** Waits until nothing is under way, at most so many real milliseconds; gives what is still under way. */
  settle(timeoutMs: number): Promise<string[]>;
  /** What IAM was asked since the start. */
  calls(): unknown[];
  /** What calls to come are ordered to meet. */
  faults: OrderedFaults;
}

/** Ten years: further is a mistake in the unit. */
const LONGEST_ADVANCE_SECONDS = 10 * 366 * 86_400;
const LONGEST_SETTLE_MS = 3_600_000;

const orderedFault = z
  .strictObject({
    principal: z
      .string()
      .regex(/^arn:aws:iam::\d{12}:(role\/.+|root)$/, 'must be the ARN of a role, or arn:aws:iam::<account>:root'),
    action: z.string().regex(/^[a-z0-9]+:[A-Z]\w+$/, 'must be <service>:<operation>, such as glue:UpdateTable'),
    error: z.string().regex(/^\w+$/, "must be an error's code").optional(),
    // A call that waits longer is given up by who made it.
    waitMs: z.number().int().min(0).max(20_000).optional(),
    times: z.number().int().min(1).max(100_000).default(1),
  })
  .refine(({ error, waitMs }) => error !== undefined || waitMs !== undefined, 'error or waitMs must be given');

/** Answers a request to `/_local/…`, or undefined when the path is none of these. */
export async function answerLocal(request: WireRequest, controls: LocalControls): Promise<WireAnswer | undefined> {
  if (!request.path.startsWith('/_local/')) return undefined;
  switch (`${request.method} ${request.path}`) {
    case 'POST /_local/clock': {
      const seconds = numberIn(request.body, 'advanceSeconds', LONGEST_ADVANCE_SECONDS);
      if (typeof seconds === 'string') return answer(400, { message: seconds });
      return answer(200, { now: await controls.advance(seconds) });
    }
    case 'POST /_local/settle': {
      const timeoutMs = numberIn(request.body, 'timeoutMs', LONGEST_SETTLE_MS);
      if (typeof timeoutMs === 'string') return answer(400, { message: timeoutMs });
      const pending = await controls.settle(timeoutMs);
      return answer(200, pending.length === 0 ? { settled: true } : { settled: false, pending });
    }
    case 'GET /_local/calls':
      return answer(200, { calls: controls.calls() });
    case 'GET /_local/faults':
      return answer(200, { left: controls.faults.left() });
    case 'DELETE /_local/faults':
      controls.faults.end();
      return answer(200, { left: controls.faults.left() });
    case 'POST /_local/faults': {
      const fault = faultIn(request.body);
      if (typeof fault === 'string') return answer(400, { message: fault });
      controls.faults.order(fault);
      return answer(200, { left: controls.faults.left() });
    }
    default:
      return answer(404, {
        message: `There is no ${request.method} ${request.path}. There is POST /_local/clock, POST /_local/settle, GET /_local/calls, and GET, POST and DELETE /_local/faults.`,
      });
  }
}

/** The fault that the body orders, or what is wrong with the body. */
function faultIn(body: string): OrderedFault | string {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return 'The body must be a fault; it is not JSON.';
  }
  const { data, error: wrong } = orderedFault.safeParse(given);
  if (!data)
    return `The body must be a fault: ${wrong.issues.map(({ path, message }) => [...path, message].join(' ')).join('; ')}.`;
  const { principal, action, error, waitMs, times } = data;
  return { principal, action, times, ...(error !== undefined && { error }), ...(waitMs !== undefined && { waitMs }) };
}

/** The number that the body gives under the name, or what is wrong with the body. */
function numberIn(body: string, name: string, most: number): number | string {
  const wanted = `The body must be {"${name}": <number from 0 to ${most}>}`;
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return `${wanted}; it is not JSON.`;
  }
  const value = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[name] : undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= most))
    return `${wanted}; ${name} is ${value === undefined ? 'missing' : JSON.stringify(value)}.`;
  return value;
}

function answer(status: number, body: unknown): WireAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
