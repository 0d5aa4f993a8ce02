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
});
