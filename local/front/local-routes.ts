/** What the mesh itself answers, under `/_local/`. */
import type { WireAnswer, WireRequest } from './wire-request.ts';

export interface LocalControls {
  /** Moves the virtual clock by seconds, and gives the time then (ISO 8601). */
  advance(seconds: number): Promise<string>;
  /** Waits until nothing is under way, at most so many real milliseconds; gives what is still under way. */
  settle(timeoutMs: number): Promise<string[]>;
  /** What IAM was asked since the start. */
  calls(): unknown[];
}

/** Ten years: further is a mistake in the unit. */
const LONGEST_ADVANCE_SECONDS = 10 * 366 * 86_400;
const LONGEST_SETTLE_MS = 3_600_000;

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
    default:
      return answer(404, {
        message: `There is no ${request.method} ${request.path}. There is POST /_local/clock, POST /_local/settle and GET /_local/calls.`,
      });
  }
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
