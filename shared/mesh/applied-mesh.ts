import type { PolicyTexts } from '../access/policy-compile.ts';
import type { Domain, Mesh } from './mesh.ts';

/** What `trellis apply` put in force: the mesh of the stage, and the policies of the council and of every domain. */
export interface AppliedMesh {
  mesh: Mesh;
  policies: PolicyTexts;
  /** When it was applied; the same for the same apply. */
  appliedAt: string;
  /** What has left `mesh` and is not wholly gone: kept until its grants, links, central tables and locations are. */
  leaving?: Leaving;
  /** Domains whose first reconcile is still to be started. */
  onboarding?: string[];
  /** Domains on whose tables the active grants are still to be decided again, by these policies. */
  redecide?: string[];
}

export interface Leaving {
  /** As they were when they left. */
  domains: Record<string, Domain>;
  accounts: string[];
  /** Prefixes that domains which stay have given up. */
  prefixes?: string[];
}

/** Where the applied mesh is kept. */
export interface MeshStore {
  load(): Promise<AppliedMesh | undefined>;
  save(applied: AppliedMesh): Promise<void>;
}

/** Nothing has been applied yet: events wait in their queues. */
export class NoMeshError extends Error {
  override name = 'NoMeshError';

  constructor() {
    super('No mesh has been applied to this stage. Run: trellis apply mesh.yml');
  }
}
