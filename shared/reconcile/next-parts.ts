import { centralDatabase, isSyncedDatabase } from '../mesh/mesh.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import { type HeldBack, NO_COUNTS, type Part, partName, RequestError, type Run } from './reconcile-run.ts';
import { tellHeldBack } from './tell-drift.ts';

/** Parts that are handed out at once: their names fit in what a state machine passes on. */
const PARTS_AT_ONCE = 200;

/** How far a run is with handing out parts. */
export interface RunPosition {
  /** `compare`: every database. `remove`: those whose inferred removals are allowed. */
  phase: 'compare' | 'remove';
  /** The part that was handed out last; none yet. */
  after?: string;
}

/**
 * The parts that come next, some at a time; none when the run is done. Asked again for the same position it answers the same, but for databases that came
 * and went.
 * @throws RequestError for a domain that the mesh does not have
 */
export async function nextParts(
  services: ReconcileServices,
  run: Run,
  { phase, after = '' }: RunPosition,
): Promise<{ parts: Part[]; position: RunPosition }> {
  const parts = phase === 'compare' ? await partsToCompare(services, run) : await partsToRemove(services, run);
  const next = parts
    .sort((one, other) => compareNames(partName(one), partName(other)))
    .filter(part => partName(part) > after)
    .slice(0, PARTS_AT_ONCE);
  const last = next.at(-1);
  // After the last of them the names are not listed again.
  if (last && phase === 'compare' && next.length < PARTS_AT_ONCE) return { parts: next, position: { phase: 'remove' } };
  if (last) return { parts: next, position: { phase, after: partName(last) } };
  return phase === 'compare'
    ? nextParts(services, run, { phase: 'remove' })
    : { parts: [], position: { phase, after } };
}

function compareNames(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Every database that a domain has on either side. */
async function partsToCompare({ mesh, producers, central, runs }: ReconcileServices, run: Run): Promise<Part[]> {
  const { domain: only, database } = run.request;
  if (only !== undefined && !Object.hasOwn(mesh.domains, only))
    throw new RequestError(`The mesh has no domain ${only}. It has: ${Object.keys(mesh.domains).join(', ')}.`);
  const domains = only === undefined ? Object.keys(mesh.domains) : [only];
  if (only !== undefined && database !== undefined) return [{ domain: only, database }];
  const centralNames: string[] = [];
  for await (const names of central.databaseNames()) centralNames.push(...names);
  const parts: Part[] = [];
  for (const domain of domains) {
    const { account } = mesh.domains[domain]!;
    const prefix = centralDatabase(domain, '');
    const names = new Set(centralNames.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length)));
    try {
      for await (const page of producers.databaseNames(account))
        for (const name of page) if (isSyncedDatabase(mesh.domains[domain]!, name)) names.add(name);
    } catch (fault) {
      // One account that cannot be read does not keep the others from being compared.
      const failure = `The databases of account ${account} cannot be listed: ${(fault as Error).message}`;
      await runs.savePart(run.id, unread({ domain, database: '*' }, failure));
      continue;
    }
    for (const name of names) parts.push({ domain, database: name });
  }
  return parts;
}

/** Databases that are gone with their tables, of the domains where these are not too many to be believed. */
async function partsToRemove(services: ReconcileServices, run: Run): Promise<Part[]> {
  const { mesh, runs, measure } = services;
  if (run.request.dryRun) return [];
  const found = new Map<string, HeldBack & { parts: Part[] }>();
  for await (const reports of runs.parts(run.id)) {
    for (const { domain, database, counts, source } of reports) {
      const sum = found.get(domain) ?? { domain, removals: 0, ofTables: 0, parts: [] };
      sum.removals += counts.inferred;
      sum.ofTables += counts.central;
      if (counts.inferred > 0 && source === 'gone') sum.parts.push({ domain, database, mayRemove: true });
      found.set(domain, sum);
    }
  }
  const parts: Part[] = [];
  for (const { parts: gone, ...sum } of found.values()) {
    if (run.request.confirmRemovals || sum.removals <= mesh.caps.inferredRemovalShare * sum.ofTables)
      parts.push(...gone);
    else {
      measure('RemovalsHeldBack', sum.removals);
      await runs.holdBack(run.id, sum);
      await tellHeldBack(services, run, sum);
    }
  }
  return parts;
}

/** What is kept of a part that could not be compared. */
export function unread(part: Part, failure: string) {
  return { ...part, source: 'there' as const, counts: NO_COUNTS, differences: [], drift: 0, failure };
}
