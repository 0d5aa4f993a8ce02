import type { AppliedMesh, MeshStore } from '../mesh/applied-mesh.ts';
import { NoMeshError } from '../mesh/applied-mesh.ts';

/** How long a warm function goes on with the mesh that it read: an `apply` is in force everywhere after so long. */
export const FRESH_MILLISECONDS = 60_000;

/** The mesh in force, read once a minute at the most. @throws NoMeshError (by the returned function) before the first apply. */
export function meshCache(store: MeshStore): () => Promise<AppliedMesh> {
  let applied: AppliedMesh | undefined;
  let readAt = 0;
  return async () => {
    const now = Date.now();
    if (applied && now - readAt < FRESH_MILLISECONDS && now >= readAt) return applied;
    applied = await store.load();
    if (!applied) throw new NoMeshError();
    readAt = now;
    return applied;
  };
}
