import type { Wanted } from '../access/share-back.ts';
import type { AppliedMesh } from './applied-mesh.ts';
import type { HubState, ShareBack } from './apply-changes.ts';
import type { Mesh } from './mesh.ts';

/** Where it is kept who is shared back to. A worker in the hub follows it. */
export interface SharedBack {
  /** The lists as they were written last, by domain; one that never shared back is not in it. */
  read(domains: readonly string[]): Promise<Record<string, string[]>>;
  /** Writes a domain's list, and has the worker bring all of its central tables up to it. Safe to do twice. */
  want(domain: string, wanted: Wanted): Promise<void>;
}

/** The domains that may share back, or did: those of the mesh, of the one before, and those that are leaving. */
export function sharingDomains(applied: AppliedMesh | undefined, mesh: Mesh): string[] {
  const all = [mesh.domains, applied?.mesh.domains, applied?.leaving?.domains];
  return [...new Set(all.flatMap(domains => Object.keys(domains ?? {})))];
}

/** The lists that must be written. A domain that is not in the mesh shares back to nobody. */
export function planShareBack(mesh: Mesh, { applied, sharedBack }: HubState): ShareBack[] {
  if (!sharedBack) return [];
  return sharingDomains(applied, mesh).flatMap(name => {
    const domain = mesh.domains[name] ?? applied?.mesh.domains[name] ?? applied?.leaving?.domains[name];
    const before = sharedBack[name] ?? [];
    const principals = mesh.domains[name]?.shareBack ?? [];
    const added = principals.filter(arn => !before.includes(arn));
    const removed = before.filter(arn => !principals.includes(arn));
    if (!domain || added.length + removed.length === 0) return [];
    const what = [
      ...(added.length > 0 ? [`are shared back to ${added.join(', ')}`] : []),
      ...(removed.length > 0 ? [`are no longer shared back to ${removed.join(', ')}`] : []),
    ].join(', and ');
    const sentence = `all central tables of domain ${name} ${what}`;
    const wanted = { account: domain.account, principals: [...principals] };
    return [{ kind: 'share-back' as const, subject: `domain ${name}`, domain: name, wanted, sentence }];
  });
}
