/** The permissions that one account's catalog has granted, found by table, by database and by principal. */
import type { Permission } from './permissions.ts';
import { type Resource, resourceKey } from './resource.ts';

/** What one principal holds on one resource. Never changed in place. */
export interface Grant {
  /** Grows with every new entry: the order of lists, and where a page goes on. */
  readonly sequence: number;
  readonly principal: string;
  readonly resource: Resource;
  readonly permissions: ReadonlySet<Permission>;
  readonly grantable: ReadonlySet<Permission>;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  readonly updatedBy: string;
}

/** What a principal shall hold on a resource from now on. Without permissions the entry goes. */
export interface GrantChange {
  principal: string;
  resource: Resource;
  permissions: ReadonlySet<Permission>;
  grantable: ReadonlySet<Permission>;
}

export class GrantStore {
  readonly #all = new Map<string, Grant>();
  /** By each of: table; database (its own and its tables'); principal and table; principal and database; principal without any. */
  readonly #index = new Map<string, Map<string, Grant>>();
  #sequence = 0;

  get(principal: string, resource: Resource): Grant | undefined {
    return this.#all.get(grantKey(principal, resource));
  }

  /** In the order in which they were first granted. */
  all(): Iterable<Grant> {
    return this.#all.values();
  }

  /** On the table, its columns and its filters; not those on all tables of the database. */
  onTable(database: string, table: string): Iterable<Grant> {
    return this.#lookup('table', database, table);
  }

  /** On the database, its tables, columns and filters. */
  inDatabase(database: string): Iterable<Grant> {
    return this.#lookup('database', database);
  }

  heldOnTable(principal: string, database: string, table: string): Iterable<Grant> {
    return this.#lookup('held-table', principal, database, table);
  }

  heldInDatabase(principal: string, database: string): Iterable<Grant> {
    return this.#lookup('held-database', principal, database);
  }

  /** On the catalog and on locations. */
  heldOutsideDatabases(principal: string): Iterable<Grant> {
    return this.#lookup('held-outside', principal);
  }

  apply(change: GrantChange, at: number, by: string): void {
    const key = grantKey(change.principal, change.resource);
    const held = this.#all.get(key);
    if (change.permissions.size === 0) {
      if (held) this.remove(held);
      return;
    }
    const grant: Grant = { ...change, sequence: held?.sequence ?? ++this.#sequence, updatedAt: at, updatedBy: by };
    this.#all.set(key, grant);
    for (const place of places(grant)) {
      const entries = this.#index.get(place) ?? new Map<string, Grant>();
      this.#index.set(place, entries.set(key, grant));
    }
  }

  remove(grant: Grant): void {
    const key = grantKey(grant.principal, grant.resource);
    this.#all.delete(key);
    for (const place of places(grant)) {
      const entries = this.#index.get(place);
      entries?.delete(key);
      if (entries?.size === 0) this.#index.delete(place);
    }
  }

  #lookup(...place: string[]): Iterable<Grant> {
    return this.#index.get(placeKey(place))?.values() ?? [];
  }
}

function grantKey(principal: string, resource: Resource): string {
  return `${principal} ${resourceKey(resource)}`;
}

function places({ principal, resource }: Grant): string[] {
  const names: string[][] = [];
  if ('database' in resource) {
    names.push(['database', resource.database], ['held-database', principal, resource.database]);
    if ('table' in resource) {
      names.push(['table', resource.database, resource.table]);
      names.push(['held-table', principal, resource.database, resource.table]);
    }
  } else names.push(['held-outside', principal]);
  return names.map(placeKey);
}

/** Nothing in a catalog has a line feed in its name. Every call of Glue asks for some: JSON would cost more than the look-up itself. */
function placeKey(place: string[]): string {
  return place.join('\n');
}
