import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centralContent } from '../../shared/catalog/central-content.ts';
import { comparePartitions, type Partition } from '../../shared/catalog/compare-partitions.ts';
import { type CentralSnapshot, planTableSync } from '../../shared/catalog/plan-table-sync.ts';
import { syncTable, type TableChange } from '../../shared/catalog/sync-table.ts';
import type { TableContent, TableSnapshot } from '../../shared/catalog/table-snapshot.ts';
import {
  AVIATION,
  CREATED,
  dailyFlights,
  flights,
  hint,
  NOW,
  partition,
  snapshot,
  syncedWorld,
  World,
} from '../unit/catalog/world.ts';

/** What a producer does to its table. Each change of content is a new one. */
const act = fc.constantFrom('change', 'count rows', 'drop', 'make again', 'make again at once');
/** A delivery of a hint: to which of two warm processes, or to a new one; late ones repeat. */
const delivery = fc.record({ process: fc.nat({ max: 2 }), isRepeated: fc.boolean() });

class Producer {
  readonly world = new World();
  #writes = 0;
  #second = CREATED;

  do(what: string): void {
    const { world } = this;
    this.#writes++;
    if (what === 'drop') world.source = undefined;
    else if (what.startsWith('make again')) {
      // Within the same second, Glue's CreateTime is the same and its versions start over.
      if (what === 'make again') this.#second += 1000;
      world.source = snapshot(flights({ Description: `Written ${this.#writes}.` }), 0, this.#second);
    } else if (world.source) {
      const { content } = world.source;
      const counted = { ...content.Parameters, numRows: String(this.#writes) };
      world.change(
        what === 'count rows'
          ? { ...content, Parameters: counted }
          : flights({ Description: `Written ${this.#writes}.`, Parameters: content.Parameters }),
      );
    }
  }
}

/** What a reader sees of a table: without row counts and the source's version, which lag behind on purpose. */
function visible(content: TableContent | undefined): unknown {
  if (!content) return undefined;
  const { numRows: _, 'trellis.source_version': __, 'trellis.changes': ___, ...Parameters } = content.Parameters;
  return { ...content, Parameters };
}

function expectTrue({ source, central }: World): void {
  if (source) expect(visible(central?.content)).toEqual(visible(centralContent(source, 'aviation', AVIATION.account)));
  else if (central) expect(central.content.Parameters).toHaveProperty(['trellis.missing_since']);
}

describe('the central catalog follows its source', () => {
  it('through any history, with hints late, repeated, lost but for the last, and given to any process', async () => {
    const step = fc.record({ act, deliveries: fc.array(delivery, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), delivery, async (history, last) => {
        const producer = new Producer();
        const { world } = producer;
        const processes = [world.services(), world.services()];
        const deliver = ({ process, isRepeated }: typeof last) =>
          syncTable(processes[process] ?? world.services(), hint({ isRepeated }));
        for (const { act: what, deliveries } of history) {
          producer.do(what);
          for (const one of deliveries) await deliver(one);
        }
        await deliver(last);
        expectTrue(world);
        const written = structuredClone(world.central);
        await deliver({ ...last, process: 2 });
        expect(world.central).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  it('however the calls of handlers at once and the changes of a living table fall between each other', async () => {
    const changes = fc.constantFrom('change', 'count rows', 'make again');
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 5 }), fc.scheduler(), async (acts, scheduler) => {
        const world = await runAtOnce(acts, scheduler);
        expectTrue(world);
      }),
      { numRuns: 200 },
    );
  });

  it('after any of that, drops and second lives within a second too, once one more hint comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 5 }), fc.scheduler(), async (acts, scheduler) => {
        const world = await runAtOnce(acts, scheduler);
        await syncTable(world.services(), hint());
        expectTrue(world);
      }),
      { numRuns: 200 },
    );
  });
});

/** Every act of the producer sends a hint, each to its own process; every call waits for its turn, before and after its effect. */
async function runAtOnce(acts: readonly string[], scheduler: fc.Scheduler): Promise<World> {
  const producer = new Producer();
  const { world } = producer;
  const wait = async (call: string) => void (await scheduler.schedule(Promise.resolve(), call));
  world.before = wait;
  world.after = wait;
  const handlers = [deliver(world)];
  const produce = async () => {
    for (const what of acts) {
      await scheduler.schedule(Promise.resolve(), what);
      producer.do(what);
      handlers.push(deliver(world));
    }
  };
  await scheduler.waitFor(produce().then(() => Promise.all(handlers)));
  world.before = async () => {};
  world.after = async () => {};
  return world;
}

/** As the queue does: until it succeeds. */
async function deliver(world: World, partitions: TableChange['partitions'] = 'unknown'): Promise<void> {
  const first = hint({ partitions });
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      await syncTable(world.services(), { ...first, isRepeated });
      return;
    } catch (fault) {
      if (!(fault instanceof Error) || fault.name !== 'TableChangedError') throw fault;
    }
  }
}

describe('planning twice is planning once', () => {
  const content = fc
    .record({
      Description: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      TableType: fc.constantFrom('EXTERNAL_TABLE', 'MANAGED_TABLE'),
      Parameters: fc.dictionary(
        fc.constantFrom('classification', 'numRows', 'trellis.domain', 'k'),
        fc.constantFrom('1', '2'),
      ),
      type: fc.constantFrom('int', 'string'),
      path: fc.constantFrom('s3://trellis-aviation/x/', 's3://trellis-aviation/y/', 's3://trellis-climate/z/'),
    })
    .map(({ Description, type, path, ...rest }): TableContent => {
      const storage = { Columns: [{ Name: 'c', Type: type }], Location: path };
      return { ...flights(), ...rest, ...(Description !== undefined && { Description }), StorageDescriptor: storage };
    });
  const source = fc
    .record({ content, versionId: fc.nat({ max: 3 }), seconds: fc.nat({ max: 2 }), isLinkOrView: fc.boolean() })
    .map(({ seconds, ...rest }): TableSnapshot => ({ ...rest, createdAt: CREATED + seconds * 1000 }));

  it('for a table', () => {
    fc.assert(
      fc.property(
        fc.option(source, { nil: undefined }),
        fc.option(source, { nil: undefined }),
        fc.boolean(),
        (now, before, isReadLast) => {
          const central: CentralSnapshot | undefined = before && {
            content: centralContent(before, 'aviation', AVIATION.account),
            versionId: '1',
          };
          const question = {
            domainName: 'aviation',
            domain: AVIATION,
            source: now,
            isReadLast,
            now: NOW,
            by: 'message',
          };
          const plan = planTableSync({ ...question, central });
          const after = 'content' in plan ? { content: plan.content, versionId: '2' } : central;
          const again = planTableSync({ ...question, central: after });
          expect(again).toMatchObject('content' in plan ? { kind: 'nothing' } : plan);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('partitions compared as they stream by', () => {
  const days = fc.uniqueArray(fc.record({ day: fc.nat({ max: 60 }).map(String), place: fc.constantFrom('a', 'b') }), {
    selector: one => one.day,
    maxLength: 40,
  });
  const side = fc.record({
    partitions: days.map(all => all.map(({ day, place }) => partition(day, `s3://trellis-aviation/${place}/${day}/`))),
    pageSize: fc.integer({ min: 1, max: 7 }),
  });

  it('give exactly the difference of the two sets, in whatever order and pages each side lists them', async () => {
    await fc.assert(
      fc.asyncProperty(side, side, async (source, central) => {
        const there = new Map(central.partitions.map(one => [one.values.join(), one]));
        for await (const difference of comparePartitions(pagesOf(source), pagesOf(central))) {
          if (difference.kind === 'remove') expect(there.delete(difference.values.join())).toBe(true);
          else {
            const key = difference.partition.values.join();
            expect(there.has(key)).toBe(difference.kind === 'update');
            there.set(key, difference.partition);
          }
        }
        const wanted = new Map(source.partitions.map(one => [one.values.join(), one]));
        expect(new Map([...there].sort())).toEqual(new Map([...wanted].sort()));
      }),
      { numRuns: 300 },
    );
  });

  it('are in step once handlers at once are done, however their calls and the changes of the source fall', async () => {
    const change = fc.record({ day: fc.nat({ max: 4 }).map(String), isThere: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.scheduler(),
        async (changes, pageSize, scheduler) => {
          const { world } = await syncedWorld(dailyFlights(), [partition('0'), partition('1')]);
          world.pageSize = pageSize;
          const wait = async (call: string) => void (await scheduler.schedule(Promise.resolve(), call));
          world.before = wait;
          world.after = wait;
          const handlers: Promise<void>[] = [];
          const produce = async () => {
            for (const { day, isThere } of changes) {
              await scheduler.schedule(Promise.resolve(), 'change');
              world.sourcePartitions = world.sourcePartitions.filter(one => one.values[0] !== day);
              if (isThere) world.sourcePartitions.push(partition(day));
              handlers.push(deliver(world, [[day]]));
            }
          };
          await scheduler.waitFor(produce().then(() => Promise.all(handlers)));
          const keys = (all: Iterable<Partition>) => [...all].map(one => one.values.join()).sort();
          expect(keys(world.centralPartitions.values())).toEqual(keys(world.sourcePartitions));
        },
      ),
      { numRuns: 200 },
    );
  });
});

async function* pagesOf({ partitions, pageSize }: { partitions: Partition[]; pageSize: number }) {
  for (let start = 0; start === 0 || start < partitions.length; start += pageSize)
    yield { partitions: partitions.slice(start, start + pageSize), hasMore: start + pageSize < partitions.length };
}
