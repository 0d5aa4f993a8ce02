import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRequest, ActiveGrant, Pair, RequestState } from '../../../shared/access/access-request.ts';
import { cellFilter } from '../../../shared/access/entitlement.ts';
import {
  type DueItem,
  type DueWork,
  type Ledger,
  LedgerConflictError,
  type PairChange,
  TableLockedError,
  type Transition,
} from '../../../shared/access/ledger.ts';
import { afterSettling, afterTransition, isSettled, type PairReading } from '../../../shared/access/pair-record.ts';
import type { Outbox } from '../../../shared/telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../../../shared/telling/told-event.ts';

/** A ledger under test, empty, and how to let it go. */
export interface LedgerUnderTest {
  ledger: Ledger;
  index: DueWork;
  outbox: Outbox;
  close(): Promise<void>;
}

const NOW = '2026-11-21T09:00:00.000Z';
const SOON = '2026-11-21T09:05:00.000Z';
const END = '2026-11-21T18:00:00.000Z';
const LATER = '2026-12-31T00:00:00.000Z';
/** When the outbox keeps an event. */
export const KEPT_AT = '2026-11-21T10:00:00.000Z';

const principal = 'arn:aws:iam::444444444444:role/Analyst';
const table = 'aviation_ops.flights';
const pair: Pair = { principal, table };
const cause = { account: '444444444444', eventId: 'e1' };
const approved: RequestState = { status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW, reasons: ['fine'] };

function request(requestId: string, version: number, state: RequestState = approved): AccessRequest {
  return {
    requestId,
    account: '444444444444',
    principal,
    domain: 'aviation',
    purpose: 'reporting',
    terms: [{ table, columns: ['origin'], rowFilter: null }],
    expiresAt: END,
    policies: ['reports'],
    fingerprint: 'f',
    state,
    version,
  };
}

function grant(requestId: string): ActiveGrant {
  return { requestId, columns: ['origin'], rowFilter: null, expiresAt: END };
}

function told(name: string): ToldEvent {
  return toldEvent('Access Expiring', [name], NOW, ['444444444444'], {
    requestId: name,
    principal,
    tables: [table],
    expiresAt: END,
  });
}

function step(parts: Partial<Transition>): Transition {
  return { at: NOW, pairs: [], tell: [], ...parts };
}

function granting(before: PairReading, requestId: string): PairChange {
  const put = grant(requestId);
  return { before, after: afterTransition(before.record, [...before.grants, put]), put };
}

function ending(before: PairReading, requestId: string): PairChange {
  const left = before.grants.filter(other => other.requestId !== requestId);
  return { before, after: afterTransition(before.record, left), remove: requestId };
}

async function dueAt(index: DueWork, now: string): Promise<DueItem[]> {
  const items: DueItem[] = [];
  for await (const page of index.due(now)) items.push(...page);
  return items;
}

/** What every ledger does, whatever it is kept in. */
export function describeLedger(name: string, make: () => Promise<LedgerUnderTest>): void {
  describe(name, () => {
    let made: LedgerUnderTest;
    let ledger: Ledger;
    let index: DueWork;
    let outbox: Outbox;
    beforeEach(async () => {
      made = await make();
      ({ ledger, index, outbox } = made);
    });
    afterEach(() => made.close());

    /** Commits a new request that is granted. */
    async function commitGranted(requestId: string, more: Partial<Transition> = {}): Promise<void> {
      const change = granting(await ledger.loadPair(pair), requestId);
      await ledger.commit(step({ request: request(requestId, 1), requestDueAt: SOON, pairs: [change], ...more }));
    }

    it('knows nothing at first', async () => {
      expect(await ledger.loadRequest('r1')).toBeUndefined();
      expect(await ledger.loadPair(pair)).toEqual({
        record: { ...pair, applied: {}, desiredVersion: 0, settledVersion: 0, revision: 0 },
        grants: [],
      });
      expect(await ledger.countGrants('444444444444', table)).toBe(0);
      expect(await outbox.load('none')).toBeUndefined();
      expect(await dueAt(index, LATER)).toEqual([]);
    });

    it('keeps a request with its grant and its pair, all of one transition', async () => {
      await commitGranted('r1', { cause });
      expect(await ledger.loadRequest('r1')).toEqual(request('r1', 1));
      const { record, grants } = await ledger.loadPair(pair);
      const filter = cellFilter(principal, ['origin'], null);
      expect(grants).toEqual([grant('r1')]);
      expect(record).toEqual({
        ...pair,
        applied: { [filter.name]: filter },
        desiredVersion: 1,
        settledVersion: 0,
        revision: 1,
      });
    });

    it('does nothing for an event that had its effect, whatever it would do now', async () => {
      expect(await ledger.commit(step({ cause, request: request('r1', 1) }))).toBe('committed');
      expect(await ledger.commit(step({ cause, request: request('r2', 1) }))).toBe('seen');
      expect(await ledger.commit(step({ cause, request: request('r1', 1), tell: [told('x')] }))).toBe('seen');
      expect(await ledger.loadRequest('r2')).toBeUndefined();
      expect(await outbox.load(told('x').eventId)).toBeUndefined();
    });

    it('takes the same event id of another account for another event', async () => {
      await ledger.commit(step({ cause, request: request('r1', 1) }));
      const other = { ...cause, account: '555555555555' };
      expect(await ledger.commit(step({ cause: other, request: request('r2', 1) }))).toBe('committed');
    });

    it('refuses a request that is there already, or of another version than the next', async () => {
      await ledger.commit(step({ request: request('r1', 1) }));
      await expect(ledger.commit(step({ request: request('r1', 1) }))).rejects.toThrow(LedgerConflictError);
      await expect(ledger.commit(step({ request: request('r1', 3) }))).rejects.toThrow(LedgerConflictError);
      await expect(ledger.commit(step({ request: request('r9', 2) }))).rejects.toThrow(LedgerConflictError);
      expect(await ledger.commit(step({ request: request('r1', 2) }))).toBe('committed');
    });

    it('changes nothing at all when a pair has moved, and does not mark the event', async () => {
      const old = await ledger.loadPair(pair);
      await commitGranted('r1');
      const late = step({ cause, request: request('r2', 1), pairs: [granting(old, 'r2')], tell: [told('x')] });
      await expect(ledger.commit(late)).rejects.toThrow(LedgerConflictError);
      expect(await ledger.loadRequest('r2')).toBeUndefined();
      expect((await ledger.loadPair(pair)).grants).toEqual([grant('r1')]);
      expect(await outbox.load(told('x').eventId)).toBeUndefined();
      await commitGranted('r2', { cause });
      expect((await ledger.loadPair(pair)).grants).toEqual([grant('r1'), grant('r2')]);
    });

    it('ends one grant and keeps the other', async () => {
      await commitGranted('r1');
      await commitGranted('r2');
      const change = ending(await ledger.loadPair(pair), 'r1');
      await ledger.commit(step({ request: request('r1', 2), pairs: [change] }));
      const { record, grants } = await ledger.loadPair(pair);
      expect(grants).toEqual([grant('r2')]);
      expect(record.desiredVersion).toBe(3);
    });

    it("counts the grants of an account's principals on a table, and of nobody else's", async () => {
      const others: Pair[] = [
        { principal: 'arn:aws:iam::444444444444:role/Other', table },
        { principal: 'arn:aws:iam::555555555555:role/Analyst', table },
        { principal, table: 'aviation_ops.airports' },
      ];
      await commitGranted('r1');
      await commitGranted('r2');
      for (const [index, other] of others.entries()) {
        const change = granting(await ledger.loadPair(other), `other-${index}`);
        await ledger.commit(step({ pairs: [change] }));
      }
      expect(await ledger.countGrants('444444444444', table)).toBe(3);
      expect(await ledger.countGrants('555555555555', table)).toBe(1);
      expect(await ledger.countGrants('666666666666', table)).toBe(0);
    });

    it('saves a record that it read, keeps the grants, and refuses one that has moved', async () => {
      await commitGranted('r1');
      const { record } = await ledger.loadPair(pair);
      const settled = afterSettling(record, [cellFilter(principal, ['origin'], null)]);
      await ledger.savePair(settled, NOW);
      expect(await ledger.loadPair(pair)).toEqual({ record: settled, grants: [grant('r1')] });
      await expect(ledger.savePair(settled, NOW)).rejects.toThrow(LedgerConflictError);
    });

    it('saves the first record of a pair once', async () => {
      const { record } = await ledger.loadPair(pair);
      await ledger.savePair({ ...record, revision: 1 }, NOW);
      expect((await ledger.loadPair(pair)).grants).toEqual([]);
      await expect(ledger.savePair({ ...record, revision: 1 }, NOW)).rejects.toThrow(LedgerConflictError);
    });

    it('finds what is due, oldest first, and nothing that is not', async () => {
      await commitGranted('r1', { tell: [told('x')], at: NOW });
      expect(await dueAt(index, '2026-11-21T08:59:59.999Z')).toEqual([]);
      expect(await dueAt(index, NOW)).toEqual([{ kind: 'pair', pair }]);
      expect(await dueAt(index, '2026-11-21T09:01:00.000Z')).toEqual([
        { kind: 'pair', pair },
        { kind: 'told', eventId: told('x').eventId },
      ]);
      expect(await dueAt(index, SOON)).toEqual([
        { kind: 'pair', pair },
        { kind: 'told', eventId: told('x').eventId },
        { kind: 'request', requestId: 'r1' },
      ]);
    });

    it('finds no request that nothing is due for, and no pair that is settled', async () => {
      await commitGranted('r1');
      const { record } = await ledger.loadPair(pair);
      await ledger.savePair(afterSettling(record, []), NOW);
      const denied: RequestState = { status: 'denied', deniedAt: NOW, reasons: [] };
      await ledger.commit(step({ request: request('r1', 2, denied) }));
      expect(await dueAt(index, LATER)).toEqual([]);
    });

    it('looks at a postponed pair again at its time, and no more once it is saved settled', async () => {
      await commitGranted('r1', { requestDueAt: undefined });
      await ledger.postponePair(pair, SOON);
      expect(await dueAt(index, NOW)).toEqual([]);
      expect(await dueAt(index, SOON)).toEqual([{ kind: 'pair', pair }]);
      const { record } = await ledger.loadPair(pair);
      await ledger.savePair(afterSettling(record, []), NOW);
      expect(await dueAt(index, LATER)).toEqual([]);
    });

    it('has a settled pair looked at again when it is postponed', async () => {
      await commitGranted('r1', { requestDueAt: undefined });
      const { record } = await ledger.loadPair(pair);
      await ledger.savePair(afterSettling(record, []), NOW);
      expect(isSettled((await ledger.loadPair(pair)).record)).toBe(true);
      await ledger.postponePair(pair, SOON);
      expect(await dueAt(index, SOON)).toEqual([{ kind: 'pair', pair }]);
      expect(isSettled((await ledger.loadPair(pair)).record)).toBe(false);
    });

    it('postpones no pair that it does not know', async () => {
      await ledger.postponePair(pair, NOW);
      expect(await dueAt(index, LATER)).toEqual([]);
    });

    it('gives one holder a table at a time, and another table to another', async () => {
      expect(await ledger.takeLease(table, 'a', NOW, SOON)).toEqual({ table, holder: 'a', until: SOON });
      await expect(ledger.takeLease(table, 'b', NOW, END)).rejects.toThrow(TableLockedError);
      expect((await ledger.takeLease('aviation_ops.airports', 'b', NOW, SOON)).holder).toBe('b');
    });

    it('knows its holder again, whose answer was lost', async () => {
      const lease = await ledger.takeLease(table, 'a', NOW, SOON);
      expect(await ledger.takeLease(table, 'a', NOW, SOON)).toEqual(lease);
    });

    it('gives a table that was given back to the next, without a doubt', async () => {
      await ledger.releaseLease(await ledger.takeLease(table, 'a', NOW, SOON));
      expect(await ledger.takeLease(table, 'b', NOW, SOON)).toEqual({ table, holder: 'b', until: SOON });
    });

    it('gives a dead holder’s table to the next, with the doubt that its calls may land for a minute', async () => {
      await ledger.takeLease(table, 'a', NOW, SOON);
      const unsureUntil = '2026-11-21T09:06:00.000Z';
      expect(await ledger.takeLease(table, 'b', SOON, END)).toEqual({ table, holder: 'b', until: END, unsureUntil });
    });

    it('passes a doubt on while it lasts, and drops it when it is over', async () => {
      await ledger.takeLease(table, 'a', NOW, SOON);
      const second = await ledger.takeLease(table, 'b', SOON, END);
      await ledger.releaseLease(second);
      const third = await ledger.takeLease(table, 'c', '2026-11-21T09:05:59.999Z', END);
      expect(third.unsureUntil).toBe(second.unsureUntil);
      await ledger.releaseLease(third);
      const fourth = await ledger.takeLease(table, 'd', '2026-11-21T09:06:00.000Z', END);
      expect(fourth).toEqual({ table, holder: 'd', until: END });
    });

    it('keeps a doubt that a holder leaves behind after a fault', async () => {
      const lease = await ledger.takeLease(table, 'a', NOW, SOON);
      await ledger.releaseLease({ ...lease, unsureUntil: '2026-11-21T09:01:30.000Z' });
      const next = await ledger.takeLease(table, 'b', '2026-11-21T09:00:30.000Z', END);
      expect(next.unsureUntil).toBe('2026-11-21T09:01:30.000Z');
    });

    it('leaves a lease alone that another has taken over', async () => {
      const dead = await ledger.takeLease(table, 'a', NOW, SOON);
      await ledger.takeLease(table, 'b', SOON, END);
      await ledger.releaseLease(dead);
      await ledger.releaseLease({ ...dead, unsureUntil: END });
      await expect(ledger.takeLease(table, 'c', SOON, END)).rejects.toThrow(TableLockedError);
    });

    it('keeps a task token with its request, through later steps', async () => {
      await ledger.commit(step({ request: request('r1', 1) }));
      expect(await ledger.saveTaskToken('r1', 't')).toEqual({ ...request('r1', 1), taskToken: 't' });
      await ledger.commit(step({ request: { ...request('r1', 2), taskToken: 'not kept by a step' } }));
      expect(await ledger.loadRequest('r1')).toEqual({ ...request('r1', 2), taskToken: 't' });
    });

    it('keeps no token of a request that is not there', async () => {
      expect(await ledger.saveTaskToken('r1', 't')).toBeUndefined();
      expect(await ledger.loadRequest('r1')).toBeUndefined();
    });

    it('keeps events until they are told, with the buses that are left', async () => {
      await ledger.commit(step({ tell: [told('x'), told('y')] }));
      expect(await outbox.load(told('x').eventId)).toEqual(told('x'));
      await outbox.clear([told('x').eventId]);
      await outbox.keep({ ...told('y'), destinations: ['hub'] });
      expect(await outbox.load(told('x').eventId)).toBeUndefined();
      expect((await outbox.load(told('y').eventId))?.destinations).toEqual(['hub']);
      expect(await dueAt(index, '2026-11-21T10:04:59.999Z')).toEqual([]);
      expect(await dueAt(index, '2026-11-21T10:05:00.000Z')).toEqual([{ kind: 'told', eventId: told('y').eventId }]);
    });
  });
}
