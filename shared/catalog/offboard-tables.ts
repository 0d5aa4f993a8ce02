import { tell } from '../telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import { DatabaseOfAnotherError } from './catalog-ports.ts';
import type { RemovalServices } from './remove-table.ts';
import { DOMAIN_PARAMETER } from './table-marks.ts';

/** The tables of a domain that leaves, taken up by this worker. */
export interface LeavingTables {
  domain: string;
  account: string;
  /** When they began to leave, ISO 8601: names the departure in what is told. */
  since: string;
  /** When this worker took them up for the first time. */
  startedAt: string;
}

/** What the ledger keeps of tables that leave. */
export interface DepartingTables {
  /** Takes them up, and keeps others from it until `until`; undefined when nothing is left to do. */
  claim(domain: string, now: string, until: string): Promise<LeavingTables | undefined>;
  /** Keeps the name of a table until all is gone that there is of it. Safe to repeat. */
  note(domain: string, table: string): Promise<void>;
  noted(domain: string): AsyncIterable<string[]>;
  /**
   * Forgets the table's name and all that kept it from being used again; keeps the event that tells of its end, all in one step.
   * @returns false when another has concluded it: then there is nothing to tell
   */
  conclude(domain: string, table: string, event?: ToldEvent): Promise<boolean>;
  /** Forgets what was kept of the domain's partitions and of tables that were kept out. @returns how much there was */
  forgetRest(domain: string): Promise<number>;
  saveProgress(tables: LeavingTables, left: number, lookAgainAt: string): Promise<void>;
  finish(tables: LeavingTables, doneAt: string): Promise<void>;
}

export interface OffboardTablesServices extends RemovalServices {
  departing: DepartingTables;
  /** When this process is certainly dead, ISO 8601. */
  deadline(): string;
  report(message: string, fault: unknown): void;
}

/**
 * Removes the central tables and databases of a domain that has left, as far as there is time: a table goes when nobody has anything on it any more.
 * Never looks at the source, which may be gone or unreadable. Stays due until nothing is left; may be repeated, be run twice at once, and be lost at
 * any point. A table that cannot be removed is reported and keeps no other waiting.
 *
 * A table's name is noted before the table goes, and forgotten with its last mark: what was left half-way is found by its note, without the table.
 *
 * @throws the fault of a service in listing: trying again helps.
 */
export async function offboardTables(services: OffboardTablesServices, domain: string): Promise<void> {
  const { departing, now } = services;
  const lookedAt = now();
  const tables = await departing.claim(domain, lookedAt, later(lookedAt, CLAIM_MILLISECONDS));
  if (!tables) return;
  const work = new TablesWork(services, tables);
  await work.removeAll();
  const certainAt = later(tables.startedAt, SYNCED_BEFORE_MILLISECONDS);
  const { found, left, failed } = work;
  if (found === 0 && lookedAt >= certainAt) return departing.finish(tables, now());
  await departing.saveProgress(tables, left, lookAgainAt(found, failed, left, certainAt, now()));
}

/** At once while something moves; what fails each time rests; what is gone is looked at once more when that is certain. */
function lookAgainAt(found: number, failed: number, left: number, certainAt: string, now: string): string {
  if (found === 0) return certainAt;
  return failed > 0 && failed === left ? later(now, FAILED_MILLISECONDS) : now;
}

/**
 * How long functions may still work by the mesh before: each reads it once a minute, `catalog-sync` works on for its own five, and a call that it
 * sent may land a minute later. What is looked at after that stays as it is found.
 */
export const SYNCED_BEFORE_MILLISECONDS = 420_000;
/** Longer than the function's own time. */
const CLAIM_MILLISECONDS = 300_000;
const FAILED_MILLISECONDS = 600_000;
const AT_ONCE = 8;
/** What one table needs before the process ends. */
const WORK_MILLISECONDS = 40_000;

class TablesWork {
  readonly #services: OffboardTablesServices;
  readonly #tables: LeavingTables;
  readonly #giveUpAt: string;
  /** What this look found that had to go. */
  found = 0;
  /** Of that, what is still there. */
  left = 0;
  /** Of that, what failed. */
  failed = 0;

  constructor(services: OffboardTablesServices, tables: LeavingTables) {
    this.#services = services;
    this.#tables = tables;
    this.#giveUpAt = later(services.deadline(), -WORK_MILLISECONDS);
  }

  async removeAll(): Promise<void> {
    const { central, departing } = this.#services;
    const { domain } = this.#tables;
    const noted = new Set<string>();
    for await (const page of departing.noted(domain)) for (const table of page) noted.add(table);
    const names = new Set(noted);
    const databases: string[] = [];
    for await (const page of central.databaseNames()) databases.push(...page.filter(name => isOf(domain, name)));
    for (const database of databases)
      for await (const { tables } of central.tablePages(database))
        for (const { content } of tables)
          if (content.Parameters[DOMAIN_PARAMETER] === domain) names.add(`${database}.${content.Name}`);
    this.found += names.size;
    await this.#each([...names], name => this.#remove(name, noted.has(name)));
    for (const database of databases) await this.#removeDatabase(database);
    if (this.left === 0) this.found += await departing.forgetRest(domain);
  }

  /** @returns false when somebody still has something on it */
  async #remove(name: string, isNoted: boolean): Promise<boolean> {
    const { departing, central, grants, seen, measure } = this.#services;
    const { domain, account, since } = this.#tables;
    const [database = '', table = ''] = name.split('.');
    const found = await central.read(database, table);
    // Another has removed it since it was listed.
    if (!found && !isNoted) return true;
    if (!isNoted) await departing.note(domain, name);
    if (found && found.content.Parameters[DOMAIN_PARAMETER] !== domain) {
      // Somebody has put something else there.
      await departing.conclude(domain, name);
      return true;
    }
    if (!(await grants.close(name, 'offboarding'))) return false;
    if (found) await central.remove(database, table);
    seen.forget(name);
    const data = { domain, database, table, changes: ['removed', 'offboarded'] };
    const event = toldEvent('Catalog Table Removed', [database, table, since], this.#services.now(), [account], data);
    if (!(await departing.conclude(domain, name, event))) return true;
    measure('CatalogRemovals', 1);
    await tell(this.#services, [event]);
    return true;
  }

  /** One in which somebody else keeps a table, or that somebody else made, stays. */
  async #removeDatabase(database: string): Promise<void> {
    const { central, report } = this.#services;
    try {
      for await (const { tables } of central.tablePages(database)) {
        const [content] = tables.map(one => one.content);
        if (!content) continue;
        if (content.Parameters[DOMAIN_PARAMETER] !== this.#tables.domain)
          report(`The central database ${database} stays`, new TableOfAnotherError(database, content.Name));
        return;
      }
      await central.removeDatabase(database);
      this.found++;
    } catch (fault) {
      if (fault instanceof DatabaseOfAnotherError) return report(`The central database ${database} stays`, fault);
      this.found++;
      this.#failed(`the central database ${database}`, fault);
    }
  }

  async #each(names: readonly string[], work: (name: string) => Promise<boolean>): Promise<void> {
    let next = 0;
    const worker = async () => {
      for (let name = names[next++]; name !== undefined; name = names[next++]) {
        if (this.#services.now() >= this.#giveUpAt) {
          this.left++;
          continue;
        }
        try {
          if (!(await work(name))) this.left++;
        } catch (fault) {
          this.#failed(`the central table ${name}`, fault);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, worker));
  }

  #failed(what: string, fault: unknown): void {
    this.left++;
    this.failed++;
    const advice = 'mend what the error says; it is tried again within ten minutes';
    this.#services.report(`Domain ${this.#tables.domain} leaves, and ${what} is not gone: ${advice}`, fault);
  }
}

/** A domain's name has no underscore: the first one ends it. */
function isOf(domain: string, database: string): boolean {
  return database.startsWith(`${domain}_`);
}

function later(instant: string, milliseconds: number): string {
  return new Date(Date.parse(instant) + milliseconds).toISOString();
}

class TableOfAnotherError extends Error {
  override name = 'TableOfAnotherError';

  constructor(database: string, table: string) {
    super(
      `${database}.${table} is no table of the domain's. Trellis leaves it, and the database with it; delete both if nobody needs them.`,
    );
  }
}
