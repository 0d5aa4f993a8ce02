/** The catalog's law: whatever becomes of events, a reconcile makes the central catalog what its sources say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locationFaults } from '../../../shared/catalog/location-faults.ts';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import { readMarks } from '../../../shared/catalog/table-marks.ts';
import { AVIATION, dailyFlights, flights, hint, partition } from '../catalog/world.ts';
import { Catalogs, expectInStep, reconcile } from './catalogs.ts';

const OUTSIDE = 's3://trellis-climate/observations/';
const DATABASES = ['ops', 'lab'];
const TABLES = ['a', 'b', 'daily', 'hourly'];
const PARTITIONED = ['daily', 'hourly'];
const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'];

type Op = { database: string; table: string } & (
  | { kind: 'put'; description: string; isOutside: boolean; days: string[]; outsideDay: boolean }
  | { kind: 'drop' }
  | { kind: 'by-hand'; description: string }
  | { kind: 'drop-database' }
);

const op: fc.Arbitrary<Op> = fc
  .tuple(
    fc.constantFrom(...DATABASES),
    fc.constantFrom(...TABLES),
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('put' as const),
          description: fc.constantFrom('One.', 'Two.', 'Three.'),
          isOutside: fc.nat(4).map(n => n === 0),
          days: fc.subarray(DAYS),
          outsideDay: fc.nat(4).map(n => n === 0),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('by-hand' as const), description: fc.string() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop-database' as const) }) },
    ),
  )
  .map(([database, table, rest]) => ({ database, table, ...rest }));

/** What becomes of a change's event: how often it comes, each time after so many other changes. None: it is lost. */
const deliveries = fc.array(fc.nat(3), { maxLength: 2 });

function happen(catalogs: Catalogs, one: Op): void {
  const { database, table } = one;
  switch (one.kind) {
    case 'put': {
      const Location = one.isOutside ? OUTSIDE : `s3://trellis-aviation/${database}/${table}/`;
      const isPartitioned = PARTITIONED.includes(table);
      const partitions = (isPartitioned ? one.days : []).map(day =>
        one.outsideDay && day === DAYS[0] ? partition(day, OUTSIDE) : partition(day),
      );
      const changes = {
        Description: one.description,
        StorageDescriptor: { ...flights().StorageDescriptor, Location },
        PartitionKeys: isPartitioned ? dailyFlights().PartitionKeys : [],
      };
      catalogs.put(table, changes, partitions, database);
      break;
    }
    case 'drop':
      catalogs.drop(table, database);
      break;
    case 'drop-database':
      catalogs.source.delete(database);
      break;
    case 'by-hand': {
      const there = catalogs.centralTable(table, `aviation_${database}`);
      if (there) there.content = { ...there.content, Description: one.description };
    }
  }
}

/** After every call: nothing of another's data is published, and nothing that is there at its source is removed or marked. */
function guard(catalogs: Catalogs, isSettled: () => boolean): void {
  catalogs.after = call => {
    if (!/^central\.(create|update)/.test(call)) return;
    for (const [name, { tables }] of catalogs.central) {
      for (const [table, { snapshot, partitions }] of tables) {
        expect(locationFaults('aviation', AVIATION, snapshot.content), table).toEqual([]);
        for (const { storage } of partitions.values()) expect(storage.Location).toMatch(/^s3:\/\/trellis-aviation\//);
        if (!isSettled()) continue;
        const isThere = catalogs.source.get(name.replace('aviation_', ''))?.tables.has(table);
        if (isThere && call === 'central.update' && readMarks(snapshot.content.Parameters).missingSince !== undefined)
          expect(marked.has(`${name}.${table}`), `${table} was marked though it is there`).toBe(true);
      }
    }
  };
  const marked = new Set(
    [...catalogs.central].flatMap(([name, { tables }]) =>
      [...tables]
        .filter(([, { snapshot }]) => readMarks(snapshot.content.Parameters).missingSince !== undefined)
        .map(([table]) => `${name}.${table}`),
    ),
  );
}

async function deliver(catalogs: Catalogs, { database, table }: Op): Promise<void> {
  await syncTable(catalogs.services(), hint({ database, table }));
}

describe('after any changes, with events lost, late, twice and in any order', () => {
  it('a reconcile makes the central catalog what its sources say, and has nothing to do after that', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(op, deliveries), { maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (story, pageSize, isHurried) => {
          const catalogs = new Catalogs();
          catalogs.pageSize = pageSize;
          let isSettled = false;
          guard(catalogs, () => isSettled);
          const waiting: { op: Op; at: number }[] = [];
          for (const [index, [one, delays]] of story.entries()) {
            happen(catalogs, one);
            waiting.push(...delays.map(delay => ({ op: one, at: index + delay })));
            for (const due of waiting.filter(({ at }) => at === index)) await deliver(catalogs, due.op);
          }
          isSettled = true;
          guard(catalogs, () => isSettled);
          const options = { isTimeUp: () => isHurried };
          await reconcile(catalogs, { confirmRemovals: true }, options);
          expectInStep(catalogs);
          expectGone(catalogs);
          catalogs.parts.clear();
          const { counts } = await reconcile(catalogs, { confirmRemovals: true }, { ...options, id: 'again' });
          expect(counts.left).toBe(0);
          // A database that lost its last table in the first run goes in the second.
          expect(counts.repaired - counts.databases).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('a failure to read removes nothing, and the next reconcile repairs all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 3, maxLength: 15 }),
        fc.array(op, { maxLength: 8 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 10 }),
        async (before, after, failing) => {
          const catalogs = new Catalogs();
          for (const one of before) happen(catalogs, one);
          await reconcile(catalogs, { confirmRemovals: true });
          for (const one of after) happen(catalogs, one);
          guard(catalogs, () => true);
          let reads = 0;
          catalogs.before = call => {
            if (call.startsWith('producers.') && failing.includes(reads++)) throw new Error('AccessDenied');
          };
          catalogs.parts.clear();
          await reconcile(catalogs, { confirmRemovals: true }, { id: 'failing' });
          catalogs.before = () => {};
          catalogs.parts.clear();
          await reconcile(catalogs, { confirmRemovals: true }, { id: 'after' });
          expectInStep(catalogs);
          expectGone(catalogs);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Of databases that are gone, every table is marked. */
function expectGone(catalogs: Catalogs): void {
  for (const [name, { tables }] of catalogs.central) {
    if (catalogs.source.has(name.replace('aviation_', ''))) continue;
    for (const [table, { snapshot }] of tables)
      expect(readMarks(snapshot.content.Parameters).missingSince, `${name}.${table}`).toBeDefined();
  }
}
