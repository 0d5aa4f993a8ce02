import { createHash } from 'node:crypto';
import type { AccessEvent, AccessReader, AccessSender } from './access-reader.ts';
import type { AccessRequest } from './access-request.ts';

/**
 * The id of an event from what it says and about which state of things: the same said again of the same state is the same event.
 * @param about what the sender saw, such as a request's version; undefined where what the event says is all
 */
export function eventIdFor({ detailType, data }: AccessEvent, account: string, about?: string | number): string {
  return createHash('sha256')
    .update(JSON.stringify([detailType, account, data, about ?? null]))
    .digest('hex')
    .slice(0, 32);
}

/** Nobody mends and repeats one command more often. */
const MOST_REPEATS = 100;

/** The id to send under: an event that was refused stays refused, so who says the same again, after mending what was wrong, says it anew. */
export async function freshEventId(reader: Pick<AccessReader, 'answerTo'>, eventId: string): Promise<string> {
  for (let times = 1; times < MOST_REPEATS; times++) {
    const id = times === 1 ? eventId : `${eventId}-${times}`;
    const answer = await reader.answerTo(id);
    if (!answer?.refused) return id;
  }
  throw new Error(`This was refused ${MOST_REPEATS - 1} times. Change what is asked.`);
}

export interface Followed {
  eventId: string;
  /** The request that the event is about. */
  requestId: string;
  /** Whether the request shows by itself that there is nothing more to come of the event: it was sent before, and is silent. */
  isRepeated(request: AccessRequest): boolean;
  /** Whether what the event led to has come to its end, as far as waiting helps. */
  isDone(request: AccessRequest): boolean;
}

export type EventOutcome =
  | { kind: 'refused'; reasons: string[] }
  | { kind: 'done'; request: AccessRequest }
  /** The time was over, or whoever waited has left (`isLeft`). `isTaken`: the hub has the event. */
  | { kind: 'open'; isTaken: boolean; isLeft: boolean; request: AccessRequest | undefined };

export interface Waiting {
  signal: AbortSignal;
  waitMilliseconds: number;
  /** Ends early when the signal comes. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  onProgress(text: string): void;
}

/** Answers come within a second or two; what lasts longer is looked at more rarely. */
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4_000;

/** Waits for what becomes of an event that was put, by looking at the ledger. Whatever happens to whoever waits, the event has its effect. */
export async function followEvent(
  reader: Pick<AccessReader, 'answerTo' | 'request'>,
  { eventId, requestId, isRepeated, isDone }: Followed,
  { signal, waitMilliseconds, pause, onProgress }: Waiting,
): Promise<EventOutcome> {
  let waited = 0;
  let next = FIRST_PAUSE_MILLISECONDS;
  for (;;) {
    // The event's mark first: a request read after it shows what the event did, or was read from an index that is a moment behind.
    const answer = await reader.answerTo(eventId);
    if (answer?.refused) return { kind: 'refused', reasons: answer.refused };
    const request = await reader.request(requestId);
    const isTaken = answer !== undefined || (request !== undefined && isRepeated(request));
    if (request && isTaken && isDone(request)) return { kind: 'done', request };
    if (signal.aborted || waited >= waitMilliseconds) return { kind: 'open', isTaken, isLeft: signal.aborted, request };
    onProgress(
      isTaken && request ? `${requestId} is ${request.state.status}` : 'Waiting for the hub to take the event',
    );
    await pause(next, signal);
    waited += next;
    next = Math.min(next * 1.5, LONGEST_PAUSE_MILLISECONDS);
  }
}

/** Sends an event under an id under which it was not refused before. Gives the id. */
export async function sendEvent(
  { reader, sender }: { reader: Pick<AccessReader, 'answerTo'> | undefined; sender: AccessSender },
  event: AccessEvent,
  eventId: string,
): Promise<string> {
  const id = reader ? await freshEventId(reader, eventId) : eventId;
  await sender.send(event, id);
  return id;
}
