import type { CatalogContents, GlueDatabase, GlueTable } from '../core/ports.ts';
import type { PolicyDocument } from '../core/service.ts';
import { OrderedMap } from './ordered-map.ts';
import { PartitionSet } from './partition-set.ts';

export interface StoredTable {
  /** Never changed in place: an update puts another object here. */
  table: GlueTable;
  /** Earlier versions that were kept, the oldest first. */
  archived: GlueTable[];
  /** Undefined until there is one: most of 50,000 tables have none. */
  partitions: PartitionSet | undefined;
}

export interface StoredDatabase {
  database: GlueDatabase;
  tables: OrderedMap<StoredTable>;
}

interface StoredPolicy {
  text: string;
  document: PolicyDocument;
  hash: string;
  createTime: number;
  updateTime: number;
}

/** The catalogs of all accounts, as they are. Names are in lower case. No permission is asked here. */
export class Catalog {
  readonly #accounts = new Map<string, OrderedMap<StoredDatabase>>();
  /** The resource policy of each account's catalog. */
  readonly policies = new Map<string, StoredPolicy>();

  /** The accounts that have a catalog, in order. */
  accounts(): string[] {
    return [...this.#accounts.keys()].sort();
  }

  databases(account: string): OrderedMap<StoredDatabase> {
    return this.#accounts.get(account) ?? new OrderedMap();
  }

  addDatabase(database: GlueDatabase): void {
    const databases = this.databases(database.CatalogId);
    databases.set(database.Name, { database, tables: new OrderedMap() });
    this.#accounts.set(database.CatalogId, databases);
  }

  database(account: string, name: string): StoredDatabase | undefined {
    return this.#accounts.get(account)?.get(name);
  }

  table(account: string, database: string, name: string): StoredTable | undefined {
    return this.database(account, database)?.tables.get(name);
  }

  contents(): CatalogContents {
    return {
      database: (account, name) => this.database(account, name.toLowerCase())?.database,
      table: (account, database, name) => this.table(account, database.toLowerCase(), name.toLowerCase())?.table,
      tables: (account, database) =>
        Array.from(this.database(account, database.toLowerCase())?.tables.values() ?? [], stored => stored.table),
      partitions: (account, database, table) =>
        Array.from(
          this.table(account, database.toLowerCase(), table.toLowerCase())?.partitions?.all() ?? [],
          partition => ({ Values: partition.values, Location: partition.location }),
        ),
    };
  }
}

export function partitionsOf(stored: StoredTable): PartitionSet {
  stored.partitions ??= new PartitionSet();
  return stored.partitions;
}
