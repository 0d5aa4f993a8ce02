/** What leaves the mesh, and what joins it, when another is applied. Pure. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AppliedMesh, Leaving } from './applied-mesh.ts';
import type { MeshChange } from './apply-changes.ts';
import { accountsOf, isWithinPrefixes, type Mesh } from './mesh.ts';

/** One thing that is offboarded: all access to a domain's tables, or all access of an account. */
export type LeavingThing = { kind: 'domain'; domain: string; account: string } | { kind: 'account'; account: string };

/** What leaves with this mesh, and what has left before and is not gone yet; undefined when nothing does. @throws DomainMovedError, StillLeavingError */
export function leavingWith(applied: AppliedMesh | undefined, mesh: Mesh): Leaving | undefined {
  if (!applied) return undefined;
  const { mesh: before, leaving } = applied;
  refuseReturn(leaving, mesh);
  const domains = { ...leaving?.domains };
  const prefixes = [...(leaving?.prefixes ?? [])];
  for (const [name, domain] of Object.entries(before.domains)) {
    const after = mesh.domains[name];
    if (!after) domains[name] = domain;
    else if (after.account !== domain.account) throw new DomainMovedError(name, domain.account, after.account);
    else prefixes.push(...domain.prefixes.filter(prefix => !after.prefixes.includes(prefix)));
  }
  const staying = accountsOf(mesh);
  const accounts = accountsOf(before).filter(account => !staying.includes(account));
  const all = { domains, accounts: [...new Set([...(leaving?.accounts ?? []), ...accounts])] };
  if (Object.keys(domains).length + all.accounts.length + prefixes.length === 0) return undefined;
  return prefixes.length > 0 ? { ...all, prefixes: [...new Set(prefixes)] } : all;
}

function refuseReturn(leaving: Leaving | undefined, mesh: Mesh): void {
  const members = accountsOf(mesh);
  const domain = Object.keys(leaving?.domains ?? {}).find(name => Object.hasOwn(mesh.domains, name));
  if (domain !== undefined) throw new StillLeavingError(`domain ${domain}`);
  const account = leaving?.accounts.find(each => members.includes(each));
  if (account !== undefined) throw new StillLeavingError(`account ${account}`);
}

export function thingsOf(leaving: Leaving | undefined): LeavingThing[] {
  const domains = Object.entries(leaving?.domains ?? {});
  return [
    ...domains.map(([domain, { account }]) => ({ kind: 'domain' as const, domain, account })),
    ...(leaving?.accounts ?? []).map(account => ({ kind: 'account' as const, account })),
  ];
}

/** `domain climate`, `account 333333333333` */
export function nameOfThing(thing: LeavingThing): string {
  return thing.kind === 'domain' ? `domain ${thing.domain}` : `account ${thing.account}`;
}

/** The prefixes that no domain of the mesh covers any more. */
export function prefixesGivenUp(leaving: Leaving | undefined, mesh: Mesh): string[] {
  const given = [
    ...Object.values(leaving?.domains ?? {}).flatMap(({ prefixes }) => prefixes),
    ...(leaving?.prefixes ?? []),
  ];
  const staying = Object.values(mesh.domains);
  return [...new Set(given)].filter(prefix => !staying.some(domain => isWithinPrefixes(domain, prefix)));
}

/** Names exactly these removals: whoever gives it has seen them. Twelve hexadecimal digits. */
export function removalDigest({ stage, hub }: Pick<Mesh, 'stage' | 'hub'>, removals: readonly MeshChange[]): string {
  const lines = removals.map(({ subject, sentence }) => `${subject}\n${sentence}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([stage, hub, lines]))
    .digest('hex')
    .slice(0, 12);
}

/** The domains that are new, or whose tables may be others now. */
export function domainsToReconcile(before: Mesh | undefined, after: Mesh): string[] {
  return Object.entries(after.domains)
    .filter(([name, { databases, prefixes }]) => {
      const known = before?.domains[name];
      if (!known) return true;
      return !isDeepStrictEqual([known.databases, known.prefixes], [databases, prefixes]);
    })
    .map(([name]) => name);
}

/** A domain's account has changed. Trying again does not help; two applies do. */
export class DomainMovedError extends Error {
  override name = 'DomainMovedError';

  constructor(domain: string, from: string, to: string) {
    super(
      `Domain ${domain} cannot move from account ${from} to ${to}: its tables and grants are of ${from}. Let it leave first (take it out of mesh.yml and apply), then let it join from ${to}. Or join it under another name beside the old one.`,
    );
  }
}

/** What leaves cannot join before it has left. Trying again helps when it has. */
export class StillLeavingError extends Error {
  override name = 'StillLeavingError';

  constructor(subject: string) {
    super(
      `The ${subject} is still leaving and cannot join again yet. Apply mesh.yml without it until that has ended, then with it.`,
    );
  }
}
