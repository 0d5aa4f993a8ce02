import { isDeepStrictEqual } from 'node:util';
import type { AccessRequest } from '../access/access-request.ts';
import { decidePairAgain, type InForce, isActive } from '../access/decide-again.ts';
import { createPolicyEngine } from '../access/policy.ts';
import type { TableDescription } from '../access/table-description.ts';
import type { AppliedMesh } from './applied-mesh.ts';
import type { RedecideGrants } from './apply-changes.ts';
import { accountsOf, type Mesh, teamsOfAccount } from './mesh.ts';
import type { StageOfFolder } from './read-mesh-folder.ts';

/** The requests whose grants one principal has on one table. */
export interface GrantsOfPair {
  requests: AccessRequest[];
  /** Undefined when there is no such table, or the caller may not see it. */
  table: TableDescription | undefined;
}

/** What there is of active grants, for a dry run. */
export interface ActiveGrants {
  /** Those on a domain's tables. From an index: one of the last moments may be missing. */
  of(domain: string, account: string): AsyncIterable<GrantsOfPair>;
}

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

/** Decides the active grants of domains again, and changes nothing. */
export async function foresee(
  activeGrants: ActiveGrants,
  { mesh, policies }: StageOfFolder,
  domains: readonly string[],
  now: string,
): Promise<Foreseen[]> {
  let inForce: InForce | undefined;
  const all: Foreseen[] = [];
  for (const domain of domains) {
    const foreseen: Foreseen = { domain, grants: 0, unknown: 0, changed: [] };
    for await (const { requests, table } of activeGrants.of(domain, mesh.domains[domain]!.account)) {
      const active = requests.filter(isActive);
      inForce ??= { mesh, policies: createPolicyEngine(policies) };
      foreseen.grants += active.length;
      if (!table) foreseen.unknown += active.length;
      else
        for (const redecision of decidePairAgain(active, table, inForce, now)) {
          if (redecision.kind === 'stands') continue;
          const { requestId, principal, terms, policies } = redecision.request;
          const had = terms.find(each => each.table === table.table)?.columns ?? [];
          foreseen.changed.push({
            requestId,
            principal,
            table: table.table,
            outcome: redecision.kind,
            columns: redecision.kind === 'narrowed' ? redecision.taken : had,
            reasons: redecision.reasons,
            policies,
          });
        }
    }
    all.push(foreseen);
  }
  return all;
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
