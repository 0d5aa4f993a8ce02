import { createPolicyEngine, type PolicyEngine } from '../access/policy.ts';
import type { AppliedMesh } from '../mesh/applied-mesh.ts';

// Apart from the mesh's cache, because importing this loads Cedar: 4 MB of WebAssembly that only decisions need.

/** The policies of an applied mesh, made ready once for each apply. */
export function policyCache(): (applied: AppliedMesh) => PolicyEngine {
  let engine: PolicyEngine | undefined;
  let madeFor = '';
  return ({ policies, appliedAt }) => {
    if (!engine || madeFor !== appliedAt) engine = createPolicyEngine(policies);
    madeFor = appliedAt;
    return engine;
  };
}
