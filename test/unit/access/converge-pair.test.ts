import { beforeEach, describe, expect, it } from 'vitest';
import { laterBy } from '../../../shared/access/access-request.ts';
import { ConvergeIncompleteError, convergePair } from '../../../shared/access/converge-pair.ts';
import { enforceRequest } from '../../../shared/access/enforce-request.ts';
import { desiredFilter } from '../../../shared/access/entitlement.ts';
import { afterTransition, isSettled, newPair } from '../../../shared/access/pair-record.ts';
import { labelsChanged } from '../../../shared/access/redecide-table.ts';
import { COLUMNS, description } from '../../property/sample-mesh.ts';
import { eachRig, PAIR } from './enforce-rig.ts';
import { ANALYST, APPROVED, END, FLIGHTS, NOW } from './samples.ts';

const rig = eachRig();
const enforce = () => enforceRequest(rig().services, 'r1');

describe('converging a pair', () => {
  it('notes a filter that the ledger does not know of before it puts it there', async () => {
    await rig().given(APPROVED);
    const stored = rig().ledger.pairs.get(`${FLIGHTS} ${ANALYST}`);
    if (stored) stored.value.record.applied = {};
    const create = rig().lake.createFilter.bind(rig().lake);
    rig().lake.createFilter = async (table, filter) => {
      expect((await rig().ledger.loadPair(PAIR)).record.applied).toHaveProperty([filter.name]);
      await create(table, filter);
    };
    await convergePair(rig().services, PAIR);
    expect(rig().lake.accessByTrellis(PAIR)).toHaveLength(1);
  });

  describe('for what is new', () => {
    const isNew = true;
    const calls: string[] = [];
    beforeEach(() => {
      calls.length = 0;
      const { lake, services } = rig();
      services.lake = {
        read: pair => {
          calls.push('read');
          return lake.read(pair);
        },
        createFilter: (table, filter) => {
          calls.push('create');
          return lake.createFilter(table, filter);
        },
        grant: (pair, filter) => {
          calls.push('grant');
          return lake.grant(pair, filter);
        },
        revoke: (pair, filters) => {
          calls.push('revoke');
          return lake.revoke(pair, filters);
        },
        deleteFilter: (table, name) => {
          calls.push('delete');
          return lake.deleteFilter(table, name);
        },
      };
    });
    const isRight = async () => {
      const { record, grants } = await rig().ledger.loadPair(PAIR);
      const desired = desiredFilter(ANALYST, grants);
      expect(rig().lake.accessByTrellis(PAIR)).toEqual(desired ? [desired] : []);
      expect(isSettled(record)).toBe(true);
    };

    it('gives it before it looks', async () => {
      await rig().given(APPROVED);
      await convergePair(rig().services, PAIR, { isNew });
      expect(calls).toEqual(['create', 'grant', 'read']);
      await isRight();
    });

    it('takes away, after a look, what it replaces', async () => {
      await rig().given(APPROVED);
      await convergePair(rig().services, PAIR);
      const before = await rig().ledger.loadPair(PAIR);
      const put = { requestId: 'r2', columns: ['destination'], rowFilter: null, expiresAt: END };
      const after = afterTransition(before.record, [...before.grants, put]);
      await rig().ledger.commit({ at: rig().now, pairs: [{ before, after, put }], tell: [] });
      calls.length = 0;
      await convergePair(rig().services, PAIR, { isNew });
      expect(calls).toEqual(['create', 'grant', 'read', 'revoke', 'delete', 'read']);
      await isRight();
    });

    it('gives it again where the look does not show it, and then says that it is missing', async () => {
      await rig().given(APPROVED);
      rig().lake.grant = async () => {};
      await expect(convergePair(rig().services, PAIR, { isNew })).rejects.toThrow(/is missing. Trying again helps/);
      expect(calls.slice(0, 5)).toEqual(['create', 'grant', 'read', 'grant', 'read']);
    });

    it('looks first where it has ended meanwhile', async () => {
      await convergePair(rig().services, PAIR, { isNew });
      expect(calls).toEqual(['read']);
    });
  });

  it('says what is missing when Lake Formation does not do as it says', async () => {
    await rig().given(APPROVED);
    rig().lake.grant = async () => {};
    await expect(convergePair(rig().services, PAIR)).rejects.toThrow(/is missing. Trying again helps/);
    expect(isSettled((await rig().ledger.loadPair(PAIR)).record)).toBe(false);
  });

  it('says what is left over', async () => {
    await rig().given(APPROVED);
    await enforce();
    rig().now = END;
    rig().lake.revoke = async () => {};
    rig().lake.deleteFilter = async () => {};
    await expect(enforce()).rejects.toThrow(ConvergeIncompleteError);
    await expect(enforce()).rejects.toThrow(/is left over/);
    expect(rig().state()?.status).toBe('ending');
  });

  it('waits its turn while another works on the table', async () => {
    await rig().given(APPROVED);
    await rig().ledger.takeLease(FLIGHTS, 'another', rig().now, laterBy(rig().now, 2000));
    await convergePair(rig().services, PAIR);
    expect(Date.parse(rig().now) - Date.parse(NOW)).toBeGreaterThanOrEqual(2000);
  });

  it('does not wait for its turn when a fault has another cause', async () => {
    rig().alterLedger({
      takeLease: () => Promise.reject(new Error('throttled')),
    });
    await expect(convergePair(rig().services, PAIR)).rejects.toThrow('throttled');
    expect(rig().now).toBe(NOW);
  });

  it('keeps the link while another grant of the account needs it', async () => {
    const other = { principal: 'arn:aws:iam::444444444444:role/Regional', table: FLIGHTS };
    await rig().given(APPROVED);
    await enforce();
    await rig().lake.ensure(other);
    const before = await rig().ledger.loadPair(other);
    const put = { requestId: 'r2', columns: ['origin'], rowFilter: null, expiresAt: END };
    await rig().ledger.commit({
      at: rig().now,
      tell: [],
      pairs: [{ before, after: { ...newPair(other), revision: 1 }, put }],
    });
    rig().now = END;
    await enforce();
    expect([...rig().lake.links]).toEqual([`${FLIGHTS} 444444444444`]);
    expect([...rig().lake.sights]).toEqual([`${FLIGHTS} ${other.principal}`]);
  });

  describe('on a table that has lost a column', () => {
    const [origin, destination, delay] = COLUMNS;
    const whole = description(FLIGHTS);
    const give = async (requestId: string, columns: string[], rowFilter: string | null = null) => {
      const before = await rig().ledger.loadPair(PAIR);
      const put = { requestId, columns, rowFilter, expiresAt: END };
      const after = afterTransition(before.record, [...before.grants, put]);
      await rig().ledger.commit({ at: rig().now, tell: [], pairs: [{ before, after, put }] });
    };
    const end = async (requestId: string) => {
      const before = await rig().ledger.loadPair(PAIR);
      const rest = before.grants.filter(grant => grant.requestId !== requestId);
      const after = afterTransition(before.record, rest);
      await rig().ledger.commit({ at: rig().now, tell: [], pairs: [{ before, after, remove: requestId }] });
    };
    const columns = () =>
      rig()
        .lake.accessByTrellis(PAIR)
        .map(filter => filter.columns);
    const due = async () => {
      const kinds: string[] = [];
      for await (const page of rig().ledger.due(rig().now)) kinds.push(...page.map(({ kind }) => kind));
      return kinds;
    };
    const lose = (name: string) =>
      rig().catalog.set(FLIGHTS, { ...whole, columns: whole.columns.filter(column => column.name !== name) });

    it('takes away what has ended beside the rest, and gives the column again when it is back', async () => {
      await give('r1', [origin]);
      await give('r2', [destination, delay]);
      await convergePair(rig().services, PAIR);
      lose(delay);
      await end('r1');
      await convergePair(rig().services, PAIR);
      expect(columns()).toEqual([['destination']]);
      expect(await due()).toEqual([]);
      expect(isSettled((await rig().ledger.loadPair(PAIR)).record)).toBe(true);
      rig().catalog.set(FLIGHTS, whole);
      await labelsChanged(rig().services, FLIGHTS);
      expect(await due()).toEqual(['pair']);
      await convergePair(rig().services, PAIR);
      expect(columns()).toEqual([['delay', 'destination']]);
      expect(isSettled((await rig().ledger.loadPair(PAIR)).record)).toBe(true);
    });

    it('gives nothing where the rows were chosen by it', async () => {
      await give('r1', [origin, delay], 'delay > 5');
      await give('r2', [delay], 'delay > 5');
      await convergePair(rig().services, PAIR);
      lose(delay);
      await end('r2');
      await give('r3', [destination, delay], 'delay > 5');
      await convergePair(rig().services, PAIR);
      expect(columns()).toEqual([]);
    });

    it('says why where that is not the reason', async () => {
      await give('r1', [origin]);
      rig().lake.createFilter = () => Promise.reject(new Error('throttled'));
      await expect(convergePair(rig().services, PAIR)).rejects.toThrow('throttled');
    });
  });

  it('settles nothing while a dead holder’s calls may land, and has the sweep look again', async () => {
    await rig().given(APPROVED);
    await rig().ledger.takeLease(FLIGHTS, 'dead', rig().now, rig().now);
    await convergePair(rig().services, PAIR);
    expect(isSettled((await rig().ledger.loadPair(PAIR)).record)).toBe(false);
    expect(rig().ledger.pairs.get(`${FLIGHTS} ${ANALYST}`)?.dueAt).toBe(laterBy(NOW, 60_000));
    rig().now = laterBy(NOW, 60_000);
    await convergePair(rig().services, PAIR);
    expect(isSettled((await rig().ledger.loadPair(PAIR)).record)).toBe(true);
  });
});
