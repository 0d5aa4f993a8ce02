import type { Instant } from '../../shared/access/access-request.ts';
import { LedgerConflictError, type Turn } from '../../shared/access/ledger.ts';
import type { StandingGrants, TakenTurn, Wanted } from '../../shared/access/share-back.ts';
import type {
  DomainStandings,
  DomainWork,
  ShareBackProgress,
  TablePage,
} from '../../shared/access/share-back-domain.ts';
import { isStanding } from '../../shared/access/standing-grant.ts';
import type { SharedBack } from '../../shared/mesh/apply-share-back.ts';
import type { MemoryLedger } from './memory-ledger.ts';

/** Who is shared back to, in memory, under the conditions of `shared/aws/share-back-table.ts`. The turns lie in the ledger, whose transactions check them. */
export class MemoryStandings implements StandingGrants, DomainStandings, SharedBack {
  /** Tables on a page of the index by owner. */
  pageSize = 2;
  readonly #ledger: MemoryLedger;
  readonly #now: () => Instant;
  #marks = 0;

  constructor(ledger: MemoryLedger, now: () => Instant) {
    this.#ledger = ledger;
    this.#now = now;
  }

  async wanted(domain: string): Promise<Wanted | undefined> {
    return structuredClone(this.#ledger.shared.get(domain)?.value.wanted);
  }

  async read(domains: readonly string[]): Promise<Record<string, string[]>> {
    const known = domains.flatMap(domain => this.#ledger.shared.get(domain)?.value ?? []);
    return Object.fromEntries(known.map(({ domain, wanted }) => [domain, [...wanted.principals]]));
  }

  async want(domain: string, wanted: Wanted): Promise<void> {
    const revision = (this.#ledger.shared.get(domain)?.value.revision ?? 0) + 1;
    const value = structuredClone({ domain, wanted, revision });
    this.#ledger.shared.set(domain, { value, dueAt: this.#now() });
  }

  async loadWork(domain: string): Promise<DomainWork | undefined> {
    const stored = this.#ledger.shared.get(domain);
    return stored?.dueAt === undefined ? undefined : structuredClone(stored.value);
  }

  async saveProgress(work: DomainWork, progress: ShareBackProgress): Promise<DomainWork> {
    const { dueAt } = this.#unmoved(work);
    const value = structuredClone({ ...work, progress, revision: work.revision + 1 });
    this.#ledger.shared.set(work.domain, { value, dueAt });
    return structuredClone(value);
  }

  async finishWork(work: DomainWork): Promise<void> {
    const { progress: _, ...rest } = this.#unmoved(work).value;
    this.#ledger.shared.set(work.domain, { value: { ...rest, revision: work.revision + 1 }, dueAt: undefined });
  }

  #unmoved({ domain, revision }: DomainWork) {
    const stored = this.#ledger.shared.get(domain);
    if (stored?.value.revision !== revision) throw new LedgerConflictError(`What is shared back of domain ${domain}`);
    return stored;
  }

  async unwantedTables({ domain, wanted }: DomainWork, from = '0'): Promise<TablePage> {
    const pairs = [...this.#ledger.pairs.values()].map(({ value }) => value);
    const page = pairs.slice(Number(from), Number(from) + this.pageSize);
    const tables = page
      .filter(({ record, grants }) => grants.some(isStanding) && !wanted.principals.includes(record.principal))
      .map(({ record }) => record.table)
      .filter(table => table.startsWith(`${domain}_`));
    const next = Number(from) + this.pageSize;
    return next < pairs.length ? { tables, next: String(next) } : { tables };
  }

  async callFor(tables: readonly string[], dueAt: Instant): Promise<void> {
    for (const table of tables) this.#ledger.turns.set(table, { value: { mark: this.#mark(), tries: 0 }, dueAt });
  }

  async takeTurn(table: string, dueAt: Instant): Promise<TakenTurn> {
    const taken = { mark: this.#mark(), tries: (this.#ledger.turns.get(table)?.value.tries ?? 0) + 1 };
    this.#ledger.turns.set(table, { value: taken, dueAt });
    return { table, ...taken };
  }

  async holdsTurn({ table, mark }: Turn): Promise<boolean> {
    return this.#ledger.turns.get(table)?.value.mark === mark;
  }

  async finishTurn(turn: Turn): Promise<void> {
    if (await this.holdsTurn(turn)) this.#ledger.turns.delete(turn.table);
  }

  async putOffTurn(turn: Turn, dueAt: Instant): Promise<void> {
    const stored = this.#ledger.turns.get(turn.table);
    if (stored?.value.mark === turn.mark) stored.dueAt = dueAt;
  }

  #mark(): string {
    return `mark ${++this.#marks}`;
  }
}
