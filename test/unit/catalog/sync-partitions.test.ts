import { describe, expect, it } from 'vitest';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import { dailyFlights, hint, NOW, partition, snapshot, syncedWorld, World } from './world.ts';

describe('partitions', () => {
  it('are brought into step with a new table, as part of the same news', async () => {
    const world = new World();
    world.source = snapshot(dailyFlights());
    world.sourcePartitions = [partition('2026-11-01'), partition('2026-11-02')];
    await syncTable(world.services(), hint());
    expect([...world.centralPartitions.values()]).toEqual(world.sourcePartitions);
    expect(world.told).toMatchObject([{ data: { changes: ['created'] } }]);
  });

  it('are brought into step without a change of their table', async () => {
    const { world, services } = await syncedWorld(dailyFlights());
    world.sourcePartitions = [partition('2026-11-01')];
    expect(await syncTable(services, hint())).toBe('partitions');
    expect([...world.centralPartitions.values()]).toEqual(world.sourcePartitions);
    expect(world.told).toMatchObject([{ data: { changes: ['partitions-added 1'] } }]);
    expect(await syncTable(services, hint())).toBe('nothing');
    expect(world.told).toHaveLength(1);
  });

  it('are counted over all batches, which go out at once', async () => {
    const { world, services } = await syncedWorld(dailyFlights());
    const many = Array.from({ length: 250 }, (_, number) => partition(`2026-${number}`));
    world.sourcePartitions = many;
    world.before = async call => {
      if (/^central.(create|remove)/.test(call)) await new Promise(resolve => setTimeout(resolve, 5));
    };
    await syncTable(services, hint());
    world.sourcePartitions = [];
    await syncTable(services, hint());
    const changes = world.told.map(({ data }) => (data as { changes: string[] }).changes);
    expect(changes).toEqual([['partitions-added 250'], ['partitions-removed 250']]);
  });

  it('make a new event for each change, also when one looks like the one before', async () => {
    const { world, services } = await syncedWorld(dailyFlights());
    for (const [index, day] of ['2026-11-01', '2026-11-02'].entries()) {
      world.now = new Date(Date.parse(NOW) + index * 1000).toISOString();
      world.sourcePartitions.push(partition(day));
      await syncTable(services, hint());
    }
    const [first, second] = world.told;
    expect(first?.data).toEqual(second?.data);
    expect(first?.eventId).not.toBe(second?.eventId);
  });

  it.each([
    ['projected ones', { 'projection.enabled': 'true' }],
    ["Iceberg's", { table_type: 'ICEBERG', metadata_location: 's3://trellis-aviation/ops/flights/m.json' }],
  ])('are not read where the catalog does not list them: %s', async (_, Parameters) => {
    const world = new World();
    world.source = snapshot({ ...dailyFlights(), Parameters });
    await syncTable(world.services(), hint());
    await syncTable(world.services(), hint());
    expect(world.calls.filter(call => call.includes('Partitions'))).toEqual([]);
  });

  it('outside the prefixes stay out, and that is told once', async () => {
    const { world, services } = await syncedWorld(dailyFlights());
    world.sourcePartitions = [partition('2026-11-01', 's3://trellis-climate/stolen/')];
    await syncTable(services, hint());
    await syncTable(services, hint());
    expect(world.centralPartitions.size).toBe(0);
    expect(world.told).toMatchObject([{ type: 'Catalog Change Quarantined', data: { table: 'flights' } }]);
  });
});
