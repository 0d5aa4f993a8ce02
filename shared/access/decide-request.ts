import type { AccessRequestedData } from '../../events/access-requested.ts';
import { type Mesh, parseCentralTable } from '../mesh/mesh.ts';
import { fewReasons } from '../telling/told-event.ts';
import type { AccessRequest, Instant } from './access-request.ts';
import { accountOf } from './access-request.ts';
import type { ActiveGrantsOfPair } from './check-terms.ts';
import { asksDescriptionOnly, decideTable } from './decide-table.ts';
import { columnList, columnOfTable, unknownColumns } from './named-columns.ts';
import type { PolicyAnswer, PolicyEngine } from './policy.ts';
import { requestFingerprint } from './request-fingerprint.ts';
import type { TableDescription } from './table-description.ts';

/** One of a request's tables, as it was found. */
export interface FoundTable {
  /** Undefined when the central catalog has no such table. */
  description: TableDescription | undefined;
  /** What the principal has on it. */
  pair: ActiveGrantsOfPair;
}

/** What was found for a request before deciding it. */
export interface RequestContext {
  mesh: Mesh;
  policies: PolicyEngine;
  /** The request that has this id already. */
  existing: AccessRequest | undefined;
  /** The tables that are asked for, in the order of `requestedTables`. */
  tables: readonly FoundTable[];
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
  return problems.length > 0 ? denied(request, context, problems) : decideByPolicy(data, request, context);
}

/** The tables that a request names, each once, in lower case as Glue keeps names; none where it names a product. */
export function requestedTables({ tables = [] }: AccessRequestedData): string[] {
  return [...new Set(tables.map(table => table.toLowerCase()))];
}

function newRequest(
  data: AccessRequestedData,
  account: string,
  fingerprint: string,
  { mesh, now }: RequestContext,
): AccessRequest {
  const tables = requestedTables(data);
  const [domain = '', ...others] = domainsOf(tables, mesh).keys();
  const end = data.expiresAt ? Date.parse(data.expiresAt) : Date.parse(now) + (data.durationDays ?? 0) * DAY;
  return {
    requestId: data.requestId,
    account,
    principal: data.principal,
    domain: others.length === 0 ? domain : '',
    purpose: data.purpose,
    terms: tables.map(table => ({ table, columns: tables.length === 1 ? (data.columns ?? []) : [], rowFilter: null })),
    expiresAt: new Date(Math.min(end, LAST_INSTANT)).toISOString(),
    policies: [],
    fingerprint,
    state: { status: 'denied', deniedAt: now, reasons: [] },
    version: 1,
  };
}

/** Tables by the domain whose they are; by the empty name those that are no domain's. */
function domainsOf(tables: readonly string[], mesh: Mesh): Map<string, string[]> {
  return Map.groupBy(tables, table => parseCentralTable(mesh, table)?.domain ?? '');
}

/** What is wrong with a request before any policy is asked. */
function requestProblems(data: AccessRequestedData, request: AccessRequest, context: RequestContext): string[] {
  const names = requestedTables(data);
  if (data.product !== undefined)
    return ['Products come with their contracts, which this version does not read yet. Name the tables.'];
  if (names.length > MOST_TABLES)
    return [`Ask for ${MOST_TABLES} tables in a request at the most. More need several requests.`];
  const domains = domainsOf(names, context.mesh);
  const strange = domains.get('') ?? [];
  if (strange.length > 0)
    return strange.map(
      name => `${name} belongs to no domain of the mesh. Tables are named <domain>_<database>.<table>.`,
    );
  if (domains.size > 1) {
    const parts = [...domains].map(([domain, tables]) => `${tables.join(', ')} of ${domain}`);
    return [`Each domain answers for its own tables: ask for ${parts.join(', and for ')}, in requests of their own.`];
  }
  const absent = names.flatMap((name, index) => absenceReasons(name, context.tables[index]?.description));
  if (absent.length > 0) return absent;
  if (asksDescriptionOnly(data) && (data.columns || data.rowFilter !== undefined))
    return [
      'DESCRIBE alone shows the description of the whole table. Leave columns and rowFilter out, or ask for SELECT.',
    ];
  if (request.expiresAt <= context.now) return [`The end ${request.expiresAt} has passed already.`];
  const described = descriptionsOf(context);
  const where = names.length === 1 ? names[0] : 'None of the tables';
  return unknownColumns(data.columns ?? [], described).map(name =>
    names.length === 1 ? `${where} has no column ${name}.` : `${where} has a column ${name}.`,
  );
}

/** More than the steward of one domain can judge at once, and as many as one transaction of the ledger takes with ease. */
const MOST_TABLES = 10;

function absenceReasons(name: string, table: TableDescription | undefined): string[] {
  if (!table) return [`There is no table ${name} in the central catalog.`];
  return table.missingSince === undefined ? [] : [missingReason(name, table.missingSince)];
}

/** Why nobody is let in to a table that is gone at its source. */
export function missingReason(table: string, since: string): string {
  return `${table} has been gone at its source since ${since}. Ask again when its domain has brought it back.`;
}

function descriptionsOf({ tables }: RequestContext): TableDescription[] {
  return tables.map(({ description }) => description).filter(description => description !== undefined);
}

/** All of its tables or none: at once where policy grants each of them by itself, by the owner where it leaves one to him. */
function decideByPolicy(data: AccessRequestedData, request: AccessRequest, context: RequestContext): RequestRuling {
  const { mesh, now } = context;
  const rulings = context.tables.flatMap(({ description, pair }) =>
    description ? [{ table: description.table, ...decideTable(data, request, { description, pair }, context) }] : [],
  );
  const isOne = rulings.length === 1;
  const reasonsOf = (some: typeof rulings) =>
    some.flatMap(({ table, reasons }) => (isOne ? reasons : reasons.map(reason => `${table}: ${reason}`)));
  const refusedColumns = rulings.flatMap(({ table, refusedColumns: refused }) =>
    isOne ? refused : refused.map(each => ({ ...each, name: columnOfTable(table, each.name) })),
  );
  const policies = [...new Set(rulings.flatMap(ruling => ruling.policies))].sort();
  const decided = { ...request, policies };
  const refusals = rulings.filter(({ outcome }) => outcome === 'denied');
  if (refusals.length > 0) return denied(decided, context, reasonsOf(refusals), refusedColumns);
  const terms = rulings.flatMap(ruling => (ruling.outcome === 'denied' ? [] : [ruling.terms]));
  const bytes = Buffer.byteLength(JSON.stringify(columnList(terms)));
  if (!isOne && bytes > MOST_BYTES)
    return denied(decided, context, [
      'The columns of these tables are more than one request can name. Ask for fewer tables.',
    ]);
  const state: AccessRequest['state'] = rulings.every(({ outcome }) => outcome === 'automatic')
    ? { status: 'approved', approvedAt: now, attempts: 0, retryAt: now, reasons: fewReasons(reasonsOf(rulings)) }
    : { status: 'waiting', askedAt: now, answerBy: answerBy(request, mesh, now) };
  return { kind: 'decided', request: { ...decided, terms, state }, refusedColumns };
}

/** What an event can say of columns beside everything else: it has 256 KB at the most. Source: EventBridge quotas, PutEvents. */
const MOST_BYTES = 100_000;

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
    request: { ...request, state: { status: 'denied', deniedAt: now, reasons: fewReasons(reasons) } },
    refusedColumns,
  };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Instants compare as text, which holds as long as their years have four digits. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');
