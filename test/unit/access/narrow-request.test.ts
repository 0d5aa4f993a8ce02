import { describe, expect, it } from 'vitest';
import type { RequestState } from '../../../shared/access/access-request.ts';
import { decideRevocation } from '../../../shared/access/decide-revocation.ts';
import { endOnTable, endRequest, enforceRequest, takeStep } from '../../../shared/access/enforce-request.ts';
import { narrowed, withoutTable } from '../../../shared/access/narrow-request.ts';
import { changedTables, recordStep } from '../../../shared/access/record-step.ts';
import { ANALYTICS, description, MESH } from '../../property/sample-mesh.ts';
import { eachRig } from './enforce-rig.ts';
import { AIRPORTS, ANALYST, APPROVED, FLIGHTS, GRANTED, NOW, requestIn, WAITING } from './samples.ts';

const rig = eachRig();
const terms = [FLIGHTS, AIRPORTS].map(table => ({ table, columns: ['origin'], rowFilter: null }));
const both = (state: RequestState = GRANTED) => requestIn(state, { terms });
const revoke = (table: string, request = both()) =>
  decideRevocation({ requestId: 'r1', table, reason: 'over' }, ANALYTICS, { mesh: MESH, request, now: NOW });

describe('a request that loses one of its tables', () => {
  it('keeps the other, and what it dropped until Lake Formation has followed', () => {
    const after = narrowed(both(), withoutTable(both(), FLIGHTS)!, ['over'], NOW);
    expect(after).toMatchObject({
      version: 2,
      terms: [{ table: AIRPORTS }],
      dropped: [FLIGHTS],
      state: { status: 'granted', narrowing: { since: NOW, reasons: ['over'] } },
    });
    expect(changedTables(both(), after)).toEqual([FLIGHTS]);
  });

  it('says all that was taken away, when more is before that is told', () => {
    const three = { ...both(), terms: [...terms, { table: 'aviation_ops.crew', columns: ['base'], rowFilter: null }] };
    const once = narrowed(three, withoutTable(three, FLIGHTS)!, ['one'], NOW);
    const twice = narrowed(once, withoutTable(once, AIRPORTS)!, ['two'], NOW);
    expect(twice).toMatchObject({
      dropped: [FLIGHTS, AIRPORTS],
      state: { narrowing: { reasons: ['one', 'two'] } },
    });
  });

  it('is provisioned from the beginning with the rest where it was not yet, and says why', () => {
    const approved = both({ ...APPROVED, attempts: 3 });
    expect(narrowed(approved, withoutTable(approved, FLIGHTS)!, ['over'], NOW).state).toMatchObject({
      status: 'approved',
      attempts: 0,
      reasons: expect.arrayContaining(['over']),
    });
  });

  it('loses nothing where it gives nothing, or has only that table', () => {
    expect(() => narrowed(both(WAITING), { terms }, [], NOW)).toThrow('gives nothing');
    expect(withoutTable(requestIn(GRANTED), FLIGHTS)).toBeUndefined();
  });
});

describe('a table that is removed', () => {
  const give = async () => {
    rig().catalog.set(AIRPORTS, description(AIRPORTS));
    const pairs = [FLIGHTS, AIRPORTS].map(table => ({ principal: ANALYST, table }));
    const readings = await Promise.all(pairs.map(pair => rig().ledger.loadPair(pair)));
    await rig().ledger.commit(recordStep(MESH, both(APPROVED), readings, { at: rig().now }));
    await enforceRequest(rig().services, 'r1');
    rig().told.length = 0;
  };

  it('twice, takes itself alone from a request of two', async () => {
    await give();
    const removed = { cause: 'table-removed' as const, reason: 'gone' };
    for (let times = 0; times < 2; times++) await endOnTable(rig().services, 'r1', FLIGHTS, removed);
    expect(rig().state()?.status).toBe('granted');
    expect(rig().types()).toEqual(['Access Narrowed']);
  });

  it('is told with the end of the rest, where that comes before its own is told', async () => {
    await give();
    const request = (await rig().ledger.loadRequest('r1'))!;
    const at = rig().now;
    const less = narrowed(request, withoutTable(request, FLIGHTS)!, ['over'], at);
    await takeStep(rig().services, request, less, { at, about: 'narrowing' });
    await endRequest(rig().services, 'r1', 'requested');
    expect(rig().told).toMatchObject([{ type: 'Access Revoked', data: { tables: [AIRPORTS, FLIGHTS] } }]);
  });

  it('has no more reasons than an item holds, however often', () => {
    const reasons = Array.from({ length: 1000 }, (_, index) => `column ${index}: ${'why '.repeat(70)}`);
    const once = narrowed(both(), withoutTable(both(), FLIGHTS)!, reasons, NOW);
    const twice = narrowed(once, { terms: once.terms }, reasons, NOW);
    expect(Buffer.byteLength(JSON.stringify(twice))).toBeLessThan(100_000);
  });
});

describe('a revocation of one of a request’s tables', () => {
  it('takes that away, and leaves the others', () => {
    expect(revoke(AIRPORTS)).toMatchObject({
      kind: 'revoked',
      notes: { about: 'narrowing' },
      request: { terms: [{ table: FLIGHTS }], state: { narrowing: { reasons: [`${AIRPORTS} was revoked: over`] } } },
    });
  });

  it('of the only one is that of the request', () => {
    expect(revoke(FLIGHTS, requestIn(GRANTED))).toMatchObject({ request: { state: { status: 'ending' } } });
  });

  it('is refused for a table that is not the request’s', () => {
    expect(revoke('aviation_ops.crew')).toMatchObject({ kind: 'refused' });
  });
});

describe('a table that cannot be worked on', () => {
  it('keeps nothing alive on another, and the end from being told', async () => {
    rig().catalog.set(AIRPORTS, description(AIRPORTS));
    const pairs = [FLIGHTS, AIRPORTS].map(table => ({ principal: ANALYST, table }));
    const readings = await Promise.all(pairs.map(pair => rig().ledger.loadPair(pair)));
    await rig().ledger.commit(recordStep(MESH, both(APPROVED), readings, { at: rig().now }));
    await enforceRequest(rig().services, 'r1');
    expect(pairs.map(pair => rig().lake.accessByTrellis(pair).length)).toEqual([1, 1]);
    const { revoke: working } = rig().lake;
    rig().lake.revoke = async (pair, entries) => {
      if (pair.table === FLIGHTS) throw new Error('throttled');
      await working.call(rig().lake, pair, entries);
    };
    rig().now = both().expiresAt;
    await expect(enforceRequest(rig().services, 'r1')).rejects.toThrow('throttled');
    expect(pairs.map(pair => rig().lake.accessByTrellis(pair).length)).toEqual([1, 0]);
    expect(rig().types()).not.toContain('Access Revoked');
    rig().lake.revoke = working.bind(rig().lake);
    rig().now = new Date(Date.parse(rig().now) + 120_000).toISOString();
    await enforceRequest(rig().services, 'r1');
    expect(rig().types()).toContain('Access Revoked');
  });
});
