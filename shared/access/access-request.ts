import type { EndCause } from '../../events/told.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { nextReminder, type Question } from './open-question.ts';

/** ISO-8601 in UTC with milliseconds: instants of one form compare as text. */
export type Instant = string;

/** What one request asks of one table: explicit columns in the table's order, and one row predicate; or its description alone. */
export interface TableTerms {
  /** `<central database>.<table>` */
  table: string;
  /** Left out for `SELECT`, with its `DESCRIBE`. `DESCRIBE` alone is of the whole table: Lake Formation has none of columns. */
  permission?: 'DESCRIBE';
  /** Of `DESCRIBE` alone: none, as nothing of them can be read. */
  columns: string[];
  /** In Lake Formation's grammar; null for all rows. */
  rowFilter: string | null;
}

/**
 * Where a request stands.
 *
 *     waiting ──▶ approved ──▶ granted ──▶ ending ──▶ ended
 *        └──────▶ denied           approved ──▶ ending
 *
 * INVARIANT: an ended or denied request never becomes anything else.
 * An `approved` or `granted` request has its terms in the ledger's active grants; an `ending` one has not, and Lake Formation follows.
 */
export type RequestState =
  | ({ status: 'waiting' } & Question)
  /** `retryAt` is when a failed attempt to provision is repeated; the first attempt needs no waiting. */
  | { status: 'approved'; approvedAt: Instant; attempts: number; retryAt: Instant; reasons: string[] }
  | {
      status: 'granted';
      grantedAt: Instant;
      /** When it was decided that it is given. */
      approvedAt?: Instant;
      /** When its end was last put off. */
      extendedAt?: Instant;
      expiringToldAt?: Instant;
      /** What policy kept back, and who approved; left out where there is nothing to say. */
      reasons?: string[];
      /** The later end that the owner is asked for. Whatever becomes of it, the access goes on to the end that it has. */
      extension?: Extension;
      /** Its terms were narrowed, and Lake Formation is to follow before that is told. */
      narrowing?: { since: Instant; reasons: string[] };
    }
  /** `reasons` where policy ended it. */
  | { status: 'ending'; cause: EndCause; since: Instant; reasons?: string[] }
  | { status: 'ended'; cause: EndCause; endedAt: Instant; reasons?: string[] }
  | { status: 'denied'; deniedAt: Instant; reasons: string[] };

/** A later end for what is given already: never more columns, never other rows. */
export interface Extension extends Question {
  expiresAt: Instant;
  purpose: string;
  /** The policies that leave it to the owner. */
  policies: string[];
}

export interface AccessRequest {
  requestId: string;
  /** The account that sent the request, from the envelope. */
  account: string;
  principal: string;
  domain: string;
  purpose: string;
  /** What is asked or, once decided, given. Empty when a request was denied before its tables could be read. */
  terms: TableTerms[];
  /** Tables that were among its terms, until Lake Formation has followed. */
  dropped?: string[];
  expiresAt: Instant;
  /** The policies that decided, by name. */
  policies: string[];
  /** Whose yes it rests on, an ARN; undefined where policy gave it alone, or nobody has yet. */
  approvedBy?: string;
  /** Of the request as it was sent: the same one sent again is silent, another under the same id is refused. */
  fingerprint: string;
  state: RequestState;
  /** Counts the transitions; every write expects the one that it read. */
  version: number;
  /** The token of the state machine that waits for the owner's answer. Not a secret kept from operators, but never logged. */
  taskToken?: string;
}

/** Whether it gives something: its terms are among the ledger's active grants. */
export function isActive({ state }: AccessRequest): boolean {
  return state.status === 'approved' || state.status === 'granted';
}

export function tablesOf(request: AccessRequest): string[] {
  return request.terms.map(terms => terms.table);
}

/**
 * A grant that counts: the only thing that permissions are made from. Made by the ledger for approved and granted requests, and for whom
 * `mesh.yml` shares back to (`standing-grant.ts`).
 */
export interface ActiveGrant {
  requestId: string;
  /** As of `TableTerms`. */
  permission?: 'DESCRIBE';
  columns: string[];
  rowFilter: string | null;
  /** Null for a standing grant, which has no end of its own. */
  expiresAt: Instant | null;
}

/** Whether a grant gives, or terms ask for, the table's description alone. */
export function isDescribeOnly({ permission }: Pick<TableTerms, 'permission'>): boolean {
  return permission === 'DESCRIBE';
}

/** One principal on one table. */
export interface Pair {
  principal: string;
  table: string;
}

/** The account in an IAM ARN. */
export function accountOf(principal: string): string {
  return principal.split(':')[4] ?? '';
}

/** When something is next due for a request; undefined when nothing ever is again. The sweep finds requests by it. */
export function dueAt(request: AccessRequest, noticeMilliseconds: number): Instant | undefined {
  const { state } = request;
  switch (state.status) {
    case 'waiting':
      return nextReminder(state) ?? state.answerBy;
    case 'approved':
      return earlier(
        laterBy(state.attempts === 0 ? state.approvedAt : state.retryAt, LEAVE_MILLISECONDS),
        request.expiresAt,
      );
    case 'granted':
      return grantedUntil(request, state, noticeMilliseconds);
    case 'ending':
      return state.since;
    case 'ended':
    case 'denied':
      return undefined;
  }
}

/** When something is next due for a granted request: what was narrowed, its end, before that its notice, or a question's reminder or deadline. */
export function grantedUntil(
  request: AccessRequest,
  { expiringToldAt, extension, narrowing }: Extract<RequestState, { status: 'granted' }>,
  noticeMilliseconds: number,
): Instant {
  if (narrowing) return narrowing.since;
  const end = expiringToldAt === undefined ? noticeAt(request, noticeMilliseconds) : request.expiresAt;
  return extension ? earlier(end, nextReminder(extension) ?? extension.answerBy) : end;
}

/** How long before its end a grant is announced as expiring. */
export function noticeMilliseconds(mesh: Mesh): number {
  return mesh.noticeHours * 3_600_000;
}

/** How long the sweep leaves provisioning to the state machine before it takes it up itself. Ending is never left. */
const LEAVE_MILLISECONDS = 60_000;

/** When `Access Expiring` is told. A grant that is shorter than twice the notice, or was put off by less than that, is told of its end half-way. */
export function noticeAt(request: AccessRequest, noticeMilliseconds: number): Instant {
  const end = Date.parse(request.expiresAt);
  const { state } = request;
  const start = state.status === 'granted' ? Date.parse(state.extendedAt ?? state.grantedAt) : end - noticeMilliseconds;
  return new Date(Math.max(end - noticeMilliseconds, (start + end) / 2)).toISOString();
}

/** An instant some milliseconds later. */
export function laterBy(instant: Instant, milliseconds: number): Instant {
  return new Date(Date.parse(instant) + milliseconds).toISOString();
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}
