import { createHash } from 'node:crypto';
import type { Domain, Mesh } from './mesh.ts';

/** What a decision of a domain with `decisions: direct` rests on: who may put one on the hub's bus, by the bus's policy. */
export interface DirectDecisions {
  /** Accounts of which the bus takes a decision from a steward's own put alone. */
  accounts: string[];
  stewards: string[];
  /** Of each such domain, the mark by which a function knows that its stack's bus policy holds to the stewards of the mesh in force. */
  marks: string[];
}

export function directDecisions(mesh: Mesh): DirectDecisions {
  const direct = Object.entries(mesh.domains).filter(([, { decisions }]) => decisions === 'direct');
  return {
    accounts: [...new Set(direct.map(([, { account }]) => account))],
    stewards: [...new Set(direct.flatMap(([, { stewards }]) => stewards))],
    marks: direct.map(([name, domain]) => directMark(name, domain)),
  };
}

/** Short, as all of a function's settings together have 4 KB: the domain, and a digest of its account and its stewards. Source: Lambda quotas. */
export function directMark(name: string, { account, stewards }: Pick<Domain, 'account' | 'stewards'>): string {
  const digest = createHash('sha256').update(JSON.stringify([account, [...stewards].sort()]));
  return `${name}:${digest.digest('hex').slice(0, 12)}`;
}
