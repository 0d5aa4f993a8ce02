import { type Instant, laterBy } from './access-request.ts';
import type { StandingGrants, Wanted } from './share-back.ts';

/** How far it is: first the tables on which standing grants end, then all that there are. */
export interface ShareBackProgress {
  phase: 'ending' | 'giving';
  startedAt: Instant;
  /** How many tables were called for. */
  called: number;
  /** Where the phase's list goes on; undefined at its beginning. */
  from?: string;
}

/** What a changed list of who is shared back to leaves to do. */
export interface DomainWork {
  domain: string;
  wanted: Wanted;
  /** Undefined before the first page. */
  progress?: ShareBackProgress;
  /** Counts the writes: each expects the one that it read. */
  revision: number;
}

/** A page of a list of tables, and where the list goes on; undefined at its end. */
export interface TablePage {
  tables: string[];
  next?: string;
}

export interface DomainStandings {
  /** Undefined when nothing is left to do. */
  loadWork(domain: string): Promise<DomainWork | undefined>;
  /** @returns the work as it was saved @throws LedgerConflictError when it moved since it was read */
  saveProgress(work: DomainWork, progress: ShareBackProgress): Promise<DomainWork>;
  /** @throws LedgerConflictError when it moved since it was read */
  finishWork(work: DomainWork): Promise<void>;
  /** The domain's tables on which somebody has a standing grant and is wanted no more, as the ledger knows them. */
  unwantedTables(work: DomainWork, from: string | undefined): Promise<TablePage>;
}

/** The central catalog's list of a domain's tables. One that it does not show may be there all the same. */
export interface DomainTables {
  list(domain: string, from: string | undefined): Promise<TablePage>;
}

export interface ShareBackDomainServices {
  standing: Pick<StandingGrants, 'callFor'>;
  domainStandings: DomainStandings;
  domainTables: DomainTables;
  now(): Instant;
  deadline(): Instant;
}

/**
 * The list of who is shared back to has changed: calls for a look (`shareBack`) at every table of the domain, so many a minute that other work on the
 * queue is not held up, ends first. Works until its time is over, and goes on with the next sweep. Safe to repeat, twice at once, and to lose at
 * any point. Who is wanted no more is found by the ledger first: the catalog's list may hide tables. All that it shows are called for too, whoever is
 * wanted: whoever looks at one of them by the list before gives nothing any more.
 *
 * @throws LedgerConflictError when another works on it, or the list has changed again; the fault of a service. It stays due.
 */
export async function shareBackDomain(services: ShareBackDomainServices, domain: string): Promise<void> {
  const { standing, domainStandings, domainTables, now, deadline } = services;
  const stopAt = laterBy(deadline(), -SPARE_MILLISECONDS);
  let work = await domainStandings.loadWork(domain);
  while (work && now() < stopAt) {
    const { from, ...progress } = work.progress ?? { phase: 'ending' as const, startedAt: now(), called: 0 };
    const { tables, next } =
      progress.phase === 'ending'
        ? await domainStandings.unwantedTables(work, from)
        : await domainTables.list(domain, from);
    await callInPace(standing, tables, progress);
    const called = progress.called + tables.length;
    if (next !== undefined) work = await domainStandings.saveProgress(work, { ...progress, called, from: next });
    else if (progress.phase === 'ending')
      work = await domainStandings.saveProgress(work, { ...progress, called, phase: 'giving' });
    else return domainStandings.finishWork(work);
  }
}

/** What a page may take at most. */
const SPARE_MILLISECONDS = 15_000;

/** A table takes a function some seconds, and twenty functions work at once: this leaves most of their time to others. */
const TABLES_A_MINUTE = 100;

async function callInPace(
  standing: Pick<StandingGrants, 'callFor'>,
  tables: readonly string[],
  { startedAt, called }: Pick<ShareBackProgress, 'startedAt' | 'called'>,
): Promise<void> {
  const rounds = Map.groupBy(tables, (_, index) => Math.floor((called + index) / TABLES_A_MINUTE));
  for (const [minute, ofMinute] of rounds) await standing.callFor(ofMinute, laterBy(startedAt, minute * 60_000));
}
