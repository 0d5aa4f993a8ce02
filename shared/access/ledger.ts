import type { ToldEvent } from '../telling/told-event.ts';
import type { AccessRequest, ActiveGrant, Instant, Pair } from './access-request.ts';
import type { BulkRevocation } from './bulk-revocation.ts';
import type { PairReading, PairRecord } from './pair-record.ts';

/** What a transition does to one pair: its record after it, and the grant that it adds or ends. */
export interface PairChange {
  before: PairReading;
  after: PairRecord;
  put?: ActiveGrant;
  remove?: string;
}

/** Everything that one step changes, at once or not at all. */
export interface Transition {
  at: Instant;
  /** The event that caused it, for once-only by (account, `eventId`). */
  cause?: { account: string; eventId: string };
  /** Why that event is refused: kept beside its mark, for who sent it. */
  refused?: string[];
  /** The event that asked for it together with others: kept with the step, beside no mark of its own. */
  because?: { account: string; eventId: string };
  /** A revocation of many that begins: an intent, due until a worker has done it. */
  revocation?: BulkRevocation;
  /** The account of the domain that owns what the request asks for; undefined where no domain of the mesh does. */
  owner?: string;
  /** The request as it is afterwards; `version` 1 for a new one, otherwise one more than was read. */
  request?: AccessRequest;
  /** When something is next due for the request. */
  requestDueAt?: Instant | undefined;
  pairs: PairChange[];
  tell: ToldEvent[];
  /** Only while nobody has taken the table's turn since: what standing grants are given by. */
  turn?: Turn;
}

/** Whoever took the last turn on a table's standing grants: only what it finds is written. */
export interface Turn {
  table: string;
  /** Its own; nobody else's ever was. */
  mark: string;
}

/** A claim on a table's permissions: whoever holds it works alone. It ends by itself when its holder must be dead. */
export interface Lease {
  table: string;
  holder: string;
  until: Instant;
  /**
   * Until then a call that an earlier holder sent before it died may still land (see `takeLease`): what is seen now may change again,
   * so nothing is settled. Undefined when every earlier holder gave its lease back.
   */
  unsureUntil?: Instant;
  /** Given back, and kept only for its doubt. */
  isReleased?: boolean;
}

/**
 * How long a call that a dead process had sent may still take to land: the SDK's clients give up a request after 30 s
 * (`shared/aws/clients.ts`), and the service is given as long again.
 */
const LATE_MILLISECONDS = 60_000;

/** Until when a call that failed at `now` for its caller may still land. */
export function doubtAfterFault(now: Instant): Instant {
  return new Date(Date.parse(now) + LATE_MILLISECONDS).toISOString();
}

/** Whether a lease can be taken over: its holder gave it back or is certainly dead. */
export function leaseOver(lease: Lease, now: Instant): boolean {
  return lease.isReleased === true || lease.until <= now;
}

/** The doubt that goes with taking over a lease: until when calls of its holder, or of one before, may land. */
export function unsureAfter(lease: Lease, now: Instant): Instant | undefined {
  const late = lease.isReleased ? undefined : new Date(Date.parse(lease.until) + LATE_MILLISECONDS).toISOString();
  const latest = [late, lease.unsureUntil]
    .filter(instant => instant !== undefined)
    .sort()
    .at(-1);
  return latest !== undefined && latest > now ? latest : undefined;
}

/** Something that the sweep found due. */
export type DueItem =
  | { kind: 'request'; requestId: string }
  | { kind: 'pair'; pair: Pair }
  | { kind: 'told'; eventId: string }
  /** A revocation of many, by its `revocationId`. */
  | { kind: 'revocation'; revocationId: string }
  /** A table that is closed to new grants, on which somebody may still have something. */
  | { kind: 'closed'; table: string }
  /** A table whose standing grants are to be looked at. */
  | { kind: 'share-back'; table: string }
  /** A domain whose list of who has standing grants has changed. */
  | { kind: 'share-back-domain'; domain: string }
  /** A table whose active grants are to be decided again. */
  | { kind: 'redecide'; table: string }
  /** The same where its columns, or what they are labelled, may have changed just now. Not from the sweep: the hub's bus says it. */
  | { kind: 'labels'; table: string }
  /** A domain on whose tables all of them are. */
  | { kind: 'redecide-domain'; domain: string }
  /** Other policies are in force. */
  | { kind: 'redecide-mesh' }
  /** A domain or an account that leaves the mesh, by its name or id: what there is of access ends. */
  | { kind: 'leaving'; what: 'domain' | 'account'; name: string }
  /** A table whose grace period is over: for the one writer of the central catalog. */
  | { kind: 'removal'; table: string }
  /** A domain that leaves the mesh, and its central tables with it: for the same writer. */
  | { kind: 'leaving-tables'; domain: string };

/** Owns the truth about who may read what. Implemented over DynamoDB; every read is consistent unless it says otherwise. */
export interface Ledger {
  loadRequest(requestId: string): Promise<AccessRequest | undefined>;
  loadPair(pair: Pair): Promise<PairReading>;
  /** Everybody who has, or had, something on a table, in the order of their ARNs, a page at a time. @param after goes on behind this principal */
  pairsOf(table: string, after?: string): AsyncIterable<readonly PairReading[]>;
  /** Nothing is due for a closed table any more: nobody has anything on it. */
  settleClosed(table: string): Promise<void>;
  /** How many active grants an account's principals have on a table. */
  countGrants(account: string, table: string): Promise<number>;

  /**
   * Commits a transition.
   * @returns `seen` when the event that caused it already had its effect: nothing was written.
   * @throws LedgerConflictError when the request or a pair has moved since it was read: read again and decide again.
   */
  commit(transition: Transition): Promise<'committed' | 'seen'>;

  /** Writes a pair's record. @throws LedgerConflictError when it moved since it was read. */
  savePair(record: PairRecord, now: Instant): Promise<void>;
  /** Has the sweep look at a pair again at `dueAt`. Until then it counts as unsettled, whatever it was. */
  postponePair(pair: Pair, dueAt: Instant): Promise<void>;

  /**
   * Takes a table's lease, also over a holder whose time is over.
   * @throws TableLockedError while another holds it.
   */
  takeLease(table: string, holder: string, now: Instant, until: Instant): Promise<Lease>;
  /** Gives a lease back. Giving back one that another has taken over does nothing. */
  releaseLease(lease: Lease): Promise<void>;

  /** Keeps the token of the state machine that waits for an answer; gives the request as it is now. */
  saveTaskToken(requestId: string, taskToken: string): Promise<AccessRequest | undefined>;
}

/** All that something is due for: see `DueItem`. */
export interface DueWork {
  /** What is due at `now`, oldest first, a page at a time. From an index: a change of the last moments may be missing. */
  due(now: Instant): AsyncIterable<DueItem[]>;
}

export class LedgerConflictError extends Error {
  override name = 'LedgerConflictError';

  constructor(subject: string, options?: ErrorOptions) {
    super(`${subject} changed since it was read. Read it again and decide again.`, options);
  }
}

export class TableLockedError extends Error {
  override name = 'TableLockedError';
  readonly table: string;

  constructor(table: string, options?: ErrorOptions) {
    super(`The permissions on ${table} are being worked on by another. Try again in a few seconds.`, options);
    this.table = table;
  }
}
