import { type Instant, laterBy } from './access-request.ts';
import { DECIDED_BEFORE_MILLISECONDS } from './departures.ts';
import type { CalledTables } from './redecide-table.ts';
import type { TablePage } from './share-back-domain.ts';

/** How far it is. Twice through all tables: the second time when nobody can still be deciding by the policies before. */
export interface RedecisionProgress {
  pass: 'first' | 'last';
  startedAt: Instant;
  /** How many tables were called for in this pass. */
  called: number;
  /** Where the pass goes on; undefined at its beginning. */
  from?: string;
}

/** A domain whose policies, or the council's, have changed. */
export interface DomainRedecision {
  domain: string;
  /** The domain's. */
  account: string;
  /** Undefined before the first page. */
  progress?: RedecisionProgress;
  /** Counts the writes: each expects the one that it read. */
  revision: number;
}

export interface ChangedPolicies {
  /** What the mesh was applied with, until it is spread; undefined when nothing is. */
  load(): Promise<{ domains: { domain: string; account: string }[]; mark: string } | undefined>;
  /** Begins anew with a domain, however far an earlier one is. */
  begin(domain: string, account: string): Promise<void>;
  /** All domains are begun with. Another apply's stays. */
  finish(mark: string): Promise<void>;
}

export interface RedecidedDomains {
  /** Undefined when nothing is left to do. */
  load(domain: string): Promise<DomainRedecision | undefined>;
  /** @returns the work as it was saved @throws LedgerConflictError when it moved since it was read */
  save(work: DomainRedecision, progress: RedecisionProgress, dueAt: Instant): Promise<DomainRedecision>;
  /** @throws LedgerConflictError when it moved since it was read */
  finish(work: DomainRedecision): Promise<void>;
  /** The domain's tables on which somebody has a grant by a request. From an index: one of the last moments may be missing. */
  grantedTables(work: DomainRedecision, from: string | undefined): Promise<TablePage>;
}

export interface RedecideDomainServices {
  changedPolicies: ChangedPolicies;
  redecidedDomains: RedecidedDomains;
  calledTables: Pick<CalledTables, 'callFor'>;
  now(): Instant;
  deadline(): Instant;
}

/** Other policies are in force: begins with each domain that they concern. Safe to repeat, and to lose at any point. @throws the fault of the ledger */
export async function redecideMesh(services: RedecideDomainServices): Promise<void> {
  const { changedPolicies } = services;
  const changed = await changedPolicies.load();
  if (!changed) return;
  for (const { domain, account } of changed.domains) await changedPolicies.begin(domain, account);
  await changedPolicies.finish(changed.mark);
  // At once, as far as there is time; each is due by itself from now on.
  for (const { domain } of changed.domains) await redecideDomain(services, domain);
}

/**
 * Calls for all of a domain's tables on which somebody has a grant, so many a minute that other work on the queue is not held up. Works until its time
 * is over, and goes on with the next sweep. Safe to repeat, twice at once, and to lose at any point.
 *
 * @throws LedgerConflictError when another works on it, or the policies have changed again; the fault of the ledger. It stays due.
 */
export async function redecideDomain(services: RedecideDomainServices, domain: string): Promise<void> {
  const { redecidedDomains, calledTables, now, deadline } = services;
  const stopAt = laterBy(deadline(), -SPARE_MILLISECONDS);
  let work = await redecidedDomains.load(domain);
  while (work && now() < stopAt) {
    const progress = work.progress ?? { pass: 'first' as const, startedAt: now(), called: 0 };
    // Handed over by a sweep that saw it as it was.
    if (progress.startedAt > now()) return;
    const { tables, next } = await redecidedDomains.grantedTables(work, progress.from);
    await callInPace(calledTables, tables, progress, now());
    const called = progress.called + tables.length;
    if (next !== undefined)
      work = await redecidedDomains.save(work, { ...progress, called, from: next }, progress.startedAt);
    else if (progress.pass === 'last') return redecidedDomains.finish(work);
    else {
      const startedAt = laterBy(progress.startedAt, DECIDED_BEFORE_MILLISECONDS);
      work = await redecidedDomains.save(work, { pass: 'last', startedAt, called: 0 }, startedAt);
    }
  }
}

/** What a page may take at most. */
const SPARE_MILLISECONDS = 15_000;

/** A look at a table takes part of a second where nothing changes, and twenty functions work at once: this leaves most of their time to others. */
const TABLES_A_MINUTE = 500;

async function callInPace(
  calledTables: Pick<CalledTables, 'callFor'>,
  tables: readonly string[],
  { startedAt, called }: Pick<RedecisionProgress, 'startedAt' | 'called'>,
  now: Instant,
): Promise<void> {
  const rounds = Map.groupBy(tables, (_, index) => Math.floor((called + index) / TABLES_A_MINUTE));
  for (const [minute, ofMinute] of rounds)
    await calledTables.callFor(ofMinute, laterBy(startedAt, minute * 60_000), now);
}
