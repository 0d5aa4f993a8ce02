import type { OwnFinding } from '../shared/access/access-reader.ts';
import { accountOf, type Pair } from '../shared/access/access-request.ts';
import { type Explanation, readExplanation } from '../shared/access/explain-access.ts';
import { listAccess, listAccessAt, type RequestAt, type STATUSES, statusesOf } from '../shared/access/list-access.ts';
import { type CatalogReader, findTable, NoSuchTableError } from '../shared/catalog/browse-catalog.ts';
import { type CatalogTable, statesOf } from '../shared/catalog/describe-table.ts';
import type { AccessParts } from './access-command.ts';
import { principalOf } from './access-events.ts';
import { UsageError } from './connection.ts';
import { type HubOptions, placeOf } from './hub-place.ts';
import { progressOf } from './progress.ts';
import { requestToJson, writeAccess, writeRequest, writeSteps } from './show-access.ts';
import { writeExplanation } from './show-explanation.ts';
import { instantOf } from './times.ts';

export interface ListOptions extends HubOptions {
  principal?: string;
  table?: string;
  domain?: string;
  status: (typeof STATUSES)[number];
  at?: string;
  limit?: number;
}

/** What a person is shown without asking for more. */
const SHOWN = 50;

export async function runList(options: ListOptions, parts: AccessParts): Promise<number> {
  const { terminal } = parts;
  const at = options.at === undefined ? undefined : instantOf('--at', options.at);
  if (at !== undefined && options.status !== 'open')
    throw new UsageError('--at says who could read then: it does not go with --status.');
  if (at !== undefined && at > parts.now()) throw new UsageError(`--at looks back: ${at} has not come yet.`);
  const { desk, access, stage } = await open(options, parts);
  const { viewer } = access;
  if (at !== undefined && viewer.account !== viewer.hub) throw new StepsAreTheHubsError(viewer.account);
  const query = {
    ...(options.principal && { principal: principalOf(options.principal, desk.caller, '--principal') }),
    ...(options.table && { table: options.table.toLowerCase() }),
    ...(options.domain && { domain: options.domain.toLowerCase() }),
  };
  const progress = progressOf(terminal, options);
  const looked = (count: number) => progress(`${count} requests looked at`);
  let found: RequestAt[];
  try {
    found =
      at === undefined
        ? await listAccess(access, { ...query, statuses: statusesOf(options.status) }, looked)
        : await listAccessAt(access, query, at, looked);
  } finally {
    progress('');
  }
  const shown = found.slice(0, options.limit ?? (options.json ? found.length : SHOWN));
  if (options.json) {
    const document = {
      stage,
      ...viewer,
      ...(at && { at }),
      requests: shown.map(requestToJson),
      more: shown.length < found.length,
    };
    terminal.out(JSON.stringify(document, null, 2));
    return 0;
  }
  if (shown.length > 0) for (const line of writeAccess(terminal, shown)) terminal.out(line);
  terminal.err(lastLine(found.length, shown.length));
  return 0;
}

function lastLine(found: number, shown: number): string {
  if (shown < found) return `The first ${shown} of ${found}. Narrow the list, or raise --limit.`;
  if (found === 0) return 'Nothing found.';
  return found === 1 ? '1 request.' : `${found} requests.`;
}

export async function runShow(requestId: string, options: HubOptions, parts: AccessParts): Promise<number> {
  const { terminal } = parts;
  const { access, stage } = await open(options, parts);
  const { viewer } = access;
  const request = await access.request(requestId);
  if (!request) throw new NoSuchRequestError(requestId, viewer.account);
  const steps = viewer.account === viewer.hub ? await access.steps(requestId) : undefined;
  if (options.json) {
    terminal.out(
      JSON.stringify({ stage, ...viewer, request: requestToJson(request), ...(steps && { steps }) }, null, 2),
    );
    return 0;
  }
  for (const line of writeRequest(terminal, request, parts.now())) terminal.out(line);
  if (steps) for (const line of writeSteps(terminal, steps)) terminal.out(line);
  return 0;
}

export async function runExplain(
  written: string,
  table: string,
  options: HubOptions,
  parts: AccessParts,
): Promise<number> {
  const { terminal } = parts;
  const { desk, access, catalog, stage } = await open(options, parts);
  const { viewer } = access;
  const pair: Pair = { principal: principalOf(written, desk.caller, ''), table: table.toLowerCase() };
  if (!/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\//.test(pair.principal))
    throw new UsageError(`${written} is neither the ARN of a role or a user, nor role/<name> or user/<name>.`);
  const isOwn = accountOf(pair.principal) === viewer.account;
  const look = isOwn ? (of: Pair): Promise<OwnFinding[]> => desk.ownSide.look(of, viewer.hub) : undefined;
  const explanation = await readExplanation(access, pair, look);
  const described = await describeIfThere(catalog, explanation);
  const isOwner = described?.source.account === viewer.account;
  if (!isOwn && !isOwner && viewer.account !== viewer.hub && !isAnythingKnown(explanation))
    throw new NotYoursError(pair, viewer.account);
  if (options.json) terminal.out(JSON.stringify({ stage, ...viewer, ...toJson(explanation, described) }, null, 2));
  else for (const line of writeExplanation(terminal, explanation, described, viewer, parts.now())) terminal.out(line);
  return explanation.grants.length > 0 && explanation.settlement?.isSettled ? 0 : 1;
}

/** What the catalog says of the table; of one that is gone, what is known of access is told all the same. */
async function describeIfThere(catalog: CatalogReader, explanation: Explanation): Promise<CatalogTable | undefined> {
  try {
    return await findTable(catalog, explanation.table);
  } catch (error) {
    if (isAnythingKnown(explanation) && error instanceof NoSuchTableError) return undefined;
    throw error;
  }
}

function isAnythingKnown({ grants, waiting, ending, past }: Explanation): boolean {
  return [grants, waiting, ending, past].some(list => list.length > 0);
}

function toJson(explanation: Explanation, table: CatalogTable | undefined) {
  const { grants, waiting, ending, past, ...rest } = explanation;
  return {
    ...rest,
    tableStates: table ? statesOf(table) : ['gone'],
    grants: grants.map(({ request, ...grant }) => ({ ...grant, ...(request && { request: requestToJson(request) }) })),
    waiting: waiting.map(requestToJson),
    ending: ending.map(requestToJson),
    past: past.map(requestToJson),
  };
}

async function open(options: HubOptions, { environment, openAccess, now }: AccessParts) {
  const { connection, place } = placeOf(options, environment);
  const desk = await openAccess(connection, place, now);
  return { desk, stage: place.stage, ...(await desk.reading()) };
}

/** Nothing of that id concerns the caller: one answer for "no such request" and "not yours". */
class NoSuchRequestError extends Error {
  override name = 'NoSuchRequestError';

  constructor(requestId: string, account: string) {
    super(
      `There is no request ${requestId} that concerns account ${account}. To find it: trellis access list --status all`,
    );
  }
}

class StepsAreTheHubsError extends Error {
  override name = 'StepsAreTheHubsError';

  constructor(account: string) {
    super(
      `--at reads the steps of requests in the ledger, which the hub's account alone may: ${account} is another. Ask whoever operates the hub.`,
    );
  }
}

/** Who has what on others' tables is not the caller's to know: nothing seen is not nothing there. */
class NotYoursError extends Error {
  override name = 'NotYoursError';

  constructor({ principal, table }: Pair, account: string) {
    super(
      `What ${principal} has on ${table} does not concern account ${account}: the principal's own account can see it, the account of the table's domain, and the hub.`,
    );
  }
}
