import { describe, expect, it } from 'vitest';
import { dailyFlights, flights, partition } from '../catalog/world.ts';
import { Catalogs, Crash, expectInStep, reconcile } from './catalogs.ts';

const OUTSIDE = 's3://trellis-climate/observations/';
const daily = { PartitionKeys: dailyFlights().PartitionKeys };

/** One of each difference that events may leave behind. */
async function drifted(): Promise<Catalogs> {
  const catalogs = new Catalogs();
  catalogs.put('changed');
  catalogs.put('daily', daily, [partition('2026-11-01'), partition('2026-11-02')]);
  catalogs.put('gone');
  catalogs.put('steady');
  await reconcile(catalogs, { reason: 'onboarding' }, { id: 'first' });
  catalogs.parts.clear();
  catalogs.told.clear();
  catalogs.put('changed', { Description: 'Changed.' });
  catalogs.put('daily', daily, [partition('2026-11-02'), partition('2026-11-03')]);
  catalogs.put('new', daily, [partition('2026-11-01')]);
  catalogs.put('out', { StorageDescriptor: { ...flights().StorageDescriptor, Location: OUTSIDE } });
  catalogs.drop('gone');
  catalogs.source.get('ops')!.description = 'Reviewed.';
  return catalogs;
}

/** The process dies at its nth call, before or after it had its effect, and asks for nothing more. The next step is another process. */
function dieAt(catalogs: Catalogs, nth: number, when: 'before' | 'after'): { hasDied: boolean } {
  const state = { hasDied: false };
  let calls = 0;
  let isDead = false;
  const services = catalogs.services.bind(catalogs);
  catalogs.services = () => {
    isDead = false;
    return services();
  };
  catalogs.before = () => {
    if (isDead) throw new Crash();
    if (++calls === nth && when === 'before') die();
  };
  catalogs.after = () => {
    if (calls === nth && when === 'after' && !state.hasDied) die();
  };
  function die(): never {
    isDead = state.hasDied = true;
    throw new Crash();
  }
  return state;
}

describe('a process that dies while it reconciles', () => {
  it.each(['before', 'after'] as const)(
    '%s any one of its calls has repaired and told all by the next try',
    async when => {
      for (let nth = 1; ; nth++) {
        const catalogs = await drifted();
        const state = dieAt(catalogs, nth, when);
        const report = await reconcile(catalogs);
        catalogs.sweep();
        expectInStep(catalogs);
        expect(report.counts.left, `call ${nth}`).toBe(0);
        expect(report.unread, `call ${nth}`).toBe(0);
        const drift = catalogs.heard().filter(({ type }) => type === 'Catalog Drift Detected');
        expect(drift.map(({ data }) => `${'kind' in data && data.kind}`).sort(), `call ${nth}`).toEqual([
          'database',
          'different',
          'extra',
          'missing',
          'partitions',
          'quarantine',
        ]);
        const others = catalogs.heard().filter(({ type }) => type !== 'Catalog Drift Detected');
        expect(
          new Set(others.map(({ type, data }) => `${type} ${'table' in data && data.table}`)),
          `call ${nth}`,
        ).toEqual(
          new Set([
            'Catalog Table Synced changed',
            'Catalog Table Synced daily',
            'Catalog Table Synced new',
            'Catalog Change Quarantined out',
          ]),
        );
        expect([...catalogs.partitions.values()].every(({ unfinished }) => unfinished.size === 0)).toBe(true);
        if (!state.hasDied) {
          expect(nth).toBeGreaterThan(40);
          break;
        }
      }
    },
  );
});
