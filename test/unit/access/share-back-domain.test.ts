import { beforeEach, describe, expect, it } from 'vitest';
import { type Instant, laterBy } from '../../../shared/access/access-request.ts';
import { LedgerConflictError } from '../../../shared/access/ledger.ts';
import { afterTransition } from '../../../shared/access/pair-record.ts';
import { type ShareBackDomainServices, shareBackDomain } from '../../../shared/access/share-back-domain.ts';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { MemoryStandings } from '../../property/memory-standings.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const OWNER = '222222222222';
const [REPORTING, AUDIT] = ['Reporting', 'Audit'].map(name => `arn:aws:iam::${OWNER}:role/${name}`) as [string, string];
/** Thousands, on pages of a hundred. */
const TABLES = Array.from({ length: 2_345 }, (_, index) => `aviation_ops.t${String(index).padStart(4, '0')}`);

let now: Instant;
let ledger: MemoryLedger;
let standings: MemoryStandings;
/** Called before and after each call. */
let atCall: (call: string, when: 'before' | 'after') => void;
let listed: (string | undefined)[];

beforeEach(() => {
  now = NOW;
  ledger = new MemoryLedger(() => now);
  standings = new MemoryStandings(ledger, () => now);
  standings.pageSize = 500;
  atCall = () => {};
  listed = [];
});

/** @param milliseconds that a call takes */
function services(milliseconds = 0): ShareBackDomainServices {
  const timed = <T extends object>(port: T): T =>
    new Proxy(port, {
      get:
        (target, name) =>
        async (...given: unknown[]) => {
          atCall(String(name), 'before');
          const answer = await (Reflect.get(target, name) as (...all: unknown[]) => unknown).apply(target, given);
          now = laterBy(now, milliseconds);
          atCall(String(name), 'after');
          return answer;
        },
    });
  const startedAt = now;
  return {
    standing: timed(standings),
    domainStandings: timed(standings),
    domainTables: timed({
      list: async (_: string, from: string | undefined) => {
        listed.push(from);
        const start = Number(from ?? 0);
        const tables = TABLES.slice(start, start + 100);
        return start + 100 < TABLES.length ? { tables, next: String(start + 100) } : { tables };
      },
    }),
    now: () => now,
    deadline: () => laterBy(startedAt, 60_000),
  };
}

const want = (...principals: string[]) => standings.want('aviation', { account: OWNER, principals });
const isDue = () => ledger.shared.get('aviation')?.dueAt !== undefined;
const calledFor = () => [...ledger.turns.keys()].sort();

async function stands(principal: string, table: string): Promise<void> {
  const before = await ledger.loadPair({ principal, table });
  const put = standingGrant(['origin']);
  await ledger.commit({ at: now, tell: [], pairs: [{ before, after: afterTransition(before.record, [put]), put }] });
}

describe('a changed list of who is shared back to', () => {
  it('has every table of the domain looked at, so many a minute', async () => {
    await want(REPORTING);
    await shareBackDomain(services(), 'aviation');
    expect(calledFor()).toEqual(TABLES);
    expect(isDue()).toBe(false);
    const minutes = [...ledger.turns.values()].map(({ dueAt }) => (Date.parse(dueAt ?? '') - Date.parse(NOW)) / 60_000);
    const counts = Map.groupBy(minutes, minute => minute);
    expect([...counts.keys()]).toEqual(Array.from({ length: 24 }, (_, minute) => minute));
    expect(Math.max(...[...counts.values()].map(({ length }) => length))).toBe(100);
  });

  it('has those looked at first on which somebody loses it, also one that the catalog does not show', async () => {
    await stands(REPORTING, 'aviation_ops.hidden');
    await stands(REPORTING, TABLES[2_000]!);
    await stands(AUDIT, TABLES[2_001]!);
    await want(AUDIT);
    await shareBackDomain(services(), 'aviation');
    expect(ledger.turns.get('aviation_ops.hidden')?.dueAt).toBe(NOW);
    expect(calledFor()).toEqual([...TABLES, 'aviation_ops.hidden'].sort());
  });

  it('done again changes nothing', async () => {
    await want(REPORTING);
    await shareBackDomain(services(), 'aviation');
    ledger.turns.clear();
    await shareBackDomain(services(), 'aviation');
    expect(calledFor()).toEqual([]);
    await shareBackDomain(services(), 'climate');
    expect(ledger.shared.has('climate')).toBe(false);
  });

  it('goes on where it was when its time is over, and never overruns it', async () => {
    await want(REPORTING);
    let pieces = 0;
    for (; isDue(); pieces++) {
      const startedAt = now;
      await shareBackDomain(services(2_000), 'aviation');
      expect(Date.parse(now) - Date.parse(startedAt)).toBeLessThan(60_000);
    }
    expect(pieces).toBeGreaterThan(2);
    expect(calledFor()).toEqual(TABLES);
    // No page twice.
    expect(new Set(listed).size).toBe(listed.length);
  });

  it.each(['before', 'after'] as const)(
    'is brought to its end when the process dies %s any of its calls',
    async when => {
      class Crash extends Error {}
      let hasDied = true;
      for (let nth = 1; hasDied; nth += 3) {
        ledger.turns.clear();
        await want(REPORTING);
        let calls = 0;
        hasDied = false;
        atCall = (_, at) => {
          if (at !== when || ++calls !== nth) return;
          hasDied = true;
          throw new Crash();
        };
        await shareBackDomain(services(), 'aviation').catch(fault => expect(fault).toBeInstanceOf(Crash));
        atCall = () => {};
        await shareBackDomain(services(), 'aviation');
        expect(calledFor(), `call ${nth}`).toEqual(TABLES);
        expect(isDue()).toBe(false);
      }
    },
  );

  it('is worked on by two at once: one gives way, and no table is left out', async () => {
    await want(REPORTING);
    const both = await Promise.allSettled([1, 2].map(() => shareBackDomain(services(), 'aviation')));
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LedgerConflictError);
    while (isDue()) await shareBackDomain(services(), 'aviation');
    expect(calledFor()).toEqual(TABLES);
  });

  it('begins anew when it changes again meanwhile, and what was under way for the old one ends nothing', async () => {
    await want(REPORTING);
    let pages = 0;
    atCall = (call, when) => {
      if (call === 'list' && when === 'before' && ++pages === 5) void want(AUDIT);
    };
    await expect(shareBackDomain(services(), 'aviation')).rejects.toThrow(LedgerConflictError);
    ledger.turns.clear();
    await shareBackDomain(services(), 'aviation');
    expect(calledFor()).toEqual(TABLES);
  });
});
