import { describe, expect, it } from 'vitest';
import {
  ANY_HISTORY,
  CRASHES,
  eventsOf,
  FAULTS,
  type History,
  history,
  IN_PIECES,
  play,
  type Story,
  settle,
  UNDISTURBED,
  worldOf,
} from './history.ts';
import { differences, stateOf, unsettled, watchEnds, watchGaps, watchLateness } from './laws.ts';
import { law, PATIENCE } from './runs.ts';
import type { World } from './world.ts';

const SECOND = 1000;
/** What the work of one sweep takes at most in these histories, on tables that several work on. */
const WORK = 20 * SECOND;

/** Plays a history to its very end. */
async function over(story: History, world: World = worldOf(story)): Promise<World> {
  await play(world, story);
  await settle(world);
  return world;
}

/** Fails with the history's steps, so that a shrunk one can be read. */
function expectNone(world: World, found: string[]): void {
  const { faults } = world;
  if (found.length + faults.length > 0) throw new Error([...found, ...faults, ...world.scheduler.log()].join('\n'));
}

describe('the ledger owns the grant', { timeout: PATIENCE }, () => {
  it('after any history Lake Formation gives exactly what the active grants say, and all is settled', () =>
    law(600, ANY_HISTORY, async story => {
      const world = await over(story);
      expectNone(world, [...(await differences(world)), ...(await unsettled(world))]);
    }));

  it('what others put there is never changed, and no call names it', () =>
    law(200, ANY_HISTORY, async story => {
      const world = worldOf(story);
      const before = world.lake.foreignEntries();
      await over(story, world);
      expect(world.lake.foreignEntries()).toEqual(before);
      const named = world.lake.changes.filter(({ table, filter }) => world.lake.isForeign(table, filter));
      expectNone(
        world,
        named.map(change => `names what others made: ${JSON.stringify(change)}`),
      );
    }));

  it('ending one grant never takes what another one gives', () =>
    law(250, history({ ...CRASHES, ...FAULTS, ...IN_PIECES }), async story => {
      const world = worldOf(story);
      const gaps = watchGaps(world);
      await over(story, world);
      expectNone(world, gaps);
    }));

  it('an end is told only when the access is gone', () =>
    law(250, history({ ...CRASHES, ...FAULTS, ...IN_PIECES, dropped: 1 }), async story => {
      const world = worldOf(story);
      const tooEarly = watchEnds(world);
      await over(story, world);
      expectNone(world, tooEarly);
    }));
});

describe('with no state machine at all', { timeout: PATIENCE }, () => {
  const prompt = { slowestMilliseconds: 200, hasMachines: false };

  async function expectInTime(story: History): Promise<void> {
    const world = worldOf(story);
    const late = watchLateness(world, 60 * SECOND + WORK);
    await over(story, world);
    expectNone(world, late);
  }

  it('a grant is gone with the sweep after its end, however many end on one table', () =>
    law(250, history({}, prompt), expectInTime));

  it('so are two grants of one principal on one table that end together', () => {
    const story: Story = {
      principal: 0,
      table: 0,
      columns: 1,
      hasRowFilter: false,
      isWide: false,
      isDescription: false,
      isAutomatic: true,
      lastsSeconds: 90,
      asked: [0],
      answered: [0],
      isApproved: true,
      revoked: [],
      extended: [],
      extendedBySeconds: 0,
      extensionAnswered: [0],
    };
    return expectInTime({ stories: [story, story], sweeping: [], decisions: UNDISTURBED, hasMachines: false });
  });

  it('a grant is gone with the sweep after the deadline of a holder that crashed', () =>
    law(250, history(CRASHES, prompt), expectInTime));
});

describe('what happened', { timeout: PATIENCE }, () => {
  it('stays: an ended or denied request never becomes anything else', () =>
    law(200, ANY_HISTORY, async story => {
      const { ledger } = await over(story);
      const final = new Set<string>();
      for (const { request } of ledger.committed) {
        if (!request) continue;
        expect(final, request.requestId).not.toContain(request.requestId);
        if (request.state.status === 'ended' || request.state.status === 'denied') final.add(request.requestId);
      }
    }));

  it('changes nothing and tells nothing new when all its events are replayed later, in any order', () =>
    law(200, ANY_HISTORY, async story => {
      const world = await over(story);
      const before = stateOf(world);
      const told = new Set(world.announced.map(({ eventId }) => eventId));
      for (const { event } of eventsOf(story).reverse()) world.deliver(event);
      await settle(world);
      for (const { event } of eventsOf(story)) world.deliver(event);
      await settle(world);
      expect(stateOf(world)).toEqual(before);
      expect(new Set(world.announced.map(({ eventId }) => eventId))).toEqual(told);
    }));

  it('is told at least once on each bus that it concerns, and nothing else is', () =>
    law(200, ANY_HISTORY, async story => {
      const { ledger, announced } = await over(story);
      const happened = ledger.committed.flatMap(({ tell }) =>
        tell.flatMap(({ eventId, destinations }) => destinations.map(each => `${eventId} to ${each}`)),
      );
      const told = announced.map(({ eventId, destination }) => `${eventId} to ${destination}`);
      expect(new Set(told)).toEqual(new Set(happened));
    }));
});
