import { describe, expect, it } from 'vitest';
import { centralContent } from '../../../shared/catalog/central-content.ts';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import {
  AVIATION,
  bare,
  CREATED,
  dailyFlights,
  flights,
  hint,
  partition,
  snapshot,
  syncedWorld,
  World,
} from './world.ts';

interface Story {
  name: string;
  /** The world as it is when the hint arrives. */
  begin(): Promise<World>;
  /** Events that must have been put by the end, by type and first change or reason. */
  told: string[];
}

const outside = 's3://trellis-climate/observations/';

const STORIES: Story[] = [
  { name: 'a new table', begin: async () => new World(), told: ['Catalog Table Synced: created'] },
  {
    name: 'a new table with partitions',
    async begin() {
      const world = new World();
      world.source = snapshot(dailyFlights());
      world.sourcePartitions = [partition('2026-11-01')];
      return world;
    },
    told: ['Catalog Table Synced: created'],
  },
  {
    name: 'a changed table',
    async begin() {
      const { world } = await syncedWorld();
      world.change(flights({ Description: 'Changed.' }));
      return world;
    },
    told: ['Catalog Table Synced: description'],
  },
  {
    name: 'a table made again within the second',
    async begin() {
      const { world } = await syncedWorld();
      world.change(flights({ Description: 'Changed.' }));
      await syncTable(world.services(), hint());
      world.source = snapshot(flights({ Description: 'Made again.' }), 0, CREATED);
      return world;
    },
    told: ['Catalog Table Synced: recreated'],
  },
  {
    name: 'partitions that came and went',
    async begin() {
      const { world } = await syncedWorld(dailyFlights(), [partition('2026-11-01')]);
      world.sourcePartitions = [partition('2026-11-02')];
      return world;
    },
    told: ['Catalog Table Synced: partitions'],
  },
  {
    name: 'a table that is gone',
    async begin() {
      const { world } = await syncedWorld();
      world.source = undefined;
      return world;
    },
    told: [],
  },
  {
    name: 'a table that moved out of its prefixes',
    async begin() {
      const world = new World();
      world.change(flights({ StorageDescriptor: { ...flights().StorageDescriptor, Location: outside } }));
      return world;
    },
    told: ['Catalog Change Quarantined: The location'],
  },
  {
    name: 'a partition outside the prefixes',
    async begin() {
      const { world } = await syncedWorld(dailyFlights());
      world.sourcePartitions = [partition('2026-11-01', outside), partition('2026-11-02')];
      return world;
    },
    told: ['Catalog Change Quarantined: The partition', 'Catalog Table Synced: partitions'],
  },
];

class Crash extends Error {}

/** Runs the hint, and the process dies at the nth port call, before or after the call had its effect. @returns whether it came to that */
async function runAndCrash(world: World, nth: number, when: 'before' | 'after'): Promise<boolean> {
  let calls = 0;
  let hasCrashed = false;
  const atCall = async () => {
    if (++calls !== nth) return;
    hasCrashed = true;
    throw new Crash();
  };
  world[when] = atCall;
  await syncTable(world.services(), hint({ by: 'message' })).catch(fault => {
    if (!(fault instanceof Crash)) throw fault;
  });
  world[when] = async () => {};
  return hasCrashed;
}

function expectTrue(world: World, told: string[]) {
  // What a dead process had committed to tell, the sweep tells.
  world.told.push(...world.outbox.values());
  world.outbox.clear();
  const { source, central } = world;
  const isOut = source?.content.StorageDescriptor.Location === outside;
  if (isOut) expect(central).toBeUndefined();
  else if (source) expect(bare(central?.content)).toEqual(bare(centralContent(source, 'aviation', AVIATION.account)));
  else expect(central?.content.Parameters).toHaveProperty(['trellis.missing_since']);
  const allowed = source && !isOut ? world.sourcePartitions.filter(one => one.storage.Location !== outside) : [];
  expect([...world.centralPartitions.values()]).toEqual(allowed);
  for (const expected of told) {
    const matching = world.told.filter(({ type, data }) => {
      const [first] = 'changes' in data ? data.changes : 'reasons' in data ? (data.reasons ?? []) : [];
      return `${type}: ${first}`.startsWith(expected);
    });
    expect(matching, expected).not.toEqual([]);
    // Every repetition of a table's change is the same event to whoever keeps ids.
    if (!expected.includes('partitions')) expect(new Set(matching.map(event => event.eventId)).size).toBe(1);
  }
  expect(world.partitions.unfinished.size).toBe(0);
}

describe.each(STORIES)('a process that dies while it syncs $name', ({ begin, told }) => {
  it.each(['before', 'after'] as const)(
    '%s any one of its calls has converged and told by the next delivery',
    async when => {
      for (let nth = 1; ; nth++) {
        const world = await begin();
        const hasCrashed = await runAndCrash(world, nth, when);
        if (!hasCrashed) {
          expect(nth).toBeGreaterThan(3);
          expectTrue(world, told);
          break;
        }
        await syncTable(world.services(), hint({ by: 'message', isRepeated: true }));
        expectTrue(world, told);
      }
    },
  );
});

describe('a change that was written and not told', () => {
  it('is told by its next delivery, also where another hint has found the table in step meanwhile', async () => {
    const { world, services } = await syncedWorld();
    world.change(flights({ Description: 'Changed.' }));
    world.before = async call => {
      if (call === 'announcer.announce') throw new Crash();
    };
    await expect(syncTable(services, hint({ by: 'dead' }))).rejects.toThrow(Crash);
    world.before = async () => {};
    await syncTable(services, hint());
    await syncTable(services, hint({ by: 'dead', isRepeated: true }));
    expect(world.told).toMatchObject([{ data: { changes: ['description'] } }]);
  });
});
