import { beforeEach, describe, expect, it } from 'vitest';
import { applyMesh, NotTheHubError, prepareApply, RemovalsRefusedError } from '../../../shared/mesh/apply-mesh.ts';
import { CALLER, ENFORCE, MemoryHub, sampleStage } from './memory-hub.ts';

let hub: MemoryHub;

beforeEach(() => {
  hub = new MemoryHub();
});

const withoutClimate = () => {
  const stage = sampleStage();
  delete stage.mesh.domains.climate;
  delete stage.policies.domains.climate;
  return stage;
};

describe('applying a mesh', () => {
  it('writes the settings once and first, then locations, grants, and the mesh last', async () => {
    const { applied } = await applyMesh(hub.services(), sampleStage());
    expect(applied).toBe(true);
    expect(hub.log).toEqual([
      'settings',
      'register arn:aws:s3:::trellis-aviation',
      'register arn:aws:s3:::trellis-climate',
      'register arn:aws:s3:::shared/climate',
      'grant CREATE_DATABASE catalog',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::trellis-aviation',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::trellis-climate',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::shared/climate',
      'save',
    ]);
    expect(hub.settings.administrators).toEqual([ENFORCE, CALLER]);
    expect(hub.applied).toEqual({ ...sampleStage(), appliedAt: '2026-11-21T10:00:00.000Z' });
  });

  it('only looks when it prepares', async () => {
    const plan = await prepareApply(hub.services(), sampleStage());
    expect(plan.changes.length).toBeGreaterThan(0);
    expect(hub.log).toEqual([]);
  });

  it('refuses credentials of another account, naming both, before it looks at anything', async () => {
    hub.account = '222222222222';
    const services = { ...hub.services(), mesh: undefined } as never;
    const refused = applyMesh(services, sampleStage());
    await expect(refused).rejects.toThrow(NotTheHubError);
    await expect(refused).rejects.toThrow(/111111111111.*222222222222/);
  });

  it('refuses that something leaves the mesh, and changes nothing', async () => {
    await applyMesh(hub.services(), sampleStage());
    hub.log.length = 0;
    // The settings drifted too: they stay as they are.
    hub.settings.leavesTablesToIam = true;
    const refused = applyMesh(hub.services(), withoutClimate());
    await expect(refused).rejects.toThrow(RemovalsRefusedError);
    await expect(refused).rejects.toThrow(/domain climate leaves.*333333333333[\s\S]*--dry-run/);
    expect(hub.log).toEqual([]);
  });

  it('goes on where it stopped', async () => {
    hub.failAt = 'grant CREATE_DATABASE catalog';
    await expect(applyMesh(hub.services(), sampleStage())).rejects.toThrow('CREATE_DATABASE');
    expect(hub.applied).toBeUndefined();
    hub.log.length = 0;
    await applyMesh(hub.services(), sampleStage());
    expect(hub.log).toEqual([
      'grant CREATE_DATABASE catalog',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::trellis-aviation',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::trellis-climate',
      'grant DATA_LOCATION_ACCESS arn:aws:s3:::shared/climate',
      'save',
    ]);
  });

  it('passes on what registering found out', async () => {
    const services = hub.services();
    services.locations.register = async ({ subject }) => `${subject} is somebody's`;
    const { notes } = await applyMesh(services, sampleStage());
    expect(notes).toContain("arn:aws:s3:::shared/climate is somebody's");
  });
});
