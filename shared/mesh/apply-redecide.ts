import { isDeepStrictEqual } from 'node:util';
import type { AppliedMesh } from './applied-mesh.ts';
import type { RedecideGrants } from './apply-changes.ts';
import { accountsOf, type Mesh, teamsOfAccount } from './mesh.ts';
import type { StageOfFolder } from './read-mesh-folder.ts';

/** A grant that other policies would narrow or end. */
export interface ForeseenGrant {
  requestId: string;
  principal: string;
  table: string;
  outcome: 'narrowed' | 'ended';
  /** The columns that it would lose. */
  columns: string[];
  reasons: string[];
  policies: string[];
}

/** What deciding a domain's active grants again would come to. */
export interface Foreseen {
  domain: string;
  /** How many there are, and how many cannot be told, because their tables cannot be seen. */
  grants: number;
  unknown: number;
  changed: ForeseenGrant[];
}

/** The domains of which anything that policies go by has changed: their own policies, or what holds for all. Sorted as in mesh.yml. */
export function domainsToRedecide(applied: AppliedMesh | undefined, { mesh, policies }: StageOfFolder): string[] {
  if (!applied) return [];
  const known = Object.keys(mesh.domains).filter(name => Object.hasOwn(applied.mesh.domains, name));
  const forAll = (texts: AppliedMesh['policies'], ofMesh: Mesh) => [
    texts.schema,
    texts.guardrails,
    [...ofMesh.piiPurposes].sort(),
    // Of who stays: what has left is offboarded.
    accountsOf(mesh)
      .filter(account => accountsOf(applied.mesh).includes(account))
      .map(account => teamsOfAccount(ofMesh, account)),
  ];
  if (!isDeepStrictEqual(forAll(applied.policies, applied.mesh), forAll(policies, mesh))) return known;
  return known.filter(name => applied.policies.domains[name] !== policies.domains[name]);
}

/** What is decided again when the mesh is saved; one entry a domain. */
export function planRedecisions(foreseen: readonly Foreseen[]): RedecideGrants[] {
  return foreseen.map(each => ({
    kind: 'redecide',
    subject: `domain ${each.domain}`,
    foreseen: each,
    sentence: `access to domain ${each.domain} that is granted already is decided again: ${describe(each)}`,
  }));
}

function describe({ grants, unknown, changed }: Foreseen): string {
  if (grants === 0) return 'there is none';
  const ended = changed.filter(({ outcome }) => outcome === 'ended').length;
  const parts = [
    `${ended} of ${grants} would end`,
    `${changed.length - ended} would be narrowed`,
    ...(unknown > 0 ? [`${unknown} cannot be told, because you may not see their tables`] : []),
  ];
  return parts.join(', ');
}
