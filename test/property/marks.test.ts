import type fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LakePermissions } from '../../shared/access/converge-pair.ts';
import type { PairChange } from '../../shared/access/ledger.ts';
import { isSettled, type PairRecord } from '../../shared/access/pair-record.ts';
import { type ActualAccess, FILTER_PERMISSIONS } from '../../shared/access/plan-converge.ts';
import { EVERYTHING, type History, history, play, settle, worldOf } from './history.ts';
import { differences } from './laws.ts';
import type { WholeLedger } from './memory-ledger.ts';
import { counterexample, PATIENCE } from './runs.ts';
import type { Sabotage } from './world.ts';

/** Bounds each search; with the seeds below a history is found among the first hundred. */
const RUNS = 1500;

/** A ledger that does some things differently. */
function altered(ledger: WholeLedger, changes: Partial<WholeLedger>): WholeLedger {
  const real = Object.fromEntries(
    METHODS.map(name => [name, (...given: unknown[]) => (ledger[name] as (...all: unknown[]) => unknown)(...given)]),
  ) as unknown as WholeLedger;
  return { ...real, ...changes };
}

const METHODS = [
  'loadRequest',
  'loadPair',
  'countGrants',
  'commit',
  'savePair',
  'postponePair',
  'takeLease',
  'releaseLease',
  'saveTaskToken',
  'due',
] as const satisfies (keyof WholeLedger)[];

/** A ledger in which every written record is altered. */
function recordsAltered(
  ledger: WholeLedger,
  alter: (change: Pick<PairChange, 'after'> & Partial<PairChange>) => PairRecord,
) {
  return altered(ledger, {
    commit: transition =>
      ledger.commit({ ...transition, pairs: transition.pairs.map(pair => ({ ...pair, after: alter(pair) })) }),
    savePair: (record, now) => ledger.savePair(alter({ after: record }), now),
  });
}

/** Lake Formation as a process believes it to be: what it asked for counts as done, and it never looks again. */
function takenAtItsWord(lake: LakePermissions): LakePermissions {
  let seen: ActualAccess | undefined;
  let believed: ActualAccess | undefined;
  const believe = (change: (access: { filters: Set<string>; granted: Map<string, readonly string[]> }) => void) => {
    const base = believed ?? seen;
    if (!base) return;
    const next = { ...base, filters: new Set(base.filters), granted: new Map(base.granted) };
    change(next);
    believed = next;
  };
  return {
    read: async pair => {
      const answer = believed ?? (await lake.read(pair));
      seen = answer;
      believed = undefined;
      return answer;
    },
    createFilter: async (table, filter) => {
      await lake.createFilter(table, filter);
      believe(({ filters }) => filters.add(filter.name));
    },
    grant: async (pair, filter) => {
      await lake.grant(pair, filter);
      believe(({ granted }) => granted.set(filter.name, FILTER_PERMISSIONS));
    },
    revoke: async (pair, filters) => {
      await lake.revoke(pair, filters);
      believe(({ granted }) => {
        for (const { name } of filters) granted.delete(name);
      });
    },
    deleteFilter: async (table, name) => {
      await lake.deleteFilter(table, name);
      believe(({ filters }) => filters.delete(name));
    },
  };
}

/** A history after which Lake Formation, or a consumer's link, is not as the ledger says. */
function breaking(
  sabotage: Sabotage,
  seed: number,
  histories: fc.Arbitrary<History> = history(EVERYTHING),
  runs = RUNS,
): Promise<History | undefined> {
  return counterexample(runs, seed, histories, async story => {
    const world = worldOf(story, sabotage);
    await play(world, story);
    // Without its marks the ledger may never come to rest; what matters is what Lake Formation gives.
    await settle(world).catch(() => {});
    expect(await differences(world)).toEqual([]);
  });
}

describe('each mark bears load: without it a history is found after which Lake Formation is not as the ledger says', {
  timeout: PATIENCE,
}, () => {
  it('`applied`, when nothing is remembered of what was put there', async () => {
    const forgetful: Sabotage = {
      ledger: ledger =>
        altered(ledger, {
          loadPair: async pair => {
            const { record, grants } = await ledger.loadPair(pair);
            return { record: { ...record, applied: {} }, grants };
          },
        }),
    };
    expect(await breaking(forgetful, 1, history({}))).toBeDefined();
  });

  it('`applied`, when it is written only once the calls were seen to have worked', async () => {
    const afterwards: Sabotage = {
      ledger: ledger =>
        altered(ledger, {
          commit: transition =>
            ledger.commit({
              ...transition,
              pairs: transition.pairs.map(pair => ({
                ...pair,
                after: { ...pair.after, applied: pair.before.record.applied },
              })),
            }),
          savePair: async (record, now) => {
            const { applied } = (await ledger.loadPair(record)).record;
            await ledger.savePair(isSettled(record) ? record : { ...record, applied }, now);
          },
        }),
    };
    expect(await breaking(afterwards, 1)).toBeDefined();
  });

  it('`desiredVersion`, when transitions do not bump it', async () => {
    const unbumped: Sabotage = {
      ledger: ledger =>
        recordsAltered(ledger, ({ after, before }) =>
          before ? { ...after, desiredVersion: before.record.desiredVersion } : after,
        ),
    };
    expect(await breaking(unbumped, 3)).toBeDefined();
  });

  it('`settledVersion`, when it is set at once', async () => {
    const hasty: Sabotage = {
      ledger: ledger => recordsAltered(ledger, ({ after }) => ({ ...after, settledVersion: after.desiredVersion })),
    };
    expect(await breaking(hasty, 3)).toBeDefined();
  });

  it('the look-again, when what was asked for counts as done', async () => {
    expect(await breaking({ lake: takenAtItsWord }, 3)).toBeDefined();
  });

  it('the doubt that is left behind by a call that failed', async () => {
    const sure: Sabotage = {
      ledger: ledger => altered(ledger, { releaseLease: ({ unsureUntil: _, ...lease }) => ledger.releaseLease(lease) }),
    };
    expect(await breaking(sure, 4, history({ 'timed-out': 1 }))).toBeDefined();
  });

  it('the doubt that goes with a lease that was taken over', async () => {
    const sure: Sabotage = {
      ledger: ledger =>
        altered(ledger, {
          takeLease: async (...asked) => {
            const { unsureUntil: _, ...lease } = await ledger.takeLease(...asked);
            return lease;
          },
        }),
    };
    expect(await breaking(sure, 4, history({ late: 1 }))).toBeDefined();
  });

  it('and with all of them nothing is found in the same histories', async () => {
    expect(await breaking({}, 3, history(EVERYTHING), 50)).toBeUndefined();
    expect(await breaking({}, 4, history({ 'timed-out': 1 }), 50)).toBeUndefined();
    expect(await breaking({}, 4, history({ late: 1 }), 50)).toBeUndefined();
  });
});
