import type { AccessRequest, ActiveGrant, Instant, Pair } from '../../shared/access/access-request.ts';
import type { BulkRevocation } from '../../shared/access/bulk-revocation.ts';
import {
  type DueItem,
  type DueWork,
  type Lease,
  type Ledger,
  LedgerConflictError,
  leaseOver,
  TableLockedError,
  type Transition,
  unsureAfter,
} from '../../shared/access/ledger.ts';
import {
  NEVER_SETTLED,
  newPair,
  type PairReading,
  type PairRecord,
  pairDueAt,
} from '../../shared/access/pair-record.ts';
import type { RevocationProgress } from '../../shared/access/revoke-in-bulk.ts';
import type { DomainWork } from '../../shared/access/share-back-domain.ts';
import type { Outbox } from '../../shared/telling/outbox.ts';
import type { ToldEvent } from '../../shared/telling/told-event.ts';

/** A revocation of many as it is kept. */
export interface KeptRevocation {
  revocation: BulkRevocation;
  startedAt?: Instant;
  progress?: RevocationProgress;
  claim: number;
  doneAt?: Instant;
}

export interface Stored<T> {
  value: T;
  dueAt: Instant | undefined;
}

/** How many items a page of the index of what is due holds. */
const PAGE = 500;

/** The ledger and its index of what is due. */
export type WholeLedger = Ledger & DueWork;

/**
 * The ledger and its outbox in memory, under the conditions of `shared/aws/ledger-table.ts`, `ledger-lease.ts` and `outbox-table.ts`
 * (`test/unit/access/ledger-conformance.ts` holds them to the same behaviour). Each call takes effect at once, before it returns.
 */
export class MemoryLedger implements Ledger, DueWork, Outbox {
  readonly requests = new Map<string, Stored<AccessRequest>>();
  /** Records with their active grants: one item, so that no reading sees half of it. */
  readonly pairs = new Map<string, Stored<PairReading>>();
  readonly leases = new Map<string, Lease>();
  readonly told = new Map<string, Stored<ToldEvent>>();
  readonly seen = new Set<string>();
  /** Tables that are closed to new grants, and whether something may be left on them. */
  readonly closed = new Map<string, boolean>();
  /** Who looks at a table's standing grants, by table. */
  readonly turns = new Map<string, Stored<{ mark: string; tries: number }>>();
  /** Who is shared back to, by domain. */
  readonly shared = new Map<string, Stored<DomainWork>>();
  /** Revocations of many, by their ids. */
  readonly revocations = new Map<string, Stored<KeptRevocation>>();
  /** What else is due, of those who keep it elsewhere. */
  readonly alsoDue: (() => { dueAt: Instant | undefined; item: DueItem }[])[] = [];
  /** What was committed, in order. */
  readonly committed: Transition[] = [];
  /** What readers still see of items that a transaction is writing: see `commitInPieces`. */
  readonly #oldRequests = new Map<string, Stored<AccessRequest> | undefined>();
  readonly #oldPairs = new Map<string, Stored<PairReading> | undefined>();
  /** Items that a transaction is writing. */
  readonly #busy = new Set<string>();
  readonly #now: () => Instant;

  /** @param now the time of the outbox's own writes */
  constructor(now: () => Instant) {
    this.#now = now;
  }

  async loadRequest(requestId: string): Promise<AccessRequest | undefined> {
    const seen = this.#oldRequests.has(requestId) ? this.#oldRequests.get(requestId) : this.requests.get(requestId);
    return copy(seen?.value);
  }

  async loadPair(pair: Pair): Promise<PairReading> {
    const key = keyOf(pair);
    const seen = this.#oldPairs.has(key) ? this.#oldPairs.get(key) : this.pairs.get(key);
    return copy(seen?.value ?? { record: newPair(pair), grants: [] });
  }

  async countGrants(account: string, table: string): Promise<number> {
    const ofAccount = [...this.pairs].filter(([key]) => key.startsWith(`${table} arn:aws:iam::${account}:`));
    return ofAccount.reduce((sum, [, { value }]) => sum + value.grants.length, 0);
  }

  async *pairsOf(table: string, after = ''): AsyncGenerator<PairReading[]> {
    yield [...this.pairs.values()]
      .map(({ value }) => copy(value))
      .filter(({ record }) => record.table === table && record.principal > after)
      .sort((a, b) => (a.record.principal < b.record.principal ? -1 : 1));
  }

  async settleClosed(table: string): Promise<void> {
    if (this.closed.has(table)) this.closed.set(table, false);
  }

  async commit(transition: Transition): Promise<'committed' | 'seen'> {
    const { cause, revocation, request, requestDueAt, pairs, tell, at, turn } = copy(transition);
    if (cause && this.seen.has(seenKey(cause))) return 'seen';
    const known = request && this.requests.get(request.requestId)?.value;
    if (request && (known?.version ?? 0) !== request.version - 1) {
      throw new LedgerConflictError(`The request ${request.requestId}`);
    }
    if (request && this.#busy.has(request.requestId)) throw new LedgerConflictError(`The request ${request.requestId}`);
    for (const { after } of pairs) this.#expect(after);
    const isClosed = pairs.some(({ put, after }) => put && this.closed.has(after.table));
    if (isClosed) throw new LedgerConflictError('A table that is being removed');
    if (turn && this.turns.get(turn.table)?.value.mark !== turn.mark) throw new LedgerConflictError('Another’s turn');
    if (cause) this.seen.add(seenKey(cause));
    if (request) {
      const { taskToken: _, ...kept } = request;
      const value = { ...kept, ...(known?.taskToken !== undefined && { taskToken: known.taskToken }) };
      this.requests.set(request.requestId, { value, dueAt: requestDueAt });
    }
    for (const { before, after, put, remove } of pairs) {
      const kept = before.grants.filter(({ requestId }) => requestId !== remove && requestId !== put?.requestId);
      this.#putPair(after, at, put ? [...kept, put] : kept);
    }
    if (revocation) this.revocations.set(revocation.revocationId, { value: { revocation, claim: 0 }, dueAt: at });
    for (const event of tell) this.told.set(event.eventId, { value: event, dueAt: later(at, 60_000) });
    this.committed.push(copy(transition));
    return 'committed';
  }

  /**
   * Commits as DynamoDB shows it to single reads in the middle of it: of the request and its pairs one is new already and the other still
   * old, and who writes one of them meets a conflict. Source: DynamoDB Developer Guide, "Isolation levels for DynamoDB transactions".
   * @returns what ends the middle: from then on all of it is seen
   */
  async commitInPieces(
    transition: Transition,
    isRequestFirst: boolean,
  ): Promise<{ result: 'committed' | 'seen'; finish(): void }> {
    const requestIds = transition.request ? [transition.request.requestId] : [];
    const pairKeys = transition.pairs.map(({ after }) => keyOf(after));
    const requests = requestIds.map(id => [id, copyStored(this.requests.get(id))] as const);
    const pairs = pairKeys.map(key => [key, copyStored(this.pairs.get(key))] as const);
    const result = await this.commit(transition);
    if (result === 'seen') return { result, finish: () => {} };
    for (const key of [...requestIds, ...pairKeys]) this.#busy.add(key);
    if (isRequestFirst) for (const [key, old] of pairs) this.#oldPairs.set(key, old);
    else for (const [key, old] of requests) this.#oldRequests.set(key, old);
    return {
      result,
      finish: () => {
        for (const key of [...requestIds, ...pairKeys]) this.#busy.delete(key);
        for (const key of requestIds) this.#oldRequests.delete(key);
        for (const key of pairKeys) this.#oldPairs.delete(key);
      },
    };
  }

  async savePair(record: PairRecord, now: Instant): Promise<void> {
    this.#expect(record);
    this.#putPair(copy(record), now, this.pairs.get(keyOf(record))?.value.grants ?? []);
  }

  #expect(record: PairRecord): void {
    const key = keyOf(record);
    if ((this.pairs.get(key)?.value.record.revision ?? 0) !== record.revision - 1 || this.#busy.has(key)) {
      throw new LedgerConflictError(`The record of ${record.principal} on ${record.table}`);
    }
  }

  #putPair(record: PairRecord, now: Instant, grants: ActiveGrant[]): void {
    this.pairs.set(keyOf(record), { value: { record, grants }, dueAt: pairDueAt(record, now) });
  }

  /** A pair that the ledger does not know has nothing to look at again. */
  async postponePair(pair: Pair, dueAt: Instant): Promise<void> {
    const key = keyOf(pair);
    if (this.#busy.has(key)) throw new LedgerConflictError(`The record of ${pair.principal} on ${pair.table}`);
    const stored = this.pairs.get(key);
    if (!stored) return;
    stored.dueAt = dueAt;
    stored.value.record.settledVersion = NEVER_SETTLED;
  }

  async takeLease(table: string, holder: string, now: Instant, until: Instant): Promise<Lease> {
    const held = this.leases.get(table);
    // The answer to an earlier try of this very call was lost.
    if (held?.holder === holder) return copy(held);
    if (held && !leaseOver(held, now)) throw new TableLockedError(table);
    const unsureUntil = held && unsureAfter(held, now);
    const lease: Lease = { table, holder, until, ...(unsureUntil !== undefined && { unsureUntil }) };
    this.leases.set(table, lease);
    return copy(lease);
  }

  async releaseLease(lease: Lease): Promise<void> {
    if (this.leases.get(lease.table)?.holder !== lease.holder) return;
    if (lease.unsureUntil === undefined) this.leases.delete(lease.table);
    else this.leases.set(lease.table, { ...lease, holder: `${lease.holder} released`, isReleased: true });
  }

  async saveTaskToken(requestId: string, taskToken: string): Promise<AccessRequest | undefined> {
    const stored = this.requests.get(requestId);
    if (!stored) return undefined;
    stored.value = { ...stored.value, taskToken };
    return copy(stored.value);
  }

  async *due(now: Instant): AsyncIterable<DueItem[]> {
    const items = this.dueItems().filter(({ dueAt }) => dueAt <= now);
    for (let start = 0; start < items.length; start += PAGE) {
      yield items.slice(start, start + PAGE).map(({ item }) => item);
    }
  }

  /** All that is due at some time, oldest first. */
  dueItems(): { dueAt: Instant; item: DueItem }[] {
    const items: { dueAt: Instant | undefined; item: DueItem }[] = [
      ...[...this.requests].map(([requestId, { dueAt }]) => ({ dueAt, item: { kind: 'request' as const, requestId } })),
      ...[...this.pairs.values()].map(
        ({
          value: {
            record: { principal, table },
          },
          dueAt,
        }) => ({
          dueAt,
          item: { kind: 'pair' as const, pair: { table, principal } },
        }),
      ),
      ...[...this.told].map(([eventId, { dueAt }]) => ({ dueAt, item: { kind: 'told' as const, eventId } })),
      ...[...this.turns].map(([table, { dueAt }]) => ({ dueAt, item: { kind: 'share-back' as const, table } })),
      ...[...this.revocations].map(([revocationId, { dueAt }]) => ({
        dueAt,
        item: { kind: 'revocation' as const, revocationId },
      })),
      ...[...this.shared].map(([domain, { dueAt }]) => ({
        dueAt,
        item: { kind: 'share-back-domain' as const, domain },
      })),
      ...this.alsoDue.flatMap(items => items()),
    ];
    return items
      .filter(item => item.dueAt !== undefined)
      .map(({ dueAt, item }) => ({ dueAt: dueAt ?? '', item }))
      .sort((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0));
  }

  async load(eventId: string): Promise<ToldEvent | undefined> {
    return copy(this.told.get(eventId)?.value);
  }

  async clear(eventIds: readonly string[]): Promise<void> {
    for (const eventId of eventIds) this.told.delete(eventId);
  }

  async keep(event: ToldEvent): Promise<void> {
    this.told.set(event.eventId, { value: copy(event), dueAt: later(this.#now(), 300_000) });
  }
}

function keyOf({ table, principal }: Pair): string {
  return `${table} ${principal}`;
}

function seenKey({ account, eventId }: { account: string; eventId: string }): string {
  return `${account}#${eventId}`;
}

function later(instant: Instant, milliseconds: number): Instant {
  return new Date(Date.parse(instant) + milliseconds).toISOString();
}

/** What a store gives back: nothing shared with it, no undefined members. */
function copy<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}

function copyStored<T>(stored: Stored<T> | undefined): Stored<T> | undefined {
  return stored && { value: copy(stored.value), dueAt: stored.dueAt };
}
