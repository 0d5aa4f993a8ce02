import { beforeEach, describe, expect, it } from 'vitest';
import type { ApplyPlan } from '../../../shared/mesh/apply-changes.ts';
import { applyMesh, prepareApply } from '../../../shared/mesh/apply-mesh.ts';
import type { Mesh } from '../../../shared/mesh/mesh.ts';
import { MemoryHub, sampleStage } from './memory-hub.ts';

const [REPORTING, AUDIT] = ['Reporting', 'Audit'].map(name => `arn:aws:iam::333333333333:role/${name}`) as [
  string,
  string,
];

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
const sharing = (...principals: string[]) =>
  changed(mesh => {
    if (principals.length > 0) mesh.domains.climate!.shareBack = principals;
  });
const ofShareBack = ({ changes }: ApplyPlan) => changes.filter(({ kind }) => kind === 'share-back');

describe('who a domain shares back to', () => {
  it('is shown, and written after the mesh is saved; the worker begins at once', async () => {
    const plan = await prepareApply(hub.services(), sharing(REPORTING));
    expect(ofShareBack(plan)).toMatchObject([
      {
        subject: 'domain climate',
        sentence: `all central tables of domain climate are shared back to ${REPORTING}`,
        wanted: { account: '333333333333', principals: [REPORTING] },
      },
    ]);
    await applyMesh(hub.services(), sharing(REPORTING));
    expect(hub.log).toEqual(['save', 'share back climate', 'kick']);
  });

  it('says who gets it and who loses it', async () => {
    await applyMesh(hub.services(), sharing(REPORTING));
    const [change] = ofShareBack(await prepareApply(hub.services(), sharing(AUDIT)));
    expect(change?.sentence).toBe(
      `all central tables of domain climate are shared back to ${AUDIT}, and are no longer shared back to ${REPORTING}`,
    );
  });

  it('changes nothing when it is applied again, in whatever order', async () => {
    await applyMesh(hub.services(), sharing(REPORTING, AUDIT));
    hub.log.length = 0;
    expect(ofShareBack(await prepareApply(hub.services(), sharing(AUDIT, REPORTING)))).toEqual([]);
    expect(await applyMesh(hub.services(), sharing(REPORTING, AUDIT))).toMatchObject({ changes: [] });
    expect(hub.log).toEqual([]);
  });

  it.each([1, 2, 3])('is written in the end when the process dies after change %i', async changes => {
    hub.diesAfter = changes;
    await expect(applyMesh(hub.services(), sharing(REPORTING))).rejects.toThrow('died');
    hub.diesAfter = Infinity;
    await applyMesh(hub.services(), sharing(REPORTING));
    expect(hub.sharedBack).toEqual({ climate: [REPORTING] });
  });

  it('is nobody again when mesh.yml is as it was, though apply died before it said so', async () => {
    hub.diesAfter = 2;
    await expect(applyMesh(hub.services(), sharing(REPORTING))).rejects.toThrow('died');
    hub.diesAfter = Infinity;
    // The mesh went back by hand, and the list with it in mesh.yml alone.
    hub.applied = { ...hub.applied!, mesh: sampleStage().mesh };
    await applyMesh(hub.services(), sampleStage());
    expect(hub.sharedBack).toEqual({ climate: [] });
  });

  it('is nobody of a domain that leaves, so that one that comes back begins anew', async () => {
    await applyMesh(hub.services(), sharing(REPORTING));
    const without = changed(mesh => delete mesh.domains.climate);
    const { removal, changes } = await prepareApply(hub.services(), without);
    expect(changes.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['share-back', 'offboard']));
    await applyMesh(hub.services(), without, { remove: removal });
    expect(hub.sharedBack).toEqual({ climate: [] });
    await applyMesh(hub.services(), sharing(REPORTING));
    expect(hub.sharedBack).toEqual({ climate: [REPORTING] });
  });
});
