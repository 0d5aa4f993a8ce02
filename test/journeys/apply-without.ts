/** `trellis apply` of the sample's mesh.yml without some of its members, as the hub's administrator does it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mesh } from '../../local/mesh.ts';
import { administratorOf, HUB } from '../../local/story/actors.ts';
import { applyServices } from '../../shared/aws/apply-services.ts';
import { type AppliedChanges, carryOut, prepareApply } from '../../shared/mesh/apply-mesh.ts';
import { readStage, type StageOfFolder } from '../../shared/mesh/read-mesh-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Applies with the digest of its own dry run, without waiting for what leaves. */
export async function applyWithout(
  mesh: Mesh,
  { domains = [], consumers = [] }: { domains?: string[]; consumers?: string[] },
): Promise<AppliedChanges> {
  const stage: StageOfFolder = readStage(ROOT, readFileSync(join(ROOT, 'mesh.yml'), 'utf8'), 'local');
  for (const name of domains) {
    delete stage.mesh.domains[name];
    delete stage.policies.domains[name];
  }
  for (const name of consumers) delete stage.mesh.consumers[name];
  const services = {
    ...applyServices(administratorOf(mesh.endpoint, HUB), stage.mesh, () => mesh.clock.iso()),
    // The sample's tables come by events.
    onboarding: undefined,
  };
  const plan = await prepareApply(services, stage);
  return carryOut(services, stage, plan, { remove: plan.removal, isNotWaiting: true });
}
