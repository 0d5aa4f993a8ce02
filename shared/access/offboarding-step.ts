import { isInMesh, type Mesh } from '../mesh/mesh.ts';
import type { AccessRequest } from './access-request.ts';
import type { NextStep } from './next-step.ts';

/** What has left the mesh of the two that a request rests on, its account and its domain: `Account 444444444444`, `Domain climate`. */
export function whatLeft(mesh: Mesh, { account, domain }: AccessRequest): string | undefined {
  if (!isInMesh(mesh, account)) return `Account ${account}`;
  return Object.hasOwn(mesh.domains, domain) ? undefined : `Domain ${domain}`;
}

/** What is due, in place of all else, for a request that rests on what has left. */
export function offboardingStep({ state }: AccessRequest): NextStep {
  switch (state.status) {
    case 'waiting':
      return { kind: 'deny-left' };
    case 'approved':
    case 'granted':
      return { kind: 'end-left' };
    case 'ending':
      return { kind: 'withdraw' };
    case 'ended':
    case 'denied':
      return { kind: 'wait', until: undefined };
  }
}
