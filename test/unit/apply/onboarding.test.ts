import { beforeEach, describe, expect, it } from 'vitest';
import { applyMesh } from '../../../shared/mesh/apply-mesh.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { MemoryHub, sampleStage } from './memory-hub.ts';

let hub: MemoryHub;

beforeEach(() => {
  hub = new MemoryHub();
  hub.isOnboarding = true;
});

const changed = (change: (mesh: Mesh) => void) => {
  const stage = sampleStage();
  change(stage.mesh);
  return stage;
};
const reconciled = () => hub.log.filter(line => line.startsWith('reconcile'));

describe('a domain that joins', () => {
  it('is reconciled after the mesh is saved, by an execution of its own name', async () => {
    await applyMesh(hub.services(), sampleStage());
    expect(hub.log.slice(-4)).toEqual(['save', 'reconcile aviation', 'reconcile climate', 'save']);
    expect([...hub.executions.keys()]).toEqual([
      expect.stringMatching(/^onboard-aviation-[0-9a-f]{12}$/),
      expect.stringMatching(/^onboard-climate-[0-9a-f]{12}$/),
    ]);
    expect(hub.applied).not.toHaveProperty('onboarding');
  });

  it('is not reconciled by an apply that changes nothing of it', async () => {
    await applyMesh(hub.services(), sampleStage());
    hub.log.length = 0;
    await applyMesh(
      hub.services(),
      changed(mesh => (mesh.graceHours = 1)),
    );
    expect(hub.log).toEqual(['save']);
  });

  it.each<[string, (mesh: Mesh) => void]>([
    ['databases', mesh => (mesh.domains.climate!.databases = '*')],
    ['prefixes', mesh => mesh.domains.climate!.prefixes.push('s3://more-climate/')],
  ])('is reconciled again when it has other %s, and no other domain is', async (_, change) => {
    await applyMesh(hub.services(), sampleStage());
    hub.log.length = 0;
    hub.waited = 1000;
    await applyMesh(hub.services(), changed(change));
    expect(reconciled()).toEqual(['reconcile climate']);
    // Another apply: another run.
    expect(hub.executions.size).toBe(3);
  });

  it.each([1, 2, 3, 4])(
    'is reconciled all the same when the process dies after change %i of the last four',
    async left => {
      const all = new MemoryHub();
      all.isOnboarding = true;
      await applyMesh(all.services(), sampleStage());
      hub.diesAfter = all.log.length - 4 + left;
      await expect(applyMesh(hub.services(), sampleStage())).rejects.toThrow('died');
      hub.diesAfter = Infinity;
      await applyMesh(hub.services(), sampleStage());
      // Started twice under one name, it runs once.
      expect(hub.executions.size).toBe(2);
      expect(hub.applied).not.toHaveProperty('onboarding');
      hub.log.length = 0;
      expect((await applyMesh(hub.services(), sampleStage())).changes).toEqual([]);
      expect(hub.log).toEqual([]);
    },
  );

  it('joins although the stage has no reconcile, which is said once', async () => {
    hub.hasReconcile = false;
    const { notes } = await applyMesh(hub.services(), sampleStage());
    expect(notes).toContainEqual(expect.stringMatching(/no reconcile yet.*aviation, climate are/));
    expect((await applyMesh(hub.services(), sampleStage())).notes).toEqual([]);
  });

  it('is left to events where nothing can start a reconcile', async () => {
    hub.isOnboarding = false;
    await applyMesh(hub.services(), sampleStage());
    expect(reconciled()).toEqual([]);
    expect(hub.applied).not.toHaveProperty('onboarding');
  });
});
