import { describe, expect, it } from 'vitest';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import { readMarks } from '../../../shared/catalog/table-marks.ts';
import {
  AVIATION,
  bare,
  CREATED,
  dailyFlights,
  expectInStep,
  flights,
  hint,
  NOW,
  partition,
  snapshot,
  syncedWorld,
  World,
} from './world.ts';

describe('what a hint costs', () => {
  it('is one read when the process knows the table to be in step', async () => {
    const { world, services } = await syncedWorld();
    expect(await syncTable(services, hint())).toBe('nothing');
    expect(world.calls).toEqual(['producers.readTable']);
  });

  it('is two reads when another process brought it into step', async () => {
    const { world } = await syncedWorld();
    expect(await syncTable(world.services(), hint())).toBe('nothing');
    expect(world.calls).toEqual(['producers.readTable', 'central.read']);
  });

  it.each([
    ['update', []],
    ['create', ['keptOut.load']],
  ])('is five calls for a change, and one more for a new table: %s', async (kind, more) => {
    const world = kind === 'create' ? new World() : (await syncedWorld()).world;
    world.change(flights({ Description: 'Changed.' }));
    expect(await syncTable(world.services(), hint())).toBe(kind);
    expect(world.calls).toEqual([
      'producers.readTable',
      'central.read',
      ...more,
      `central.${kind}`,
      'announcer.announce',
      'producers.readTable',
    ]);
    expectInStep(world);
  });

  it('is nothing for what belongs to no domain', async () => {
    const world = new World();
    const services = world.services();
    expect(await syncTable(services, hint({ account: '444444444444' }))).toBe('unknown-domain');
    expect(await syncTable(services, hint({ database: 'trellis_climate_observations' }))).toBe('unknown-domain');
    const named = {
      ...services,
      mesh: { ...services.mesh, domains: { aviation: { ...AVIATION, databases: ['hr'] } } },
    };
    expect(await syncTable(named, hint())).toBe('unknown-domain');
    expect(world.calls).toEqual([]);
  });
});

describe('a change that was synced', () => {
  it('is told once, to the hub and to the domain', async () => {
    const { world, services } = await syncedWorld();
    world.change(flights({ Description: 'Changed.' }));
    await syncTable(services, hint());
    await syncTable(services, hint());
    expect(world.told).toEqual([
      {
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        type: 'Catalog Table Synced',
        occurredAt: NOW,
        destinations: ['hub', '222222222222'],
        data: { domain: 'aviation', database: 'aviation_ops', table: 'flights', changes: ['description'] },
      },
    ]);
  });

  it('waits in the outbox for the bus that it did not reach', async () => {
    const world = new World();
    world.unreachable = ['222222222222'];
    await syncTable(world.services(), hint());
    expect([...world.outbox.values()]).toMatchObject([
      { type: 'Catalog Table Synced', destinations: ['222222222222'] },
    ]);
  });

  it('keeps a Glue version for a new column alone', async () => {
    const { world, services } = await syncedWorld();
    world.change(flights({ Description: 'Changed.' }));
    await syncTable(services, hint());
    const columns = [...flights().StorageDescriptor.Columns, { Name: 'origin', Type: 'string' }];
    world.change(flights({ StorageDescriptor: { ...flights().StorageDescriptor, Columns: columns } }));
    await syncTable(services, hint());
    expect(world.keptVersions).toEqual([false, true]);
  });
});

describe('a read that fails', () => {
  it.each(['producers.readTable', 'central.read', 'producers.partitionPages', 'central.partitionPages'])(
    'changes nothing and is tried again: %s',
    async call => {
      const { world, services } = await syncedWorld(dailyFlights());
      world.sourcePartitions = [partition('2026-11-01')];
      const before = structuredClone(world.central);
      world.before = async name => {
        if (name === call) throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      };
      await expect(syncTable(services, hint())).rejects.toThrow(
        expect.objectContaining({ name: 'AccessDeniedException' }),
      );
      expect(world.central).toEqual(before);
      expect(world.told).toEqual([]);
      expect(world.calls.filter(name => /create|update|remove|writing/.test(name))).toEqual([]);
    },
  );
});

describe('a table that is gone at its source', () => {
  it('is marked, not removed, and nothing is told', async () => {
    const { world, services } = await syncedWorld();
    world.source = undefined;
    expect(await syncTable(services, hint())).toBe('mark-missing');
    expect(world.central?.content.Parameters['trellis.missing_since']).toBe(NOW);
    expect(world.central?.content.StorageDescriptor).toEqual(flights().StorageDescriptor);
    expect(world.told).toEqual([]);
    expect(await syncTable(services, hint())).toBe('nothing');
  });

  it('loses its mark when it was made again within the same second', async () => {
    const { world, services } = await syncedWorld();
    world.source = undefined;
    await syncTable(services, hint());
    world.source = snapshot();
    expect(await syncTable(services, hint())).toBe('update');
    expectInStep(world);
  });

  it('is not brought back by a reading from before it went', async () => {
    const { world } = await syncedWorld();
    let isFirst = true;
    world.after = async call => {
      if (call !== 'producers.readTable' || !isFirst) return;
      isFirst = false;
      world.source = undefined;
      await syncTable(world.services(), hint());
    };
    expect(await syncTable(world.services(), hint())).toBe('nothing');
    expect(world.central?.content.Parameters['trellis.missing_since']).toBe(NOW);
  });
});

describe('a table that was dropped and made again within one second', () => {
  it('is synced although its version counts from the start again', async () => {
    const { world, services } = await syncedWorld();
    for (const Description of ['Two.', 'Three.']) world.change(flights({ Description }));
    await syncTable(services, hint());
    world.source = snapshot(flights({ Description: 'Made again.' }), 0, CREATED);
    world.told = [];
    expect(await syncTable(services, hint())).toBe('update');
    expectInStep(world);
    expect(world.told).toMatchObject([{ data: { changes: ['recreated', 'description'] } }]);
    expect(await syncTable(world.services(), hint())).toBe('nothing');
  });
});

describe('a quarantined table', () => {
  const stolen = flights({
    StorageDescriptor: { ...flights().StorageDescriptor, Location: 's3://trellis-climate/observations/' },
  });

  it('leaves what was good in the central catalog, marked, and is told once for its reasons', async () => {
    const { world, services } = await syncedWorld();
    const good = bare(world.central?.content);
    world.change(stolen);
    expect(await syncTable(services, hint())).toBe('update');
    expect(await syncTable(services, hint())).toBe('nothing');
    world.change({ ...stolen, Description: 'Still there.' });
    expect(await syncTable(services, hint())).toBe('nothing');
    expect(bare(world.central?.content)).toEqual(good);
    expect(readMarks(world.central!.content.Parameters).quarantine).toMatchObject({
      since: NOW,
      reasons: [expect.stringContaining('trellis-climate')],
    });
    expect(world.told).toMatchObject([{ type: 'Catalog Change Quarantined', destinations: ['hub', '222222222222'] }]);
  });

  it('flows again by itself once it is mended, and that is told', async () => {
    const { world, services } = await syncedWorld();
    world.change(stolen);
    await syncTable(services, hint());
    world.told = [];
    world.change(flights({ Description: 'Mended.' }));
    expect(await syncTable(services, hint())).toBe('update');
    expectInStep(world);
    expect(world.told.map(({ type }) => type)).toEqual(['Catalog Table Synced', 'Catalog Change Released']);
  });

  it('that was never published is kept out by the ledger, told once, and released when it is mended', async () => {
    const world = new World();
    world.source = snapshot(stolen);
    const services = world.services();
    expect(await syncTable(services, hint())).toBe('keep-out');
    expect(await syncTable(services, hint())).toBe('nothing');
    expect(world.central).toBeUndefined();
    expect(world.told.map(({ type }) => type)).toEqual(['Catalog Change Quarantined']);
    expect(world.outbox.size).toBe(0);
    world.change(flights());
    expect(await syncTable(services, hint())).toBe('create');
    expect(world.keptOut).toBeUndefined();
    expect(world.told.map(({ type }) => type).slice(1)).toEqual(['Catalog Table Synced', 'Catalog Change Released']);
  });

  it('that is dropped is let go', async () => {
    const world = new World();
    world.source = snapshot(stolen);
    const services = world.services();
    await syncTable(services, hint());
    world.source = undefined;
    expect(await syncTable(services, hint())).toBe('let-go');
    expect(world.keptOut).toBeUndefined();
    expect(world.told.map(({ type }) => type)).toEqual(['Catalog Change Quarantined', 'Catalog Change Released']);
  });
});

describe('a source that changes and changes back', () => {
  it('while a handler writes what it read in between is put right by that handler', async () => {
    const { world } = await syncedWorld();
    world.change(flights({ Description: 'In between.' }));
    let isFirst = true;
    world.before = async call => {
      if (call !== 'central.update' || !isFirst) return;
      isFirst = false;
      world.change(flights());
      // The hint of the change back finds the central table as it should be.
      expect(await syncTable(world.services(), hint())).toBe('nothing');
    };
    await syncTable(world.services(), hint());
    expectInStep(world);
  });
});
