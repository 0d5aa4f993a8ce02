import { randomBytes } from 'node:crypto';
import type { AccessRequestedData } from '../events/access-requested.ts';
import type { AccessEvent } from '../shared/access/access-reader.ts';
import { type AccessRequest, tablesOf } from '../shared/access/access-request.ts';
import { eventIdFor } from '../shared/access/follow-event.ts';
import { listAccess, statusesOf } from '../shared/access/list-access.ts';
import { openExtension } from '../shared/access/open-question.ts';
import { requestFingerprint } from '../shared/access/request-fingerprint.ts';
import type { AccessParts } from './access-command.ts';
import {
  type DecideOptions,
  decisionEvent,
  type ExtendOptions,
  extensionEvent,
  type RequestOptions,
  type RevokeOptions,
  requestEvent,
  revocationEvent,
} from './access-events.ts';
import { isConfirmed } from './ask-first.ts';
import {
  begin,
  type ChangeOptions,
  carryOut,
  put,
  tellOutcome,
  tellSent,
  type Work,
  wait,
  writeJson,
} from './carry-out.ts';
import { UsageError } from './connection.ts';
import { requestToJson, writeAccess } from './show-access.ts';

export async function runRequest(
  tables: readonly string[],
  options: RequestOptions & ChangeOptions,
  parts: AccessParts,
): Promise<number> {
  const work = await begin(options, parts);
  const { account } = work.desk.caller;
  const requestId = options.id ?? newId(tables[0] ?? '');
  const event = requestEvent(tables, requestId, options, work.desk.caller);
  const fingerprint = requestFingerprint(event.data as AccessRequestedData, account);
  return carryOut(work, {
    event,
    eventId: eventIdFor(event, account),
    requestId,
    isRepeated: request => request.fingerprint === fingerprint,
    isDone: ({ state }) => state.status !== 'approved',
    isWanted: ({ state }) => state.status === 'granted' || state.status === 'waiting',
  });
}

export async function runDecide(
  requestId: string,
  answer: string,
  options: DecideOptions & ChangeOptions,
  parts: AccessParts,
): Promise<number> {
  const work = await begin(options, parts);
  const event = decisionEvent(requestId, answer, options, work.desk.caller);
  const { eventId, isMoved } = await aboutRequest(work, event, requestId);
  return carryOut(work, {
    event,
    eventId,
    requestId,
    isRepeated: () => false,
    isDone: request => isMoved(request) && request.state.status !== 'waiting' && request.state.status !== 'approved',
    isWanted: request => answer === 'deny' || (request.state.status === 'granted' && !openExtension(request)),
    ...(options.direct && { isDirect: true }),
  });
}

export async function runExtend(
  requestId: string,
  options: ExtendOptions & ChangeOptions,
  parts: AccessParts,
): Promise<number> {
  const work = await begin(options, parts);
  const event = extensionEvent(requestId, options, work.now);
  const { eventId, isMoved } = await aboutRequest(work, event, requestId);
  return carryOut(work, {
    event,
    eventId,
    requestId,
    isRepeated: () => false,
    isDone: request => isMoved(request) && request.state.status !== 'approved',
    isWanted: request => request.expiresAt === event.data.expiresAt || openExtension(request) !== undefined,
  });
}

export async function runRevoke(
  requestId: string | undefined,
  options: RevokeOptions & ChangeOptions,
  parts: AccessParts,
): Promise<number> {
  if (options.json && !options.yes && !options.dryRun)
    throw new UsageError('--json asks nothing: add --yes to revoke, or --dry-run to look.');
  const work = await begin(options, parts);
  const event = revocationEvent(requestId, options, work.desk.caller);
  const { terminal } = work;
  if (!options.yes && !options.dryRun) {
    const { principal, table, product } = event.data;
    const whose = [requestId ?? principal, table, product].filter(Boolean).join(' on ');
    if (!(await isConfirmed(terminal, `End the access of ${whose} in stage ${work.stage}, for good?`))) {
      terminal.out('Nothing was changed.');
      return 1;
    }
  }
  if (requestId === undefined) return revokeAll(work, event);
  const { eventId } = await aboutRequest(work, event, requestId);
  const isDone = isOverOn(options.table);
  return carryOut(work, {
    event,
    eventId,
    requestId,
    // On a table that it never had nothing is over: the hub says so.
    isRepeated: request => isOver(request) || request.state.status === 'ending' || isDropping(request, options.table),
    isDone,
    isWanted: isDone,
  });
}

/** Ends what there is now: said again later, it means what there is then, so every time is an event of its own. */
async function revokeAll(work: Work, event: AccessEvent): Promise<number> {
  const { reader, terminal, options } = work;
  const { principal, table, product } = event.data as { principal?: string; table?: string; product?: string };
  // What belongs to a product is the hub's to know.
  const selector = { ...(principal && { principal }), ...(table && { table }) };
  const concerned =
    reader && product === undefined ? await listAccess(reader, { ...selector, statuses: statusesOf('open') }) : [];
  const eventId = await put(work, event, newEventId());
  if (eventId === undefined) return 0;
  if (concerned.length === 0) return tellSent(work, event, eventId);
  const ended: AccessRequest[] = [];
  const isDone = isOverOn(table);
  for (const { requestId } of concerned) {
    const outcome = await wait(work, { eventId, requestId, isRepeated: isDone, isDone });
    if (outcome.kind !== 'done') return tellOutcome(work, outcome, { event, eventId, requestId, isWanted: isDone });
    ended.push(outcome.request);
  }
  if (options.json) writeJson(work, { event, eventId, outcome: 'done', requests: ended.map(requestToJson) });
  else for (const line of writeAccess(terminal, ended)) terminal.out(line);
  return 0;
}

function isOver({ state }: AccessRequest): boolean {
  return state.status === 'ended' || state.status === 'denied';
}

/** Whether a request gives nothing any more: on a table, where one is named; it may go on with others then. */
function isOverOn(table: string | undefined): (request: AccessRequest) => boolean {
  const name = table?.toLowerCase();
  return request =>
    isOver(request) || (name !== undefined && ![...tablesOf(request), ...(request.dropped ?? [])].includes(name));
}

function isDropping({ dropped = [] }: AccessRequest, table: string | undefined): boolean {
  return table !== undefined && dropped.includes(table.toLowerCase());
}

/** An event about a request as it stands: said of that state twice it is one event, and never one about a later state. */
async function aboutRequest({ reader, desk }: Work, event: AccessEvent, requestId: string) {
  const version = (await reader?.request(requestId))?.version;
  return {
    eventId: reader ? eventIdFor(event, desk.caller.account, version ?? 0) : newEventId(),
    isMoved: (request: AccessRequest) => request.version > (version ?? 0),
  };
}

/** Says what it is about; the rest makes it the only one, and not to be guessed: ids are one name space. */
function newId(table: string): string {
  const about =
    table
      .split('.')
      .pop()
      ?.replace(/[^A-Za-z0-9_-]/g, '-')
      .slice(0, 40) || 'access';
  return `${about}-${randomBytes(6).toString('hex')}`;
}

function newEventId(): string {
  return randomBytes(16).toString('hex');
}
