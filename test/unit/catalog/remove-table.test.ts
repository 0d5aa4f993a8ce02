import { beforeEach, describe, expect, it } from 'vitest';
import { removeTable } from '../../../shared/catalog/remove-table.ts';
import { syncTable } from '../../../shared/catalog/sync-table.ts';
import { CREATED, expectInStep, flights, hint, NOW, snapshot, syncedWorld, type World } from './world.ts';

const TABLE = 'aviation_ops.flights';

/** A world whose table went missing, with the traces of that wiped away. */
async function missingWorld(): Promise<World> {
  const { world, services } = await syncedWorld();
  world.source = undefined;
  await syncTable(services, hint());
  world.calls = [];
  return world;
}

let world: World;
beforeEach(async () => {
  world = await missingWorld();
});

describe('a table that went missing', () => {
  it('is due for removal when the grace period of mesh.yml is over', () => {
    expect(world.removal).toMatchObject({ since: NOW, dueAt: '2026-11-22T09:00:00.000Z' });
    expect(world.removal?.place).toEqual({
      account: '222222222222',
      domain: 'aviation',
      sourceDatabase: 'ops',
      database: 'aviation_ops',
      table: 'flights',
    });
  });

  it('is not due any more when it is there again in time', async () => {
    world.source = snapshot(flights(), 0, CREATED + 5000);
    await syncTable(world.services(), hint());
    expect(world.removal).toBeUndefined();
    expectInStep(world);
  });
});

describe('a table whose grace period is over', () => {
  it('goes, is told once, and is open to grants again under its name', async () => {
    expect(await removeTable(world.services(), TABLE)).toBe('removed');
    expect(world.central).toBeUndefined();
    expect(world.told).toMatchObject([
      { type: 'Catalog Table Removed', destinations: ['hub', '222222222222'], data: { table: 'flights' } },
    ]);
    expect(world.isClosed).toBe(false);
    expect(await removeTable(world.services(), TABLE)).toBe('nothing');
    expect(world.told).toHaveLength(1);
  });

  it('is told once, also when two are at it at once', async () => {
    const both = await Promise.all([removeTable(world.services(), TABLE), removeTable(world.services(), TABLE)]);
    expect(both.sort()).toEqual(['nothing', 'removed']);
    expect(world.central).toBeUndefined();
    expect(world.told).toHaveLength(1);
  });

  it('waits, closed to new grants, until nobody has anything on it', async () => {
    world.hasGrants = true;
    expect(await removeTable(world.services(), TABLE)).toBe('grants-left');
    expect(world.central).toBeDefined();
    expect(world.isClosed).toBe(true);
    world.hasGrants = false;
    expect(await removeTable(world.services(), TABLE)).toBe('removed');
  });

  it('stays when its source is there again', async () => {
    world.source = snapshot(flights(), 0, CREATED + 5000);
    expect(await removeTable(world.services(), TABLE)).toBe('there-again');
    expectInStep(world);
    expect(world.told.map(({ type }) => type)).toEqual(['Catalog Table Synced']);
    expect(world.removal).toBeUndefined();
  });

  it('stays while its source cannot be read', async () => {
    world.before = async call => {
      if (call === 'producers.readTable') throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    };
    await expect(removeTable(world.services(), TABLE)).rejects.toThrow('no');
    expect(world.calls).toEqual(['due.load', 'producers.readTable']);
  });

  it('that was made again between the last look and its removal is brought back', async () => {
    world.before = async call => {
      if (call === 'central.remove') world.source = snapshot(flights(), 0, CREATED + 5000);
    };
    expect(await removeTable(world.services(), TABLE)).toBe('removed');
    expectInStep(world);
    expect(world.told.map(({ type }) => type)).toEqual(['Catalog Table Removed', 'Catalog Table Synced']);
  });

  it('is left alone when somebody has put something else in its place', async () => {
    world.central = { content: flights(), versionId: '0' };
    expect(await removeTable(world.services(), TABLE)).toBe('nothing');
    expect(world.central).toBeDefined();
    expect(world.removal).toBeUndefined();
  });
});

describe.each(['before', 'after'] as const)('a process that dies %s a call of a removal', when => {
  it.each([false, true])(
    'has removed and told, or brought back, by the next delivery: there again %s',
    async isThere => {
      for (let nth = 1; ; nth++) {
        const dying = await missingWorld();
        if (isThere) dying.source = snapshot(flights(), 0, CREATED + 5000);
        let calls = 0;
        dying[when] = async () => {
          if (++calls === nth) throw new Error('died');
        };
        const outcome = await removeTable(dying.services(), TABLE).catch(() => 'died');
        dying[when] = async () => {};
        await removeTable(dying.services(), TABLE);
        dying.told.push(...dying.outbox.values());
        if (isThere) expectInStep(dying);
        else {
          expect(dying.central).toBeUndefined();
          expect(new Set(dying.told.map(({ eventId }) => eventId)).size).toBe(1);
        }
        expect(dying.removal).toBeUndefined();
        expect(dying.isClosed).toBe(false);
        if (outcome !== 'died') return expect(nth).toBeGreaterThan(4);
      }
    },
  );
});
