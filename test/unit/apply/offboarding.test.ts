import { beforeEach, describe, expect, it } from 'vitest';
import { DomainMovedError, StillLeavingError } from '../../../shared/mesh/apply-leaving.ts';
import { applyMesh, prepareApply, RemovalsRefusedError } from '../../../shared/mesh/apply-mesh.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { OffboardingStalledError } from '../../../shared/mesh/offboard.ts';
import { DATA, HUB, MemoryHub, SYNC, sampleStage } from './memory-hub.ts';

const CLIMATE = 'arn:aws:s3:::trellis-climate';
const SHARED = 'arn:aws:s3:::shared/climate';

let hub: MemoryHub;

beforeEach(async () => {
  hub = new MemoryHub();
  await applyMesh(hub.services(), sampleStage());
  hub.log.length = 0;
});

const changed = (change: (mesh: Mesh) => void) => {
  const stage = sampleStage();
  change(stage.mesh);
  for (const name of Object.keys(stage.policies.domains))
    if (!stage.mesh.domains[name]) delete stage.policies.domains[name];
  return stage;
};
const withoutClimate = () => changed(mesh => delete mesh.domains.climate);
const digestOf = async (stage = withoutClimate()) => (await prepareApply(hub.services(), stage)).removal;
const locations = () => hub.locations.map(({ arn }) => arn);

describe('a domain that leaves', () => {
  it('loses access first, then its locations, and is forgotten last', async () => {
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    expect(hub.log).toEqual([
      'save',
      'begin domain climate',
      'begin account 333333333333',
      'kick',
      `revoke DATA_LOCATION_ACCESS ${CLIMATE}`,
      `revoke DATA_LOCATION_ACCESS ${SHARED}`,
      `unregister ${CLIMATE}`,
      `unregister ${SHARED}`,
      'forget domain climate',
      'forget account 333333333333',
      'save',
    ]);
    expect(hub.applied).not.toHaveProperty('leaving');
    expect(locations()).toEqual(['arn:aws:s3:::trellis-aviation']);
    expect(hub.permissions.map(({ resource }) => resource)).toEqual(['catalog', 'arn:aws:s3:::trellis-aviation']);
  });

  it('is out of the mesh at once, and kept as leaving until it is gone', async () => {
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf(), isNotWaiting: true });
    expect(hub.applied?.mesh.domains).not.toHaveProperty('climate');
    expect(hub.applied?.leaving).toEqual({
      domains: { climate: sampleStage().mesh.domains.climate },
      accounts: ['333333333333'],
    });
    expect(locations()).toContain(CLIMATE);
  });

  it.each(Array.from({ length: 11 }, (_, index) => index + 1))(
    'leaves all the same when the process dies after change %i and apply is run again',
    async changes => {
      const remove = await digestOf();
      hub.diesAfter = changes;
      await expect(applyMesh(hub.services(), withoutClimate(), { remove })).rejects.toThrow('died');
      hub.diesAfter = Infinity;
      // Once it is saved what leaves, nobody need say it again.
      const again = await applyMesh(hub.services(), withoutClimate());
      expect(again.isFinished).toBe(true);
      expect(hub.applied).toEqual({ ...withoutClimate(), appliedAt: expect.any(String) });
      expect(locations()).toEqual(['arn:aws:s3:::trellis-aviation']);
      expect(hub.permissions).toHaveLength(2);
      expect(hub.intents.size).toBe(0);
      hub.log.length = 0;
      expect(await applyMesh(hub.services(), withoutClimate())).toMatchObject({ changes: [] });
      expect(hub.log).toEqual([]);
    },
  );

  it('keeps its locations while its access is not gone', async () => {
    hub.isWorking = false;
    const applying = applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    await expect(applying).rejects.toThrow(OffboardingStalledError);
    await expect(applying).rejects.toThrow(/30 minutes.*domain climate: 2 grants left/);
    expect(locations()).toContain(CLIMATE);
    expect(hub.applied?.leaving?.accounts).toEqual(['333333333333']);
  });

  it('is waited for as long as anything moves', async () => {
    hub.grantsOfEach = 2000;
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    expect(hub.waited).toBeGreaterThan(30 * 60_000);
    expect(hub.applied).not.toHaveProperty('leaving');
  });

  it('cannot join again before it has left', async () => {
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf(), isNotWaiting: true });
    await expect(prepareApply(hub.services(), sampleStage())).rejects.toThrow(StillLeavingError);
    const sameAccount = changed(mesh => {
      delete mesh.domains.climate;
      mesh.consumers.weather = { account: '333333333333' };
    });
    await expect(prepareApply(hub.services(), sameAccount)).rejects.toThrow(/account 333333333333 is still leaving/);
    await applyMesh(hub.services(), withoutClimate());
    await applyMesh(hub.services(), sampleStage());
    expect(locations()).toContain(CLIMATE);
    // And leave once more, with an intent of its own.
    hub.log.length = 0;
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    expect(hub.log).toContain('begin domain climate');
    expect(locations()).not.toContain(CLIMATE);
  });

  it('keeps the location that a domain which stays covers', async () => {
    const renamed = changed(mesh => {
      mesh.domains.weather = { ...mesh.domains.climate!, prefixes: ['s3://trellis-climate/'] };
      delete mesh.domains.climate;
    });
    renamed.policies.domains.weather = '';
    await applyMesh(hub.services(), renamed, { remove: await digestOf(renamed) });
    expect(locations()).toEqual(['arn:aws:s3:::trellis-aviation', CLIMATE]);
    // Its account stays with it.
    expect(hub.log).not.toContain('begin account 333333333333');
  });

  it('leaves a location that another registered, and says so', async () => {
    const other = `arn:aws:iam::${HUB}:role/Other`;
    hub.locations = hub.locations.map(location =>
      location.arn === CLIMATE ? { arn: CLIMATE, roleArn: other } : location,
    );
    const { notes } = await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    expect(locations()).toContain(CLIMATE);
    expect(notes).toEqual([expect.stringContaining(`deregister-resource --resource-arn ${CLIMATE}`)]);
  });

  it('touches no location that the mesh never had, whoever registered it', async () => {
    hub.locations.push({ arn: 'arn:aws:s3:::elsewhere', roleArn: DATA });
    hub.permissions.push({ principal: SYNC, permission: 'DATA_LOCATION_ACCESS', resource: 'arn:aws:s3:::elsewhere' });
    await applyMesh(hub.services(), withoutClimate(), { remove: await digestOf() });
    expect(locations()).toContain('arn:aws:s3:::elsewhere');
    expect(hub.permissions.map(({ resource }) => resource)).toContain('arn:aws:s3:::elsewhere');
  });
});

describe('a prefix that a domain gives up', () => {
  const narrower = () =>
    changed(mesh => {
      mesh.domains.climate!.prefixes = ['s3://trellis-climate/'];
    });

  it('needs the digest too, and is unregistered', async () => {
    await expect(applyMesh(hub.services(), narrower())).rejects.toThrow(RemovalsRefusedError);
    await applyMesh(hub.services(), narrower(), { remove: await digestOf(narrower()) });
    expect(locations()).not.toContain(SHARED);
    expect(hub.log).toEqual(['save', `revoke DATA_LOCATION_ACCESS ${SHARED}`, `unregister ${SHARED}`, 'save']);
  });

  it.each([1, 2, 3, 4])('is gone all the same when the process dies after change %i', async changes => {
    const remove = await digestOf(narrower());
    hub.diesAfter = changes;
    await expect(applyMesh(hub.services(), narrower(), { remove })).rejects.toThrow('died');
    hub.diesAfter = Infinity;
    await applyMesh(hub.services(), narrower());
    expect(locations()).not.toContain(SHARED);
    expect(hub.applied).not.toHaveProperty('leaving');
  });
});

describe('the digest of what leaves', () => {
  it('is the same for the same removals, whatever else changes', async () => {
    const more = changed(mesh => {
      delete mesh.domains.climate;
      mesh.graceHours = 1;
    });
    expect(await digestOf(more)).toBe(await digestOf());
    expect(await digestOf()).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is another for other removals: the old one is refused', async () => {
    const remove = await digestOf();
    const more = changed(mesh => {
      delete mesh.domains.climate;
      delete mesh.consumers.auditor;
    });
    const refused = applyMesh(hub.services(), more, { remove });
    await expect(refused).rejects.toThrow(`The digest ${remove} is not of these removals`);
    expect(hub.log).toEqual([]);
  });

  it('is not there when nothing leaves', async () => {
    expect(await digestOf(sampleStage())).toBeUndefined();
  });
});

describe('a domain whose account changes', () => {
  it('is refused with advice, in a dry run too', async () => {
    const moved = changed(mesh => {
      mesh.domains.climate!.account = '666666666666';
    });
    const refused = prepareApply(hub.services(), moved);
    await expect(refused).rejects.toThrow(DomainMovedError);
    await expect(refused).rejects.toThrow(/from account 333333333333 to 666666666666.*leave first/);
  });
});
