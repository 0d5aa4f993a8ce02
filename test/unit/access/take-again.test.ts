import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerConflictError, type Transition } from '../../../shared/access/ledger.ts';
import { afterTransition } from '../../../shared/access/pair-record.ts';
import { takeAccessEvent } from '../../../shared/access/take-access-event.ts';
import { beginReading } from '../../../shared/access/take-request.ts';
import type { TakeServices } from '../../../shared/access/take-services.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { envelope } from '../../property/sample-mesh.ts';
import {
  ANALYST,
  ANALYTICS,
  AVIATION,
  END,
  FLIGHTS,
  flights,
  grant,
  mesh,
  NOW,
  pair,
  policies,
  STEWARD,
} from './access-sample.ts';

/** What becomes of an event when others are at work beside it, or its delivery broke off. */

/** Lets something happen just before a commit, as others do who are quicker. */
class ContendedLedger extends MemoryLedger {
  readonly quicker: (() => Promise<unknown>)[] = [];
  commits = 0;

  override async commit(transition: Transition): Promise<'committed' | 'seen'> {
    this.commits++;
    await this.quicker.shift()?.();
    return super.commit(transition);
  }

  /** Another grant of the pair, written past the count. */
  async grantBeside(requestId: string, rowFilter: string | null): Promise<void> {
    const before = await this.loadPair(pair);
    const put = grant(requestId, ['origin'], rowFilter);
    const after = afterTransition(before.record, [...before.grants, put]);
    await super.commit({ at: NOW, pairs: [{ before, after, put }], tell: [] });
  }
}

let ledger: ContendedLedger;
let announced: ToldEvent[];
let calls: string[];
let described: number;
let services: TakeServices;

beforeEach(() => {
  ledger = new ContendedLedger(() => NOW);
  announced = [];
  calls = [];
  described = 0;
  services = {
    mesh,
    policies,
    ledger,
    leaving: { among: async () => [] },
    outbox: ledger,
    catalog: {
      describe: async () => {
        described++;
        return flights;
      },
    },
    announcer: {
      announce: async events => {
        announced.push(...events);
        return [];
      },
    },
    processes: {
      start: async id => void calls.push(`start ${id}`),
      wake: async token => void calls.push(`wake ${token}`),
      enforceNow: async id => void calls.push(`enforce ${id}`),
      workNow: async item => void calls.push(`work ${item.kind}`),
    },
    now: () => NOW,
  };
});

function asked(changes: Record<string, unknown> = {}, eventId = 'asked') {
  const data = { requestId: 'r1', principal: ANALYST, tables: [FLIGHTS], purpose: 'study', expiresAt: END, ...changes };
  return envelope(ANALYTICS, 'Access Requested', NOW, eventId, data);
}

function answered() {
  const data = { requestId: 'r1', decision: 'approved', approver: STEWARD };
  return envelope(AVIATION, 'Access Decision Made', NOW, 'answered', data);
}

function revoked() {
  return envelope(ANALYTICS, 'Access Revocation Requested', NOW, 'revoked', { requestId: 'r1', reason: 'over' });
}

const publicColumns = { columns: ['origin'] };
const stateOf = async (requestId: string) => (await ledger.loadRequest(requestId))?.state;
const grantsOf = async () => (await ledger.loadPair(pair)).grants.map(({ requestId }) => requestId);

describe('an event that others were quicker than', () => {
  it('is decided on what is there then, not on what was read before: other rows by now deny it', async () => {
    ledger.quicker.push(() => ledger.grantBeside('quicker', 'year = 2026'));
    await takeAccessEvent(services, asked(publicColumns));
    expect(await stateOf('r1')).toMatchObject({
      status: 'denied',
      reasons: [expect.stringMatching(/the rows year = 2026 .* by the request quicker/)],
    });
    expect(await grantsOf()).toEqual(['quicker']);
    expect(calls).toEqual([]);
  });

  it('keeps the grants that came between, and its effect is one', async () => {
    ledger.quicker.push(
      () => ledger.grantBeside('quicker', null),
      () => ledger.grantBeside('quickest', null),
    );
    await takeAccessEvent(services, asked(publicColumns));
    expect(await grantsOf()).toEqual(['quicker', 'quickest', 'r1']);
    expect(ledger.commits).toBe(3);
    expect(calls).toEqual(['start r1']);
  });

  it('uses the reads that were begun for it for its first decision alone', async () => {
    const event = asked(publicColumns);
    const begun = beginReading(services, event);
    ledger.quicker.push(() => ledger.grantBeside('quicker', null));
    await takeAccessEvent(services, event, begun);
    expect(described).toBe(2);
    expect(await grantsOf()).toEqual(['quicker', 'r1']);
  });

  it('is given up after five tries, without any effect, and is delivered again', async () => {
    for (let attempt = 1; attempt <= 5; attempt++) {
      ledger.quicker.push(() => ledger.grantBeside(`quicker-${attempt}`, null));
    }
    await expect(takeAccessEvent(services, asked(publicColumns))).rejects.toThrow(LedgerConflictError);
    expect(ledger.commits).toBe(5);
    expect([await stateOf('r1'), calls, announced]).toEqual([undefined, [], []]);
    await takeAccessEvent(services, asked(publicColumns));
    expect(await stateOf('r1')).toMatchObject({ status: 'approved' });
  });

  it('is refused when a revocation was quicker than the answer', async () => {
    await takeAccessEvent(services, asked());
    ledger.quicker.push(() => takeAccessEvent(services, revoked()));
    await takeAccessEvent(services, answered());
    expect(await stateOf('r1')).toMatchObject({ status: 'denied', reasons: ['Withdrawn: over'] });
    expect(await grantsOf()).toEqual([]);
    expect(announced.map(({ type }) => type)).toEqual(['Access Approval Needed', 'Access Denied', 'Event Refused']);
  });

  it('ends what the answer has just granted when the revocation was later', async () => {
    await takeAccessEvent(services, asked());
    ledger.quicker.push(() => takeAccessEvent(services, answered()));
    await takeAccessEvent(services, revoked());
    expect(await stateOf('r1')).toMatchObject({ status: 'ending', cause: 'requested' });
    expect(await grantsOf()).toEqual([]);
    expect(calls).toEqual(['start r1', 'enforce r1']);
  });

  it('stays silent when the same event was quicker', async () => {
    const same = takeAccessEvent.bind(undefined, services, asked());
    ledger.quicker.push(same);
    await same();
    expect(announced).toHaveLength(1);
    expect(calls).toEqual(['start r1']);
    expect(await stateOf('r1')).toMatchObject({ status: 'waiting' });
  });
});

describe('a delivery that broke off', () => {
  it('after the commit is made good by the next: the machine starts, and what was told is not told again', async () => {
    const { start } = services.processes;
    services.processes.start = async () => Promise.reject(new Error('throttled'));
    await expect(takeAccessEvent(services, asked())).rejects.toThrow('throttled');
    services.processes.start = start;
    await takeAccessEvent(services, asked());
    expect(calls).toEqual(['start r1']);
    expect(announced.map(({ type }) => type)).toEqual(['Access Approval Needed']);
  });

  it('before its events were told leaves them for the sweep', async () => {
    services.announcer = { announce: () => Promise.reject(new Error('throttled')) };
    await expect(takeAccessEvent(services, asked())).rejects.toThrow('throttled');
    expect([...ledger.told.values()].map(({ value, dueAt }) => [value.type, dueAt])).toEqual([
      ['Access Approval Needed', '2026-11-21T10:01:00.000Z'],
    ]);
  });

  it('of an answer wakes the machine in the next, and stays silent', async () => {
    await takeAccessEvent(services, asked());
    await ledger.saveTaskToken('r1', 'token');
    const { wake } = services.processes;
    services.processes.wake = async () => Promise.reject(new Error('throttled'));
    await expect(takeAccessEvent(services, answered())).rejects.toThrow('throttled');
    services.processes.wake = wake;
    await takeAccessEvent(services, answered());
    expect(calls).toEqual(['start r1', 'wake token']);
    expect(announced.map(({ type }) => type)).toEqual(['Access Approval Needed']);
  });
});

it('keeps an event with the buses that it did not reach', async () => {
  services.announcer = { announce: async events => events.map(event => ({ ...event, destinations: [AVIATION] })) };
  await takeAccessEvent(services, asked());
  expect([...ledger.told.values()].map(({ value }) => value.destinations)).toEqual([[AVIATION]]);
});
