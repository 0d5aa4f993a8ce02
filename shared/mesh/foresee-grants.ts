import { type AccessRequest, isActive } from '../access/access-request.ts';
import { decidePairAgain, type InForce } from '../access/decide-again.ts';
import { createPolicyEngine } from '../access/policy.ts';
import type { TableDescription } from '../access/table-description.ts';
import type { Foreseen } from './apply-redecide.ts';
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
        for (const [index, redecision] of decidePairAgain(active, table, inForce, now).entries()) {
          const request = active[index];
          if (!request || redecision.kind === 'stands') continue;
          const { requestId, principal, terms } = request;
          const { policies } = redecision.kind === 'narrowed' ? redecision.left : redecision;
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
