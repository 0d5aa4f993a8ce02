import { beforeEach, describe, expect, it } from 'vitest';
import type { Envelope } from '../../../events/envelope.ts';
import { toldDetail } from '../../../events/told.ts';
import { LedgerConflictError } from '../../../shared/access/ledger.ts';
import { eventIdOf } from '../../../shared/access/refuse-event.ts';
import { takeAccessEvent } from '../../../shared/access/take-access-event.ts';
import { beginReading } from '../../../shared/access/take-request.ts';
import type { TakeServices } from '../../../shared/access/take-services.ts';
import { nameOfThing } from '../../../shared/mesh/apply-leaving.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { ANALYTICS, AVIATION, CATALOG, envelope, HUB, MESH, POLICIES, STEWARD } from '../../property/sample-mesh.ts';
import { AIRPORTS, ANALYST, END, FLIGHTS, NOW } from './samples.ts';

let now: string;
let ledger: MemoryLedger;
let told: ToldEvent[];
let calls: string[];
let services: TakeServices;
/** What leaves the mesh though this function does not know it yet. */
let leaving: string[];

beforeEach(() => {
  now = NOW;
  told = [];
  calls = [];
  leaving = [];
  ledger = new MemoryLedger(() => now);
  services = {
    mesh: MESH,
    policies: POLICIES,
    catalog: CATALOG,
    ledger,
    leaving: { among: async things => things.filter(thing => leaving.includes(nameOfThing(thing))) },
    outbox: ledger,
    announcer: {
      announce: async events => {
        told.push(...events);
        return [];
      },
    },
    processes: {
      start: async id => void calls.push(`start ${id}`),
      wake: async token => void calls.push(`wake ${token}`),
      enforceNow: async id => void calls.push(`enforce ${id}`),
      workNow: async item => void calls.push(`work ${item.kind}`),
    },
    now: () => now,
  };
});

let events = 0;
function send(account: string, type: string, data: Record<string, unknown>, eventId = `e${events++}`): Envelope {
  return envelope(account, type, now, eventId, data);
}

function asked(more: Record<string, unknown> = {}, account = ANALYTICS, eventId?: string): Envelope {
  const data = { requestId: 'r1', principal: ANALYST, tables: [FLIGHTS], purpose: 'research', expiresAt: END, ...more };
  return send(account, 'Access Requested', data, eventId);
}

function decided(more: Record<string, unknown> = {}, account = AVIATION, eventId?: string): Envelope {
  const data = { requestId: 'r1', decision: 'approved', approver: STEWARD, ...more };
  return send(account, 'Access Decision Made', data, eventId);
}

function revoked(more: Record<string, unknown> = { requestId: 'r1' }, account = ANALYTICS, eventId?: string): Envelope {
  return send(account, 'Access Revocation Requested', { reason: 'over', ...more }, eventId);
}

const take = (event: Envelope) => takeAccessEvent(services, event);
const types = () => told.map(({ type }) => type);
const status = () => ledger.requests.get('r1')?.value.state.status;

/** The reasons of the last event told, a refusal that its schema takes. */
function lastRefusal(): string {
  const last = told.at(-1);
  expect(last?.type).toBe('Event Refused');
  expect(toldDetail('Event Refused').safeParse({ metadata: { eventId: 'x' }, data: last?.data }).success).toBe(true);
  return (last as ToldEvent<'Event Refused'>).data.reasons.join(' ');
}

describe('a request', () => {
  it('is recorded, its machine started, its question told', async () => {
    await take(asked());
    expect(status()).toBe('waiting');
    expect(calls).toEqual(['start r1']);
    expect(types()).toEqual(['Access Approval Needed']);
    expect(ledger.told.size).toBe(0);
  });

  it('that is denied starts nothing', async () => {
    await take(asked({ purpose: 'marketing' }));
    expect(status()).toBe('denied');
    expect(calls).toEqual([]);
    expect(types()).toEqual(['Access Denied']);
  });

  it('that is approved at once adds its grant, and tells nothing yet', async () => {
    await take(asked({ purpose: 'reporting' }));
    expect((await ledger.loadPair({ principal: ANALYST, table: FLIGHTS })).grants).toHaveLength(1);
    expect(types()).toEqual([]);
  });

  it('of an unknown table is denied with the reason', async () => {
    await take(asked({ tables: ['aviation_ops.none'] }));
    expect((told[0] as ToldEvent<'Access Denied'>).data.reasons).toEqual([
      'There is no table aviation_ops.none in the central catalog.',
    ]);
  });

  it('of several tables is one request, with a grant on each', async () => {
    await take(asked({ tables: [FLIGHTS, AIRPORTS], purpose: 'reporting' }));
    expect(status()).toBe('approved');
    for (const table of [FLIGHTS, AIRPORTS])
      expect((await ledger.loadPair({ principal: ANALYST, table })).grants).toHaveLength(1);
  });

  it('of a product is denied without looking for a table', async () => {
    await take(asked({ tables: undefined, product: 'aviation/flights' }));
    expect(status()).toBe('denied');
  });

  it('for a foreign principal is refused, and no request kept', async () => {
    await take(asked({ principal: 'arn:aws:iam::555555555555:role/Other' }));
    expect(lastRefusal()).toContain('not of the account that asks');
    expect(ledger.requests.size).toBe(0);
  });

  it('of an account that leaves is refused, though this function does not know its mesh yet', async () => {
    leaving = [`account ${ANALYTICS}`];
    await take(asked({ purpose: 'reporting' }));
    expect(lastRefusal()).toBe(`Account ${ANALYTICS} is not in the mesh.`);
    expect(ledger.requests.size).toBe(0);
  });

  it('for a table of a domain that leaves is denied', async () => {
    leaving = ['domain aviation'];
    await take(asked({ purpose: 'reporting' }));
    expect((told[0] as ToldEvent<'Access Denied'>).data.reasons).toEqual([
      `${FLIGHTS} belongs to no domain of the mesh. Tables are named <domain>_<database>.<table>.`,
    ]);
  });

  it('that waits is approved no more when its account, or its domain, leaves', async () => {
    await take(asked());
    for (const thing of [`account ${ANALYTICS}`, 'domain aviation']) {
      leaving = [thing];
      await take(decided());
      expect(lastRefusal()).toMatch(/has left the mesh|No request r1 waits/);
      expect(status()).toBe('waiting');
    }
  });

  it('sent again is silent, and starts a machine that an earlier delivery may not have started', async () => {
    await take(asked());
    await take(asked());
    expect(types()).toHaveLength(1);
    expect(calls).toEqual(['start r1', 'start r1']);
  });

  it('sent again after its end starts nothing', async () => {
    await take(asked({ purpose: 'marketing' }));
    await take(asked({ purpose: 'marketing' }));
    expect(calls).toEqual([]);
    expect(types()).toHaveLength(1);
  });

  it('that differs under the same id is refused', async () => {
    await take(asked());
    await take(asked({ purpose: 'reporting' }));
    expect(lastRefusal()).toContain('Another request has the id r1');
    expect(status()).toBe('waiting');
  });

  it('under an event id that had its effect already does nothing', async () => {
    await take(asked({}, ANALYTICS, 'same'));
    await take(asked({ requestId: 'r2' }, ANALYTICS, 'same'));
    expect(ledger.requests.size).toBe(1);
    expect(types()).toHaveLength(1);
  });

  it('is decided on the reads that were begun for it, once', async () => {
    const event = asked();
    const begun = beginReading(services, event);
    expect(begun).toBeDefined();
    await takeAccessEvent(services, event, begun);
    expect(status()).toBe('waiting');
    expect(beginReading(services, asked({ requestId: '' }))).toBeUndefined();
    expect(beginReading(services, decided())).toBeUndefined();
  });

  it('that meets another step is decided again on what is there then', async () => {
    const commit = ledger.commit.bind(ledger);
    let conflicts = 2;
    ledger.commit = async transition => {
      if (conflicts-- > 0) throw new LedgerConflictError('The request r1');
      return commit(transition);
    };
    await take(asked());
    expect(status()).toBe('waiting');
    conflicts = 5;
    await expect(take(asked({ requestId: 'r2' }))).rejects.toThrow(LedgerConflictError);
  });

  it('meets a fault of a service by being delivered again', async () => {
    services.catalog = { describe: () => Promise.reject(new Error('throttled')) };
    await expect(take(asked())).rejects.toThrow('throttled');
    expect(ledger.seen.size).toBe(0);
  });
});

describe("an owner's decision", () => {
  beforeEach(() => take(asked()));

  it('approves, and wakes the machine that waits', async () => {
    await ledger.saveTaskToken('r1', 'token');
    await take(decided());
    expect(status()).toBe('approved');
    expect(calls).toEqual(['start r1', 'wake token']);
  });

  it('narrows what is granted', async () => {
    await take(decided({ columns: ['origin'] }));
    const { grants } = await ledger.loadPair({ principal: ANALYST, table: FLIGHTS });
    expect(grants[0]?.columns).toEqual(['origin']);
  });

  it('denies, and tells so', async () => {
    await take(decided({ decision: 'denied' }));
    expect(types()).toEqual(['Access Approval Needed', 'Access Denied']);
  });

  it('delivered twice counts once and stays silent', async () => {
    const event = decided();
    await take(event);
    const before = JSON.stringify([...ledger.requests]);
    await take(event);
    expect(JSON.stringify([...ledger.requests])).toBe(before);
    expect(types()).toEqual(['Access Approval Needed']);
  });

  it('made twice is refused the second time', async () => {
    await take(decided());
    await take(decided());
    expect(lastRefusal()).toContain('does not wait for an answer: it is approved');
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['by another domain', {}, ANALYTICS, /No request r1 waits for an answer of account 444444444444/],
    ['on a request that is not there', { requestId: 'none' }, AVIATION, /No request none waits/],
    ['by a non-steward', { approver: `arn:aws:iam::${AVIATION}:role/Intern` }, AVIATION, /is not a steward/],
    ['by the requester', { approver: ANALYST }, AVIATION, /cannot decide on its own request/],
    ['that widens', { columns: ['gate'] }, AVIATION, /narrow a request, not widen it/],
  ])('%s is refused, and the question stays open', async (_, more, account, reason) => {
    await take(decided(more, account));
    expect(lastRefusal()).toMatch(reason);
    expect(status()).toBe('waiting');
  });

  it('after the deadline is refused', async () => {
    now = '2026-11-28T09:00:01.000Z';
    await take(decided());
    expect(lastRefusal()).toContain('the question was open from');
  });
});

describe('a revocation', () => {
  it('ends access and has it taken away at once', async () => {
    await take(asked({ purpose: 'reporting' }));
    await take(revoked());
    expect(status()).toBe('ending');
    expect((await ledger.loadPair({ principal: ANALYST, table: FLIGHTS })).grants).toEqual([]);
    expect(calls).toEqual(['start r1', 'enforce r1']);
  });

  it('of a request that waits wakes its machine', async () => {
    await take(asked());
    await ledger.saveTaskToken('r1', 'token');
    await take(revoked());
    expect(types()).toEqual(['Access Approval Needed', 'Access Denied']);
    expect(calls).toContain('wake token');
  });

  it('again is silent', async () => {
    await take(asked({ purpose: 'reporting' }));
    await take(revoked());
    await take(revoked({ requestId: 'r1' }, HUB));
    expect(types()).toEqual([]);
    expect(calls).toEqual(['start r1', 'enforce r1']);
  });

  it('of what is not there is refused', async () => {
    await take(revoked());
    expect(lastRefusal()).toContain('no request r1 to revoke');
  });

  it('that came before its request does not end it when it is replayed after', async () => {
    const early = revoked();
    await take(early);
    await take(asked({ purpose: 'reporting' }));
    await take(early);
    expect(status()).toBe('approved');
  });
});

describe('an event that cannot be taken', () => {
  it('is refused with every problem when it is malformed, once', async () => {
    const event = asked({ requestId: 'no blanks', principal: 'me', expiresAt: 'tomorrow' });
    await take(event);
    await take(event);
    expect(types()).toEqual(['Event Refused']);
    expect(lastRefusal()).toMatch(/data\.requestId: .*data\.principal: .*data\.expiresAt: /);
  });

  it.each(['no blanks', 'x'.repeat(65), '', 7, null])(
    'names no request in its refusal where %j is no id of one, so that what is told has its own shape',
    async requestId => {
      await take(asked({ requestId }));
      expect(toldDetail('Event Refused').safeParse({ metadata: { eventId: 'x' }, data: told[0]?.data })).toMatchObject({
        success: true,
      });
      expect(told[0]?.data).not.toHaveProperty('requestId');
    },
  );

  it('is refused when it has no detail at all, and known by what it says', async () => {
    const bare = { ...asked(), detail: null };
    await take(bare);
    await take({ ...bare, id: 'another envelope' });
    expect(types()).toEqual(['Event Refused']);
    expect(lastRefusal()).toContain('detail: ');
  });

  it('is refused when nobody takes its kind', async () => {
    await take(send(ANALYTICS, 'Access Wished For', {}));
    expect(lastRefusal()).toContain('no event that Trellis takes');
  });

  it('is refused from outside the mesh, and told to the hub alone', async () => {
    await take(asked({}, '999999999999'));
    expect(lastRefusal()).toContain('999999999999 is not in the mesh');
    expect(told[0]?.destinations).toEqual(['hub']);
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is too long', 'x'.repeat(129)],
    ['is no text', 7],
  ])('is known by what it says when its event id %s', (_, eventId) => {
    const event = { ...asked(), detail: { metadata: { eventId }, data: { requestId: 'r1' } } };
    expect(eventIdOf(event)).toMatch(/^[0-9a-f]{32}$/);
    expect(eventIdOf({ ...event, id: 'other' })).toBe(eventIdOf(event));
    expect(eventIdOf({ ...event, detail: { metadata: { eventId }, data: {} } })).not.toBe(eventIdOf(event));
  });
});
