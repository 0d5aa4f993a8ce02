import { describe, expect, it } from 'vitest';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import { dailyFlights, expectInStep, flights, hint, partition, syncedWorld, World } from './world.ts';

describe('two handlers at once', () => {
  it('never let an older reading overwrite a newer one', async () => {
    const { world } = await syncedWorld();
    world.change(flights({ Description: 'Older.' }));
    let isFirst = true;
    world.after = async call => {
      if (call !== 'producers.readTable' || !isFirst) return;
      isFirst = false;
      world.change(flights({ Description: 'Newer.' }));
      await syncTable(world.services(), hint());
    };
    expect(await syncTable(world.services(), hint())).toBe('nothing');
    expectInStep(world);
    expect(world.central?.content.Description).toBe('Newer.');
  });

  it.each(['create', 'update'])('have one of them read again when both write: %s', async kind => {
    const world = kind === 'create' ? new World() : (await syncedWorld()).world;
    world.change(flights({ Description: 'Changed.' }));
    const both = await Promise.all([syncTable(world.services(), hint()), syncTable(world.services(), hint())]);
    expect(both.sort()).toEqual(['nothing', kind].sort());
    expectInStep(world);
    expect(world.told).toHaveLength(1);
  });

  it('stay at it through a burst of changes, so that the last one needs no other hint', async () => {
    const { world } = await syncedWorld();
    let count = 0;
    world.after = async call => {
      if (call === 'central.update' && count++ < 15) world.change(flights({ Description: `Reading ${count}.` }));
    };
    world.change(flights({ Description: 'Reading 0.' }));
    await syncTable(world.services(), hint());
    expectInStep(world);
    expect(world.central?.content.Description).toBe('Reading 15.');
    expect(new Set(world.told.map(({ eventId }) => eventId)).size).toBe(world.told.length);
  });

  it('do not take a partition that the other has just copied for one that went', async () => {
    const { world } = await syncedWorld(dailyFlights());
    world.sourcePartitions = [partition('2026-11-01')];
    let isFirst = true;
    const meanwhile = async (call: string) => {
      if (!call.endsWith('partitionPages') || !isFirst) return;
      isFirst = false;
      world.sourcePartitions.push(partition('2026-11-02'));
      await syncTable(world.services(), hint());
    };
    world.after = meanwhile;
    await syncTable(world.services(), hint());
    expect([...world.centralPartitions.keys()].sort()).toEqual(['2026-11-01', '2026-11-02']);
  });

  it.each([
    ['partitions-added 1', [], [partition('2026-11-01')]],
    ['partitions-removed 1', [partition('2026-11-01')], []],
  ])(
    'tell of a partition that both are about to write once, and leave no writing open: %s',
    async (change, before, after) => {
      const { world } = await syncedWorld(dailyFlights(), before);
      world.sourcePartitions = after;
      let isFirst = true;
      world.after = async call => {
        if (call !== 'activity.writing' || !isFirst) return;
        isFirst = false;
        await syncTable(world.services(), hint());
      };
      await syncTable(world.services(), hint());
      expect(world.told.map(({ data }) => (data as { changes: string[] }).changes)).toEqual([[change]]);
      expect([...world.centralPartitions.values()]).toEqual(after);
      expect(world.partitions.unfinished.size).toBe(0);
    },
  );
});
