import type { Pair } from '../../shared/access/access-request.ts';
import { accountOf } from '../../shared/access/access-request.ts';
import type { ConsumerLinks, LakePermissions } from '../../shared/access/converge-pair.ts';
import { type CellFilter, isDescription } from '../../shared/access/entitlement.ts';
import { type ActualAccess, permissionsOf } from '../../shared/access/plan-converge.ts';
import type { InvitationState, ResourceShares } from '../../shared/access/provision.ts';

/** A change that was asked of Lake Formation, whether or not it changed anything. */
export interface LakeChange {
  kind: 'create' | 'grant' | 'revoke' | 'delete';
  table: string;
  filter: string;
  principal?: string;
}

interface Held {
  principal: string;
  table: string;
  filter: string;
  permissions: string[];
}

/**
 * The hub's Lake Formation, for data cells filters and their grants, and what consumers see of it: links and shares. Others put things there
 * too (`put…`), which Trellis must neither change nor count as its own.
 */
export class MemoryLake implements LakePermissions, ConsumerLinks, ResourceShares {
  /** Filters by `<table> <name>`. */
  readonly filters = new Map<string, CellFilter>();
  /** Grants of filters by `<table> <principal> <name>`. */
  readonly grants = new Map<string, Held>();
  /** Permissions on whole tables, by `<table> <principal>`. */
  readonly named = new Map<string, string[]>();
  /** Principals that see the link of their account: `<table> <principal>`. */
  readonly sights = new Set<string>();
  /** Links in consumers' catalogs: `<table> <account>`. */
  readonly links = new Set<string>();
  readonly changes: LakeChange[] = [];
  readonly #foreign = new Set<string>();
  /** The columns of a table, of which alone filters are made; undefined for one that is not looked up. */
  columnsOf: (table: string) => readonly { name: string }[] | undefined = () => undefined;

  /** A filter that somebody else made and granted. */
  putForeignFilter(pair: Pair, filter: CellFilter): void {
    this.filters.set(`${pair.table} ${filter.name}`, filter);
    this.#put(pair, filter.name);
    this.#foreign.add(`${pair.table} ${filter.name}`);
  }

  /** A grant on the whole table that somebody else gave. */
  putForeignTableGrant({ table, principal }: Pair, permissions: string[]): void {
    this.named.set(`${table} ${principal}`, permissions);
  }

  /** All that others put there, to compare. */
  foreignEntries(): unknown {
    const isForeign = ({ table, filter }: Held) => this.#foreign.has(`${table} ${filter}`);
    return JSON.parse(
      JSON.stringify([
        [...this.#foreign].map(key => [key, this.filters.get(key)]),
        [...this.grants.values()].filter(isForeign),
        [...this.named],
      ]),
    );
  }

  isForeign(table: string, filter: string): boolean {
    return this.#foreign.has(`${table} ${filter}`);
  }

  /** The filters on a table that are not of others. */
  filtersOfTrellis(table: string): CellFilter[] {
    return [...this.filters]
      .filter(([key]) => key.startsWith(`${table} `) && !this.#foreign.has(key))
      .map(([, filter]) => filter);
  }

  /** The filters by which a principal reads a table, but for those of others. */
  accessByTrellis({ table, principal }: Pair): CellFilter[] {
    return [...this.grants.values()]
      .filter(held => held.table === table && held.principal === principal && !this.isForeign(table, held.filter))
      .map(held => this.filters.get(`${table} ${held.filter}`) ?? unknownFilter(held.filter));
  }

  async read({ table, principal }: Pair): Promise<ActualAccess> {
    const filters = [...this.filters].filter(([key]) => key.startsWith(`${table} `)).map(([, { name }]) => name);
    const held = [...this.grants.values()].filter(grant => grant.table === table && grant.principal === principal);
    return {
      filters: new Set(filters),
      granted: new Map(held.map(grant => [grant.filter, [...grant.permissions]])),
      others: [...(this.named.get(`${table} ${principal}`) ?? [])],
    };
  }

  async createFilter(table: string, filter: CellFilter): Promise<void> {
    const columns = this.columnsOf(table);
    const missing = columns && filter.columns.find(name => !columns.some(column => column.name === name));
    if (missing !== undefined)
      throw Object.assign(new Error(`Column not found: ${missing}`), { name: 'InvalidInputException' });
    this.changes.push({ kind: 'create', table, filter: filter.name });
    const key = `${table} ${filter.name}`;
    if (!this.filters.has(key)) this.filters.set(key, structuredClone(filter));
  }

  /** @throws EntityNotFoundException when there is no such filter. */
  async grant({ table, principal }: Pair, entry: CellFilter): Promise<void> {
    const { name } = entry;
    this.changes.push({ kind: 'grant', table, filter: name, principal });
    if (!isDescription(entry) && !this.filters.has(`${table} ${name}`)) {
      throw Object.assign(new Error(`Cell Filter not found: ${name}`), { name: 'EntityNotFoundException' });
    }
    this.#put({ table, principal }, name);
  }

  #put({ table, principal }: Pair, filter: string): void {
    this.grants.set(`${table} ${principal} ${filter}`, {
      principal,
      table,
      filter,
      permissions: [...permissionsOf({ name: filter })],
    });
  }

  async revoke({ table, principal }: Pair, filters: readonly CellFilter[]): Promise<void> {
    for (const { name } of filters) {
      this.changes.push({ kind: 'revoke', table, filter: name, principal });
      this.grants.delete(`${table} ${principal} ${name}`);
    }
  }

  /** The grants of a filter go with it. */
  async deleteFilter(table: string, filterName: string): Promise<void> {
    this.changes.push({ kind: 'delete', table, filter: filterName });
    this.filters.delete(`${table} ${filterName}`);
    for (const [key, held] of this.grants)
      if (held.table === table && held.filter === filterName) this.grants.delete(key);
  }

  async ensure({ table, principal }: Pair): Promise<void> {
    this.links.add(`${table} ${accountOf(principal)}`);
    this.sights.add(`${table} ${principal}`);
  }

  async release({ table, principal }: Pair, isLast: boolean): Promise<void> {
    const account = accountOf(principal);
    if (isLast) {
      this.links.delete(`${table} ${account}`);
      for (const sight of this.sights)
        if (sight.startsWith(`${table} arn:aws:iam::${account}:`)) this.sights.delete(sight);
    }
    this.sights.delete(`${table} ${principal}`);
  }

  /** A share follows a grant at once. */
  async isAssociated(account: string, table: string): Promise<boolean> {
    return [...this.grants.values()].some(held => held.table === table && accountOf(held.principal) === account);
  }

  async acceptInvitations(): Promise<InvitationState> {
    return 'none';
  }
}

/** A grant whose filter has gone gives nothing, but it is there. */
function unknownFilter(name: string): CellFilter {
  return { name, columns: [], rowFilter: null };
}
