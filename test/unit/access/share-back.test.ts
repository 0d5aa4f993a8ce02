import { describe, expect, it } from 'vitest';
import { type Instant, laterBy } from '../../../shared/access/access-request.ts';
import { convergePair } from '../../../shared/access/converge-pair.ts';
import { doWork, type WorkServices } from '../../../shared/access/do-work.ts';
import { endGrantsOn } from '../../../shared/access/end-grants.ts';
import { cellFilter } from '../../../shared/access/entitlement.ts';
import { isSettled } from '../../../shared/access/pair-record.ts';
import { isStanding, SHARE_BACK, standingGrant } from '../../../shared/access/standing-grant.ts';
import { COLUMNS, description } from '../../property/sample-mesh.ts';
import { EnforceRig, eachRig } from './enforce-rig.ts';
import { APPROVED, FLIGHTS, NOW } from './samples.ts';

const OWNER = '222222222222';
const REPORTING = `arn:aws:iam::${OWNER}:role/Reporting`;
const AUDIT = `arn:aws:iam::${OWNER}:role/Audit`;
const PAIR = { principal: REPORTING, table: FLIGHTS };
const WORK = { kind: 'share-back', table: FLIGHTS } as const;

const rig = eachRig();

const want = (it: EnforceRig, ...principals: string[]) => it.standings.want('aviation', { account: OWNER, principals });
const grantsOf = (it: EnforceRig, principal = REPORTING) =>
  it.ledger.pairs.get(`${FLIGHTS} ${principal}`)?.value.grants ?? [];
const readBy = (it: EnforceRig, principal = REPORTING) => it.lake.accessByTrellis({ principal, table: FLIGHTS });
const columnsAre = (it: EnforceRig, ...columns: string[]) => {
  const whole = description(FLIGHTS);
  it.catalog.set(FLIGHTS, { ...whole, columns: columns.map(name => ({ ...whole.columns[0]!, name })) });
};

/** Sweeps until nothing is due for standing grants. */
async function sweepAll(it: EnforceRig): Promise<void> {
  for (let sweeps = 0; sweeps < 50; sweeps++) {
    const [next] = it.ledger.dueItems().filter(({ item }) => item.kind !== 'request' && item.kind !== 'told');
    if (!next) return;
    it.now = next.dueAt > it.now ? next.dueAt : it.now;
    await doWork(it.services, next.item);
    // Doubts of leases pass.
    it.now = laterBy(it.now, 61_000);
  }
  throw new Error(`Still due: ${JSON.stringify(it.ledger.dueItems())}`);
}

describe('sharing back', () => {
  it('gives all columns and all rows, with a link and no end, and tells nothing', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    expect(grantsOf(rig())).toEqual([standingGrant(COLUMNS)]);
    expect(readBy(rig())).toEqual([cellFilter(REPORTING, COLUMNS, null)]);
    expect([...rig().lake.links]).toEqual([`${FLIGHTS} ${OWNER}`]);
    expect(rig().ledger.turns.size).toBe(0);
    expect(rig().ledger.committed.map(({ owner, tell, request }) => ({ owner, tell, request }))).toEqual([
      { owner: OWNER, tell: [], request: undefined },
    ]);
    expect(rig().told).toEqual([]);
  });

  it('done again changes nothing', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    const { committed } = rig().ledger;
    const [commits, changes] = [committed.length, rig().lake.changes.length];
    await doWork(rig().services, WORK);
    expect([committed.length, rig().lake.changes.length]).toEqual([commits, changes]);
  });

  it('of a domain that never did so costs one read and no write', async () => {
    const calls: string[] = [];
    const { standing } = rig().services;
    rig().services.standing = new Proxy(standing, {
      get: (target, name) => {
        calls.push(String(name));
        return Reflect.get(target, name).bind(target);
      },
    });
    await doWork(rig().services, WORK);
    expect(calls).toEqual(['wanted']);
    expect(rig().ledger.turns.size + rig().ledger.pairs.size).toBe(0);
  });

  it('follows the columns of the table', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    columnsAre(rig(), 'origin', 'carrier');
    await doWork(rig().services, WORK);
    expect(readBy(rig())).toEqual([cellFilter(REPORTING, ['origin', 'carrier'], null)]);
    expect(rig().lake.filtersOfTrellis(FLIGHTS)).toHaveLength(1);
  });

  it('gives again what went with a central table that somebody dropped, though the ledger says it already', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    rig().lake.filters.clear();
    rig().lake.grants.clear();
    await doWork(rig().services, WORK);
    expect(readBy(rig())).toHaveLength(1);
  });

  it('ends what is wanted no more, its link too, and keeps what still is', async () => {
    await want(rig(), REPORTING, AUDIT);
    await doWork(rig().services, WORK);
    await want(rig(), AUDIT);
    await doWork(rig().services, WORK);
    expect(readBy(rig())).toEqual([]);
    expect(readBy(rig(), AUDIT)).toHaveLength(1);
    expect([...rig().lake.links]).toEqual([`${FLIGHTS} ${OWNER}`]);
    await want(rig());
    await doWork(rig().services, WORK);
    expect(rig().lake.filtersOfTrellis(FLIGHTS)).toEqual([]);
    expect(rig().lake.links.size).toBe(0);
  });

  it.each<[string, () => void]>([
    ['that is gone', () => rig().catalog.delete(FLIGHTS)],
    ['that is gone at its source', () => rig().catalog.set(FLIGHTS, { ...description(FLIGHTS), missingSince: NOW })],
    ['of another domain', () => rig().catalog.set(FLIGHTS, { ...description(FLIGHTS), domain: 'climate' })],
  ])('lets nobody new in to a table %s', async (_, make) => {
    make();
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    expect(grantsOf(rig())).toEqual([]);
    expect(rig().ledger.turns.size).toBe(0);
  });

  it('who has it keeps it while the table is gone at its source', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    rig().catalog.set(FLIGHTS, { ...description(FLIGHTS), missingSince: NOW });
    await doWork(rig().services, WORK);
    expect(readBy(rig())).toHaveLength(1);
  });

  it('gives others what is theirs when one cannot be given, and tries that one again, later and later', async () => {
    const { grant } = rig().lake;
    rig().lake.grant = async (pair, filter) => {
      if (pair.principal === REPORTING) throw new Error('Invalid principal');
      return grant.call(rig().lake, pair, filter);
    };
    await want(rig(), REPORTING, AUDIT);
    await doWork(rig().services, WORK);
    expect(readBy(rig(), AUDIT)).toHaveLength(1);
    expect(rig().reports).toEqual([expect.stringContaining(REPORTING)]);
    const waits: number[] = [];
    for (let tries = 0; tries < 7; tries++) {
      const dueAt: Instant = rig().ledger.turns.get(FLIGHTS)?.dueAt ?? '';
      waits.push(Math.round((Date.parse(dueAt) - Date.parse(rig().now)) / 60_000));
      rig().now = dueAt;
      await doWork(rig().services, WORK);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60]);
    rig().lake.grant = grant;
    await sweepAll(rig());
    expect(readBy(rig())).toHaveLength(1);
  });
});

describe('beside requests of the same principal', () => {
  it('a request with a row filter neither narrows it nor is lost when it ends', async () => {
    const principal = REPORTING;
    const asked = {
      requestId: 'r1',
      columns: ['origin'],
      rowFilter: "origin = 'SEA'",
      expiresAt: '2027-01-01T00:00:00.000Z',
    };
    const { record } = await rig().ledger.loadPair(PAIR);
    const after = { ...record, desiredVersion: 1, revision: 1 };
    await rig().ledger.commit({
      at: NOW,
      tell: [],
      pairs: [{ before: { record, grants: [] }, after, put: asked }],
    });
    await convergePair(rig().services, PAIR);
    await want(rig(), principal);
    await doWork(rig().services, WORK);
    expect(readBy(rig())).toEqual([cellFilter(principal, COLUMNS, null)]);
    expect(grantsOf(rig()).map(({ requestId }) => requestId)).toEqual(['r1', SHARE_BACK]);
    await want(rig());
    await doWork(rig().services, WORK);
    expect(grantsOf(rig())).toEqual([asked]);
    expect(readBy(rig())).toEqual([cellFilter(principal, ['origin'], "origin = 'SEA'")]);
  });
});

describe('a table that is closed to new grants', () => {
  it('loses its standing grants with the others, silently, and is looked at once more', async () => {
    await rig().given(APPROVED);
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    rig().ledger.closed.set(FLIGHTS, true);
    await endGrantsOn(rig().services, FLIGHTS, 'table-removed');
    expect(grantsOf(rig())).toEqual([]);
    expect(rig().lake.filtersOfTrellis(FLIGHTS)).toEqual([]);
    expect(rig().types()).toEqual(['Access Revoked']);
    // The last look finds it free.
    await endGrantsOn(rig().services, FLIGHTS, 'table-removed');
    expect(rig().ledger.closed.get(FLIGHTS)).toBe(false);
    expect(rig().ledger.turns.get(FLIGHTS)?.dueAt).toBe(laterBy(NOW, 600_000));
  });

  it('gives nothing meanwhile, and again when it is open: not even who ended it late takes it away for long', async () => {
    await want(rig(), REPORTING);
    await doWork(rig().services, WORK);
    rig().ledger.closed.set(FLIGHTS, true);
    await endGrantsOn(rig().services, FLIGHTS, 'table-removed');
    await doWork(rig().services, WORK);
    expect(grantsOf(rig())).toEqual([]);
    rig().ledger.closed.delete(FLIGHTS);
    await sweepAll(rig());
    expect(grantsOf(rig()).map(isStanding)).toEqual([true]);
    expect(readBy(rig())).toHaveLength(1);
  });
});

describe('a process that dies', () => {
  class Crash extends Error {}

  /** The services of a process that dies at its nth call, before or after the call has its effect. */
  function dyingAt(it: EnforceRig, nth: number, isAfter: boolean): { services: WorkServices; calls(): number } {
    let calls = 0;
    const dying = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          // It gives pages, not a promise.
          if (name === 'pairsOf') return member.bind(target);
          return async (...given: unknown[]) => {
            const isLast = ++calls === nth;
            // A dead process makes no further call.
            if ((isLast && !isAfter) || calls > nth) throw new Crash();
            const answer = await member.apply(target, given);
            if (isLast) throw new Crash();
            return answer;
          };
        },
      });
    const { ledger, lake, links, shares, standing, domainStandings, catalog, domainTables, ...rest } = it.services;
    const ports = { ledger, lake, links, shares, standing, domainStandings, catalog, domainTables };
    const wrapped = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, dying(port)]));
    return { services: { ...rest, ...wrapped } as WorkServices, calls: () => calls };
  }

  async function crashes(begin: (it: EnforceRig) => Promise<void>, end: (it: EnforceRig) => void, isAfter: boolean) {
    let survived = 0;
    for (let nth = 1; survived === 0; nth++) {
      const it = new EnforceRig();
      await begin(it);
      const { services, calls } = dyingAt(it, nth, isAfter);
      for (const { item } of it.ledger.dueItems()) await doWork(services, item).catch(() => {});
      if (calls() < nth) survived = nth;
      // Its lease is over, its calls have landed.
      it.now = laterBy(it.now, 200_000);
      await sweepAll(it);
      end(it);
      for (const { value } of it.ledger.pairs.values()) expect(isSettled(value.record), `after call ${nth}`).toBe(true);
      expect(it.told).toEqual([]);
    }
    return survived;
  }

  it.each([false, true])('leaves a table that is shared back in the end (after its call: %s)', async isAfter => {
    const begin = async (it: EnforceRig) => {
      await want(it, REPORTING, AUDIT);
      await it.standings.finishWork((await it.standings.loadWork('aviation'))!);
      await it.standings.callFor([FLIGHTS], it.now);
    };
    const calls = await crashes(
      begin,
      it => {
        for (const principal of [REPORTING, AUDIT])
          expect(readBy(it, principal)).toEqual([cellFilter(principal, COLUMNS, null)]);
      },
      isAfter,
    );
    expect(calls).toBeGreaterThan(15);
  });

  it.each([false, true])('leaves nothing of what is wanted no more in the end (after its call: %s)', async isAfter => {
    const begin = async (it: EnforceRig) => {
      await want(it, REPORTING, AUDIT);
      await sweepAll(it);
      await want(it, AUDIT);
      await it.standings.callFor([FLIGHTS], it.now);
    };
    const calls = await crashes(
      begin,
      it => {
        expect(readBy(it)).toEqual([]);
        expect(readBy(it, AUDIT)).toHaveLength(1);
        expect([...it.lake.sights]).toEqual([`${FLIGHTS} ${AUDIT}`]);
      },
      isAfter,
    );
    expect(calls).toBeGreaterThan(20);
  });
});
