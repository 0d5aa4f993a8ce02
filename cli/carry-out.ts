import type { AccessEvent, AccessReader } from '../shared/access/access-reader.ts';
import type { AccessRequest } from '../shared/access/access-request.ts';
import { type EventOutcome, type Followed, followEvent, sendEvent } from '../shared/access/follow-event.ts';
import type { AccessDesk } from '../shared/aws/open-access.ts';
import type { AccessParts } from './access-command.ts';
import { type HubOptions, placeOf } from './hub-place.ts';
import { progressOf } from './progress.ts';
import { requestToJson, writeEvent, writeRequest } from './show-access.ts';
import type { Terminal } from './terminal.ts';
import { oneLine } from './text-table.ts';
import { millisecondsOf } from './times.ts';

export interface ChangeOptions extends HubOptions {
  dryRun?: true;
  yes?: true;
  /** False by `--no-wait`. */
  wait: boolean;
  waitFor: string;
}

/** The shell's word for a process that was ended by Ctrl-C. */
const LEFT = 130;

/** What a command has at hand. */
export interface Work {
  terminal: Terminal;
  options: ChangeOptions;
  stage: string;
  desk: AccessDesk;
  /** Undefined where nothing is waited for: to put an event takes no reading. */
  reader: AccessReader | undefined;
  now: string;
}

/** What is sent, and what is waited for. */
export interface Errand extends Omit<Followed, 'eventId'> {
  event: AccessEvent;
  eventId: string;
  /** Whether what the event led to is what was wanted. */
  isWanted(request: AccessRequest): boolean;
  isDirect?: boolean;
}

export async function begin(options: ChangeOptions, parts: AccessParts): Promise<Work> {
  const { connection, place } = placeOf(options, parts.environment);
  millisecondsOf('--wait-for', options.waitFor);
  const desk = await parts.openAccess(connection, place, parts.now);
  const reader = options.wait && !options.dryRun ? (await desk.reading()).access : undefined;
  return { terminal: parts.terminal, options, stage: place.stage, desk, reader, now: parts.now() };
}

export async function carryOut(work: Work, errand: Errand): Promise<number> {
  const eventId = await put(work, errand.event, errand.eventId, errand.isDirect);
  if (eventId === undefined) return 0;
  if (!work.options.wait) return tellSent(work, errand.event, eventId, errand.requestId);
  return tellOutcome(work, await wait(work, { ...errand, eventId }), { ...errand, eventId });
}

/** Gives the id of the event that was put; undefined when a dry run has shown it. */
export async function put(
  work: Work,
  event: AccessEvent,
  eventId: string,
  isDirect = false,
): Promise<string | undefined> {
  const { terminal, options, desk, reader, stage } = work;
  if (options.dryRun) {
    if (options.json) writeJson(work, { event, outcome: 'dry-run' });
    else for (const line of writeEvent(terminal, event, { ...desk.caller, stage }, isDirect)) terminal.out(line);
    return undefined;
  }
  return sendEvent({ reader, sender: desk.sender(isDirect) }, event, eventId);
}

export async function wait(work: Work, followed: Followed): Promise<EventOutcome> {
  const { terminal, options, desk, reader } = work;
  if (!reader) throw new TypeError('Nothing can be waited for without reading.');
  const progress = progressOf(terminal, options);
  try {
    return await terminal.leavable(signal =>
      followEvent(reader, followed, {
        signal,
        waitMilliseconds: millisecondsOf('--wait-for', options.waitFor),
        pause: desk.pause,
        onProgress: progress,
      }),
    );
  } finally {
    progress('');
  }
}

export function tellSent(work: Work, event: AccessEvent, eventId: string, requestId?: string): number {
  const what = requestId === undefined ? 'trellis access list' : `trellis access show ${requestId}`;
  if (work.options.json) writeJson(work, { event, eventId, outcome: 'sent' });
  else work.terminal.out(`The event was put. What comes of it: ${what}`);
  return 0;
}

export function tellOutcome(
  work: Work,
  outcome: EventOutcome,
  { event, eventId, requestId, isWanted }: Pick<Errand, 'event' | 'eventId' | 'requestId' | 'isWanted'>,
): number {
  const { terminal, options, now } = work;
  if (outcome.kind === 'refused') {
    if (options.json) writeJson(work, { event, eventId, outcome: 'refused', reasons: outcome.reasons });
    else terminal.err(['Refused:', ...outcome.reasons.map(reason => `  ${oneLine(reason)}`)].join('\n'));
    return 1;
  }
  const { request } = outcome;
  const shown = request && { request: requestToJson(request) };
  if (outcome.kind === 'open') {
    if (options.json) writeJson(work, { event, eventId, outcome: outcome.isTaken ? 'open' : 'not-taken', ...shown });
    else {
      if (request && outcome.isTaken) for (const line of writeRequest(terminal, request, now)) terminal.out(line);
      const where = outcome.isTaken
        ? 'It goes on.'
        : 'The hub has not taken the event yet. It has its effect whenever it arrives.';
      terminal.err(`${where} To see it: trellis access show ${requestId}`);
    }
    return outcome.isLeft ? LEFT : 1;
  }
  if (options.json) writeJson(work, { event, eventId, outcome: 'done', ...shown });
  else for (const line of writeRequest(terminal, outcome.request, now)) terminal.out(line);
  return isWanted(outcome.request) ? 0 : 1;
}

export function writeJson({ terminal, stage, desk }: Work, document: Record<string, unknown>): void {
  const { account, hub } = desk.caller;
  terminal.out(JSON.stringify({ stage, account, hub, ...document }, null, 2));
}
