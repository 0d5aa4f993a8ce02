import type { PolicyTexts } from '../access/policy-compile.ts';
import type { Mesh } from './mesh.ts';

/** What `trellis apply` put in force: the mesh of the stage, and the policies of the council and of every domain. */
export interface AppliedMesh {
  mesh: Mesh;
  policies: PolicyTexts;
  /** When it was applied; the same for the same apply. */
  appliedAt: string;
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
