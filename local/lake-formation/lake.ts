/** What Lake Formation keeps for one account: settings, grants, data cells filters, registered locations. */
import type { CellsFilter } from './cells-filter.ts';
import { GrantStore } from './grant-store.ts';
import type { Permission } from './permissions.ts';
import { IAM_ALLOWED_PRINCIPALS } from './principals.ts';
import type { RegisteredLocation } from './registered-locations.ts';
import { FRESH_SETTINGS, type Settings } from './settings.ts';

export class Lake {
  readonly account: string;
  settings: Settings = FRESH_SETTINGS;
  readonly grants = new GrantStore();
  /** By ARN. */
  readonly locations = new Map<string, RegisteredLocation>();
  /** By table, then by name. */
  readonly #filters = new Map<string, Map<string, CellsFilter>>();

  constructor(account: string) {
    this.account = account;
    // In a fresh account IAM decides who makes databases. Source: Developer Guide, "Changing the default settings".
    const permissions = new Set<Permission>(['CREATE_DATABASE']);
    const change = { principal: IAM_ALLOWED_PRINCIPALS, resource: { kind: 'catalog' } as const, permissions };
    this.grants.apply({ ...change, grantable: new Set() }, 0, account);
  }

  filter(database: string, table: string, name: string): CellsFilter | undefined {
    return this.#filters.get(tableKey(database, table))?.get(name);
  }

  filtersOf(database: string, table: string): CellsFilter[] {
    return [...(this.#filters.get(tableKey(database, table))?.values() ?? [])];
  }

  allFilters(): CellsFilter[] {
    return [...this.#filters.values()].flatMap(filters => [...filters.values()]);
  }

  putFilter(filter: CellsFilter): void {
    const key = tableKey(filter.database, filter.table);
    const filters = this.#filters.get(key) ?? new Map<string, CellsFilter>();
    this.#filters.set(key, filters.set(filter.name, filter));
  }

  /** The filter and what was granted on it. */
  removeFilter(filter: CellsFilter): void {
    this.#filters.get(tableKey(filter.database, filter.table))?.delete(filter.name);
    for (const grant of [...this.grants.onTable(filter.database, filter.table)]) {
      if (grant.resource.kind === 'filter' && grant.resource.filter === filter.name) this.grants.remove(grant);
    }
  }

  /**
   * The table's filters and grants: they do not come back with its name. RAM's shares stay behind: "revoke before deleting".
   * Source: Developer Guide, "Cross-account data sharing best practices and considerations".
   */
  removeTable(database: string, table: string): void {
    this.#filters.delete(tableKey(database, table));
    for (const grant of [...this.grants.onTable(database, table)]) this.grants.remove(grant);
  }

  /** The same for a database and whatever lies in it. */
  removeDatabase(database: string): void {
    for (const filter of this.allFilters()) {
      if (filter.database === database) this.#filters.delete(tableKey(database, filter.table));
    }
    for (const grant of [...this.grants.inDatabase(database)]) this.grants.remove(grant);
  }
}

/** Every account has a lake, made when it is first asked for. */
export class Lakes {
  readonly #lakes = new Map<string, Lake>();

  of(account: string): Lake {
    let lake = this.#lakes.get(account);
    if (!lake) {
      lake = new Lake(account);
      this.#lakes.set(account, lake);
    }
    return lake;
  }
}

function tableKey(database: string, table: string): string {
  return `${database}.${table}`;
}
