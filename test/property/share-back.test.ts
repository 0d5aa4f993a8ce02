import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transition } from '../../shared/access/ledger.ts';
import { isStanding } from '../../shared/access/standing-grant.ts';
import type { Turn } from './decisions.ts';
import { ANY_HISTORY, type History, play, settle, UNDISTURBED, worldOf } from './history.ts';
import { differences, unsettled } from './laws.ts';
import { counterexample, law, PATIENCE } from './runs.ts';
import { AVIATION, COLUMNS, description, PRINCIPALS, TABLES } from './sample-mesh.ts';
import { type Sabotage, START, type World } from './world.ts';

const SECOND = 1000;

/** Requests of some principals come and go, while `mesh.yml` shares back to them or not, and tables change. */
interface SharedHistory extends History {
  /** Who is on the list from then on, a bit each; in seconds after the start. */
  lists: { at: number; wanted: number }[];
  /** The columns that a table has from then on, a bit each; none: it is gone at its source. */
  changes: { at: number; table: number; columns: number }[];
}

const seconds = fc.oneof({ weight: 3, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(900) });
const SHARED: fc.Arbitrary<SharedHistory> = fc
  .tuple(
    ANY_HISTORY,
    fc.array(fc.record({ at: seconds, wanted: fc.nat(2 ** PRINCIPALS.length - 1) }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.record({ at: seconds, table: fc.constantFrom(0, 0, 1), columns: fc.nat(2 ** COLUMNS.length - 1) }), {
      maxLength: 4,
    }),
  )
  .map(([history, lists, changes]) => ({ ...history, lists, changes }));

const ofBits = <T>(all: readonly T[], bits: number) => all.filter((_, bit) => bits & (1 << bit));

/** Plays a history to its very end. */
async function over(story: SharedHistory, sabotage: Sabotage = {}): Promise<World> {
  const world = worldOf(story, sabotage);
  for (const { at, wanted } of story.lists) {
    const list = { account: AVIATION, principals: ofBits(PRINCIPALS, wanted) };
    world.scheduler.at(START + at * SECOND, () => void world.standings.want('aviation', list));
  }
  for (const { at, table: index, columns } of story.changes) {
    const table = TABLES[index] ?? TABLES[0];
    world.scheduler.at(START + at * SECOND, () => {
      const whole = description(table);
      const changed =
        columns === 0
          ? { ...world.tables.get(table)!, missingSince: world.now() }
          : { ...whole, columns: whole.columns.filter(({ name }) => ofBits(COLUMNS, columns).includes(name as never)) };
      world.tables.set(table, changed);
      // As the rules hand it over. Nothing is told of a table that is gone.
      if (columns === 0) return;
      world.work({ kind: 'share-back', table });
      world.work({ kind: 'labels', table });
    });
  }
  await play(world, story);
  await settle(world);
  return world;
}

/** What standing grants there are, and should be, at the end. On a table that is gone nobody gets one anew, and nobody loses his. */
function standingFaults(world: World, { lists }: SharedHistory): string[] {
  const last = lists.toSorted((a, b) => a.at - b.at).at(-1);
  const wanted = ofBits(PRINCIPALS, last?.wanted ?? 0);
  return TABLES.flatMap(table => {
    const { columns, missingSince } = world.tables.get(table)!;
    return PRINCIPALS.flatMap(principal => {
      const grants = world.ledger.pairs.get(`${table} ${principal}`)?.value.grants ?? [];
      const [standing, ...others] = grants.filter(isStanding);
      const names = columns.map(({ name }) => name).join();
      const isRight = wanted.includes(principal)
        ? missingSince !== undefined || standing?.columns.join() === names
        : standing === undefined;
      return isRight && others.length === 0 ? [] : [`${principal} on ${table}: ${JSON.stringify(grants)}`];
    });
  });
}

async function faultsOf(story: SharedHistory, sabotage: Sabotage = {}): Promise<[World, string[]]> {
  const world = await over(story, sabotage);
  const found = [...standingFaults(world, story), ...(await differences(world)), ...(await unsettled(world))];
  return [world, [...found, ...world.faults]];
}

describe('what mesh.yml shares back', { timeout: PATIENCE }, () => {
  it('stands exactly while mesh.yml asks for it, with the columns that there are, whatever requests come and go beside it', () =>
    law(400, SHARED, async story => {
      const [world, faults] = await faultsOf(story);
      if (faults.length > 0) throw new Error([...faults, ...world.scheduler.log()].join('\n'));
    }));

  it('is told to nobody', () =>
    law(50, SHARED, async story => {
      const world = await over({ ...story, stories: [], sweeping: [] });
      expect(world.announced).toEqual([]);
    }));

  it('would not without turns: the law finds who writes late what was read before', async () => {
    const anyTurn: Sabotage = {
      ledger: ledger =>
        new Proxy(ledger, {
          get: (target, name) => {
            if (name === 'commit') return ({ turn: _, ...transition }: Transition) => target.commit(transition);
            const member = Reflect.get(target, name);
            return typeof member === 'function' ? member.bind(target) : member;
          },
        }),
    };
    const slowly: fc.Arbitrary<Turn[]> = fc.array(
      fc.record({ milliseconds: fc.oneof(fc.constant(20), fc.nat(25 * SECOND)), pick: fc.nat(12) }),
      { maxLength: 150, size: 'max' },
    );
    const races = fc.tuple(SHARED, slowly).map(([story, turns]) => ({
      ...story,
      stories: [],
      sweeping: [],
      changes: [],
      decisions: { ...UNDISTURBED, turns },
    }));
    const holds = async (story: SharedHistory) => expect((await faultsOf(story, anyTurn))[1]).toEqual([]);
    expect(await counterexample(1500, 1, races, holds)).toBeDefined();
  });
});
