import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableDescription } from '../../shared/access/table-description.ts';
import { type History, history, play, settle, worldOf } from './history.ts';
import { differences, unsettled, watchLateness } from './laws.ts';
import { counterexample, law, PATIENCE } from './runs.ts';
import { COLUMNS, description, TABLES } from './sample-mesh.ts';
import type { Sabotage, World } from './world.ts';

const SECOND = 1000;
const LATE_MS = 80 * SECOND;

/** Tables lose columns while people ask and grants end, and have them again after a while. */
interface LosingHistory extends History {
  /** In seconds after the start; the columns a bit each. */
  losses: { at: number; table: number; lost: number; forSeconds: number }[];
}

const LOSING: fc.Arbitrary<LosingHistory> = fc
  .tuple(
    history({}, { slowestMilliseconds: 200, hasMachines: false }),
    fc.array(
      fc.record({
        at: fc.nat(300),
        table: fc.constantFrom(0, 0, 1),
        lost: fc.integer({ min: 1, max: 2 ** COLUMNS.length - 2 }),
        forSeconds: fc.integer({ min: 60, max: 900 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([story, losses]) => ({ ...story, losses }));

async function over(story: LosingHistory, world: World): Promise<void> {
  for (const { at, table: index, lost, forSeconds } of story.losses) {
    const table = TABLES[index] ?? TABLES[0];
    const { columns, ...rest } = description(table);
    const left = columns.filter((_, bit) => !(lost & (1 << bit)));
    const start = world.scheduler.now + at * SECOND;
    const become = (at: number, now: TableDescription) =>
      world.scheduler.at(at, () => {
        world.tables.set(table, now);
        world.work({ kind: 'labels', table });
      });
    become(start, { ...rest, columns: left });
    become(start + forSeconds * SECOND, description(table));
  }
  await play(world, story);
  await settle(world);
}

async function expectLaws(story: LosingHistory, sabotage: Sabotage = {}): Promise<void> {
  const world = worldOf(story, sabotage);
  world.isReadAnew = true;
  const late = watchLateness(world, LATE_MS);
  await over(story, world);
  const found = [...late, ...(await differences(world)), ...(await unsettled(world)), ...world.faults];
  if (found.length > 0) throw new Error([...found, ...world.scheduler.log()].join('\n'));
}

describe('tables that lose columns', { timeout: PATIENCE }, () => {
  it('keep no access alive past its end, and give all again that the grants say when they have them back', () =>
    law(250, LOSING, story => expectLaws(story)));

  it('would, if the lost columns were not left out: the law finds it', async () => {
    const blind = { catalog: () => ({ describe: async (table: string) => description(table) }) };
    expect(await counterexample(1000, 1, LOSING, story => expectLaws(story, blind))).toBeDefined();
  });
});
