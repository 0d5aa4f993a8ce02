import { createHash } from 'node:crypto';
import type { AppliedMesh, MeshStore } from './applied-mesh.ts';

/** Starts the first reconcile of domains. */
export interface Onboarding {
  /** @param name of the execution: the same one again is the same run. */
  start(domain: string, name: string): Promise<'started' | 'no-machine'>;
}

/**
 * Starts a reconcile of each domain that the applied mesh has still to onboard, and remembers that it did. Stopped anywhere, done again it goes on.
 * @returns the mesh as it is kept then, and notes for a person
 */
export async function onboard(
  { onboarding, mesh }: { onboarding: Onboarding; mesh: MeshStore },
  applied: AppliedMesh,
): Promise<{ applied: AppliedMesh; notes: string[] }> {
  const { onboarding: domains = [], ...rest } = applied;
  if (domains.length === 0) return { applied, notes: [] };
  const notStarted: string[] = [];
  for (const domain of domains) {
    const outcome = await onboarding.start(domain, onboardingName(domain, applied.appliedAt));
    if (outcome === 'no-machine') notStarted.push(domain);
  }
  await mesh.save(rest);
  const notes =
    notStarted.length > 0
      ? [
          `This stage has no reconcile yet, so ${notStarted.join(', ')} ${notStarted.length === 1 ? 'is' : 'are'} not brought in as a whole: tables follow as they change. Deploy the hub, then reconcile.`,
        ]
      : [];
  return { applied: rest, notes };
}

/** At most 52 characters; an execution's name may have 80. */
function onboardingName(domain: string, appliedAt: string): string {
  return `onboard-${domain}-${createHash('sha256').update(appliedAt).digest('hex').slice(0, 12)}`;
}
