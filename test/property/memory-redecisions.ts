import type { Instant } from '../../shared/access/access-request.ts';
import { type DueItem, LedgerConflictError } from '../../shared/access/ledger.ts';
import type { ChangedPolicies, DomainRedecision, RedecidedDomains } from '../../shared/access/redecide-domain.ts';
import type { CalledTables, Look, TakenTable } from '../../shared/access/redecide-table.ts';
import { isStanding } from '../../shared/access/standing-grant.ts';
import type { MemoryLedger, Stored } from './memory-ledger.ts';

/** What is to be decided again, in memory, under the conditions of `shared/aws/redecision-table.ts`. */
export class MemoryRedecisions implements CalledTables {
  /** Tables on a page of the index by owner. */
  pageSize = 2;
  readonly called = new Map<string, Stored<{ mark: string; certainAt: Instant; look?: Look }>>();
  readonly works = new Map<string, Stored<DomainRedecision>>();
  /** The domains for which other policies were applied, until that is spread. */
  applied: { domains: { domain: string; account: string }[]; mark: string; dueAt: Instant } | undefined;
  readonly #ledger: MemoryLedger;
  readonly #now: () => Instant;
  #marks = 0;

  constructor(ledger: MemoryLedger, now: () => Instant) {
    this.#ledger = ledger;
    this.#now = now;
    ledger.alsoDue.push(() => this.#dueItems());
  }

  /** As `apply` does, with the write that puts other policies in force. */
  apply(domain: string, account: string): void {
    this.applied = { domains: [{ domain, account }], mark: this.#mark(), dueAt: this.#now() };
  }

  async callFor(tables: readonly string[], dueAt: Instant, certainAt: Instant): Promise<void> {
    for (const table of tables) {
      const before = this.called.get(table)?.value.certainAt ?? certainAt;
      const value = { mark: this.#mark(), certainAt: before > certainAt ? before : certainAt };
      this.called.set(table, { value, dueAt });
    }
  }

  async take(table: string, until: Instant): Promise<TakenTable | undefined> {
    const stored = this.called.get(table);
    if (!stored) return undefined;
    this.called.set(table, { value: { ...stored.value, mark: this.#mark() }, dueAt: until });
    return { table, ...structuredClone(this.called.get(table)!.value) };
  }

  async finish({ table, mark }: TakenTable): Promise<void> {
    if (this.called.get(table)?.value.mark === mark) this.called.delete(table);
  }

  async putOff({ table, mark, certainAt }: TakenTable, dueAt: Instant, look?: Look): Promise<void> {
    if (this.called.get(table)?.value.mark !== mark) return;
    this.called.set(table, { value: { mark, certainAt, ...(look && { look }) }, dueAt });
  }

  readonly mesh: ChangedPolicies = {
    load: async () => structuredClone(this.applied),
    begin: async (domain, account) => {
      const revision = (this.works.get(domain)?.value.revision ?? 0) + 1;
      this.works.set(domain, { value: { domain, account, revision }, dueAt: this.#now() });
    },
    finish: async mark => {
      if (this.applied?.mark === mark) this.applied = undefined;
    },
  };

  readonly domains: RedecidedDomains = {
    load: async domain => {
      const stored = this.works.get(domain);
      return stored?.dueAt === undefined ? undefined : structuredClone(stored.value);
    },
    save: async (work, progress, dueAt) => {
      this.#expect(work);
      const value = { ...work, progress: structuredClone(progress), revision: work.revision + 1 };
      this.works.set(work.domain, { value, dueAt });
      return structuredClone(value);
    },
    finish: async work => {
      this.#expect(work);
      const { progress: _, ...rest } = work;
      this.works.set(work.domain, { value: { ...rest, revision: work.revision + 1 }, dueAt: undefined });
    },
    grantedTables: async ({ domain }, from = '0') => {
      const pairs = [...this.#ledger.pairs.values()].map(({ value }) => value);
      const tables = pairs
        .slice(Number(from), Number(from) + this.pageSize)
        .filter(({ record, grants }) => record.table.startsWith(`${domain}_`) && grants.some(each => !isStanding(each)))
        .map(({ record }) => record.table);
      const next = Number(from) + this.pageSize;
      return { tables: [...new Set(tables)], ...(next < pairs.length && { next: String(next) }) };
    },
  };

  #expect({ domain, revision }: DomainRedecision): void {
    if (this.works.get(domain)?.value.revision !== revision)
      throw new LedgerConflictError(`What is decided again of domain ${domain}`);
  }

  #dueItems(): { dueAt: Instant | undefined; item: DueItem }[] {
    return [
      ...[...this.called].map(([table, { dueAt }]) => ({ dueAt, item: { kind: 'redecide' as const, table } })),
      ...[...this.works].map(([domain, { dueAt }]) => ({ dueAt, item: { kind: 'redecide-domain' as const, domain } })),
      { dueAt: this.applied?.dueAt, item: { kind: 'redecide-mesh' as const } },
    ];
  }

  #mark(): string {
    return `mark ${++this.#marks}`;
  }
}
