import type { AccessRequestedData } from '../../events/access-requested.ts';
import { isPiiPurpose, type Mesh, parseCentralTable, teamsOfAccount } from '../mesh/mesh.ts';
import type { AccessRequest, Instant, TableTerms } from './access-request.ts';
import { accountOf } from './access-request.ts';
import { type ActiveGrantsOfPair, termsProblems } from './check-terms.ts';
import type { PolicyAnswer, PolicyEngine } from './policy.ts';
import { requestFingerprint } from './request-fingerprint.ts';
import { ownName, type TableDescription } from './table-description.ts';

/** What was found for a request before deciding it. */
export interface RequestContext {
  mesh: Mesh;
  policies: PolicyEngine;
  /** The request that has this id already. */
  existing: AccessRequest | undefined;
  /** The central table that is asked for; undefined when there is none. */
  table: TableDescription | undefined;
  pair: ActiveGrantsOfPair;
  now: Instant;
}

export type RequestRuling =
  /** The same request again: nothing happens. */
  | { kind: 'repeated' }
  /** Not a request that its sender may make: told as `Event Refused`. */
  | { kind: 'refused'; reasons: string[] }
  | { kind: 'decided'; request: AccessRequest; refusedColumns: PolicyAnswer['refusedColumns'] };

/** Decides a request: denied with reasons, granted at once where policy says so, or left to the owner. Pure. */
export function decideRequest(data: AccessRequestedData, account: string, context: RequestContext): RequestRuling {
  const fingerprint = requestFingerprint(data, account);
  if (context.existing) {
    if (context.existing.fingerprint === fingerprint) return { kind: 'repeated' };
    return { kind: 'refused', reasons: [`Another request has the id ${data.requestId}. Choose a new one.`] };
  }
  if (accountOf(data.principal) !== account) {
    return {
      kind: 'refused',
      reasons: [`${data.principal} is not of the account that asks, ${account}. Ask from the principal's own account.`],
    };
  }
  const request = newRequest(data, account, fingerprint, context);
  const problems = requestProblems(data, request, context);
  if (problems.length > 0 || !context.table) return denied(request, context, problems);
  return decideByPolicy(data, request, context.table, context);
}

/** The one table that a request names, in lower case as Glue keeps names; undefined when it names none or more. */
export function requestedTable(data: AccessRequestedData): string | undefined {
  return data.tables?.length === 1 ? data.tables[0]?.toLowerCase() : undefined;
}

function newRequest(
  data: AccessRequestedData,
  account: string,
  fingerprint: string,
  { mesh, now }: RequestContext,
): AccessRequest {
  const table = requestedTable(data);
  const end = data.expiresAt ? Date.parse(data.expiresAt) : Date.parse(now) + (data.durationDays ?? 0) * DAY;
  return {
    requestId: data.requestId,
    account,
    principal: data.principal,
    domain: (table && parseCentralTable(mesh, table)?.domain) ?? '',
    purpose: data.purpose,
    terms: table ? [{ table, columns: data.columns ?? [], rowFilter: null }] : [],
    expiresAt: new Date(Math.min(end, LAST_INSTANT)).toISOString(),
    policies: [],
    fingerprint,
    state: { status: 'denied', deniedAt: now, reasons: [] },
    version: 1,
  };
}

/** What is wrong with a request before any policy is asked. */
function requestProblems(data: AccessRequestedData, request: AccessRequest, { table, now }: RequestContext): string[] {
  const name = requestedTable(data);
  if (data.product !== undefined)
    return ['Products come with their contracts, which this version does not read yet. Name the table.'];
  if (!name) return ['Ask for one table in a request. Several tables need several requests.'];
  if (!request.domain)
    return [`${name} belongs to no domain of the mesh. Tables are named <domain>_<database>.<table>.`];
  if (!table) return [`There is no table ${name} in the central catalog.`];
  if (table.missingSince !== undefined) return [missingReason(table.table, table.missingSince)];
  if (asksDescriptionOnly(data) && (data.columns || data.rowFilter !== undefined))
    return [
      'DESCRIBE alone shows the description of the whole table. Leave columns and rowFilter out, or ask for SELECT.',
    ];
  if (request.expiresAt <= now) return [`The end ${request.expiresAt} has passed already.`];
  return [];
}

/** SELECT brings its DESCRIBE: asked for both, it is that. */
function asksDescriptionOnly({ permissions }: AccessRequestedData): boolean {
  return permissions !== undefined && !permissions.includes('SELECT');
}

/** Why nobody is let in to a table that is gone at its source. */
export function missingReason(table: string, since: string): string {
  return `${table} has been gone at its source since ${since}. Ask again when its domain has brought it back.`;
}

function decideByPolicy(
  data: AccessRequestedData,
  request: AccessRequest,
  table: TableDescription,
  context: RequestContext,
): RequestRuling {
  const { mesh, policies, now, pair } = context;
  const isDescription = asksDescriptionOnly(data);
  const asked = askedColumns(data, table);
  const unknown = asked.filter(name => !table.columns.some(column => column.name === name));
  if (unknown.length > 0)
    return denied(
      request,
      context,
      unknown.map(name => `${table.table} has no column ${name}.`),
    );
  const answer = policies.decideRequest({
    principal: request.principal,
    account: request.account,
    domain: table.domain,
    database: table.database,
    table: ownName(table),
    columns: table.columns.filter(column => column.isPartitionKey || asked.includes(column.name)),
    purpose: request.purpose,
    durationDays: (Date.parse(request.expiresAt) - Date.parse(now)) / DAY,
    permission: isDescription ? 'DESCRIBE' : 'SELECT',
    hasRowFilter: data.rowFilter !== undefined,
    isPiiPurpose: isPiiPurpose(mesh, request.purpose),
    teams: teamsOfAccount(mesh, request.account),
  });
  const decided = { ...request, policies: answer.policies };
  const isNothingLeft = !isDescription && !answer.columns.some(name => asked.includes(name));
  if (answer.outcome === 'denied' || isNothingLeft) {
    return denied(
      decided,
      context,
      answer.reasons.length > 0 ? answer.reasons : columnReasons(answer),
      answer.refusedColumns,
    );
  }
  const terms: TableTerms = isDescription
    ? { table: table.table, permission: 'DESCRIBE', columns: [], rowFilter: null }
    : { table: table.table, columns: answer.columns, rowFilter: null };
  const { problems, rowFilter } = termsProblems(terms, data.rowFilter, table, pair);
  if (problems.length > 0) return denied(decided, context, problems, answer.refusedColumns);
  const state: AccessRequest['state'] =
    answer.outcome === 'automatic'
      ? {
          status: 'approved',
          approvedAt: now,
          attempts: 0,
          retryAt: now,
          reasons: [...answer.reasons, ...columnReasons(answer)],
        }
      : { status: 'waiting', askedAt: now, answerBy: answerBy(request, mesh, now) };
  return {
    kind: 'decided',
    request: { ...decided, terms: [{ ...terms, rowFilter }], state },
    refusedColumns: answer.refusedColumns,
  };
}

/** The columns asked for; all of the table's when none are named. Lower case, as Glue keeps them. */
function askedColumns(data: AccessRequestedData, table: TableDescription): string[] {
  return data.columns
    ? [...new Set(data.columns.map(name => name.toLowerCase()))]
    : table.columns.map(column => column.name);
}

/** A sentence for each column that policy kept back. */
export function columnReasons({ refusedColumns }: Pick<PolicyAnswer, 'refusedColumns'>): string[] {
  return refusedColumns.map(({ name, reasons }) => `${name}: ${reasons.join(' ')}`);
}

/** The owner's time ends with the access that was asked for, at the latest. */
function answerBy(request: AccessRequest, mesh: Mesh, now: Instant): Instant {
  return new Date(
    Math.min(Date.parse(now) + mesh.answerWithinHours * HOUR, Date.parse(request.expiresAt)),
  ).toISOString();
}

function denied(
  request: AccessRequest,
  { now }: RequestContext,
  reasons: string[],
  refusedColumns: PolicyAnswer['refusedColumns'] = [],
): RequestRuling {
  return {
    kind: 'decided',
    request: { ...request, state: { status: 'denied', deniedAt: now, reasons } },
    refusedColumns,
  };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Instants compare as text, which holds as long as their years have four digits. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');
