/** Who may do what, decided from grants and settings alone. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { CallerIdentity, ResourceSharing } from '../core/ports.ts';
import type { Grant } from './grant-store.ts';
import type { Lake, Lakes } from './lake.ts';
import type { Permission } from './permissions.ts';
import { IAM_ALLOWED_PRINCIPALS } from './principals.ts';
import { covers } from './registered-locations.ts';
import { ALL_TABLES, missingOrHidden, type Resource, sharedArn } from './resource.ts';

/**
 * An administrator of the data lake: describes everything of its account, may grant everything to anyone, has data location permissions
 * everywhere and makes databases; has no SELECT, DROP or ALTER by itself. Source: Developer Guide, "Implicit Lake Formation permissions".
 * Simplification: the account's own administrator (root) counts as one, so that an account is never locked out of its own lake.
 */
export function isDataLakeAdministrator(caller: CallerIdentity, lake: Lake): boolean {
  return (
    caller.account === lake.account &&
    (caller.isAdministrator || lake.settings.administrators.includes(caller.principal))
  );
}

/** Administrators, and those who may only look. */
export function describesEverything(caller: CallerIdentity, lake: Lake): boolean {
  const isReadOnly = caller.account === lake.account && lake.settings.readOnlyAdministrators.includes(caller.principal);
  return isReadOnly || isDataLakeAdministrator(caller, lake);
}

export class Authority {
  readonly #lakes: Lakes;
  readonly #sharing: ResourceSharing;

  constructor(lakes: Lakes, sharing: ResourceSharing) {
    this.#lakes = lakes;
    this.#sharing = sharing;
  }

  /** The grants on a table, its columns, its filters, and on all tables of its database, that have effect for the caller. */
  onTable(caller: CallerIdentity, lake: Lake, database: string, table: string): Grant[] {
    return [
      ...this.#effective(caller, lake, principal => [
        ...lake.grants.heldOnTable(principal, database, table),
        ...lake.grants.heldOnTable(principal, database, ALL_TABLES),
      ]),
    ];
  }

  /** The grants on a database and on whatever lies in it that have effect for the caller, one by one: there may be some for each of its tables. */
  inDatabase(caller: CallerIdentity, lake: Lake, database: string): IteratorObject<Grant> {
    return this.#effective(caller, lake, principal => lake.grants.heldInDatabase(principal, database));
  }

  outsideDatabases(caller: CallerIdentity, lake: Lake): Grant[] {
    return [...this.#effective(caller, lake, principal => lake.grants.heldOutsideDatabases(principal))];
  }

  /**
   * In its own account the caller has its own grants and those of IAM_ALLOWED_PRINCIPALS; in another's those made straight to it, and
   * its account's if it is an administrator there, as far as RAM has associated what is shared.
   */
  *#effective(caller: CallerIdentity, lake: Lake, held: (principal: string) => Iterable<Grant>): Generator<Grant> {
    if (caller.account === lake.account) {
      yield* held(caller.principal);
      yield* held(IAM_ALLOWED_PRINCIPALS);
      return;
    }
    const isAdministrator = isDataLakeAdministrator(caller, this.#lakes.of(caller.account));
    for (const principal of isAdministrator ? [caller.principal, caller.account] : [caller.principal]) {
      for (const grant of held(principal)) {
        const arn = sharedArn(lake.account, grant.resource);
        if (arn === undefined || this.#sharing.isAssociated(lake.account, caller.account, arn)) yield grant;
      }
    }
  }

  /** Whether the caller has data location permission on the location (an S3 ARN or address). */
  mayUseLocation(caller: CallerIdentity, lake: Lake, location: string): boolean {
    if (isDataLakeAdministrator(caller, lake)) return true;
    return this.outsideDatabases(caller, lake).some(
      ({ resource }) => resource.kind === 'location' && covers(resource.arn, location),
    );
  }

  /** Throws AccessDeniedException unless the caller is an administrator of the lake or holds the permissions with grant option. */
  requireMayGrant(caller: CallerIdentity, lake: Lake, resource: Resource, permissions: readonly Permission[]): void {
    if (isDataLakeAdministrator(caller, lake)) return;
    const grants = this.#about(caller, lake, resource);
    if (caller.account !== lake.account && grants.some(grant => grant.grantable.size > 0)) {
      throw notInLocalMesh('granting on what another account shared');
    }
    if (caller.account !== lake.account || !permissions.every(p => isGrantable(p, resource, grants)))
      throw missingOrHidden();
  }

  /** Whether the caller may make, change and see any filter of the table. Source: Developer Guide, "Managing data filters". */
  mayFilter(caller: CallerIdentity, lake: Lake, database: string, table: string): boolean {
    if (isDataLakeAdministrator(caller, lake)) return true;
    return this.onTable(caller, lake, database, table).some(grantsWholeTable);
  }

  /** Whether the caller may see a grant: its own, or one that it could make or revoke. */
  maySee(caller: CallerIdentity, lake: Lake, grant: Grant): boolean {
    if (describesEverything(caller, lake) || grant.principal === caller.principal) return true;
    if (caller.account !== lake.account) {
      return grant.principal === caller.account && isDataLakeAdministrator(caller, this.#lakes.of(caller.account));
    }
    const grants = this.#about(caller, lake, grant.resource);
    return [...grant.permissions].every(permission => isGrantable(permission, grant.resource, grants));
  }

  #about(caller: CallerIdentity, lake: Lake, resource: Resource): Grant[] {
    if ('table' in resource) return this.onTable(caller, lake, resource.database, resource.table);
    if ('database' in resource) return [...this.inDatabase(caller, lake, resource.database)];
    return this.outsideDatabases(caller, lake);
  }
}

/** Whether some of the grants on the resource, its table or its columns let their holder pass the permission on. */
function isGrantable(permission: Permission, wanted: Resource, grants: Grant[]): boolean {
  if (permission === 'SELECT' && 'table' in wanted) {
    if (grants.some(grantsWholeTable)) return true;
    if (wanted.kind === 'columns' && 'only' in wanted.columns) {
      const listed = grants.flatMap(({ resource, grantable }) =>
        grantable.has('SELECT') && resource.kind === 'columns' && 'only' in resource.columns
          ? resource.columns.only
          : [],
      );
      return wanted.columns.only.every(column => listed.includes(column));
    }
  }
  return grants.some(({ resource, grantable }) => {
    if (!grantable.has(permission) && !grantable.has('ALL')) return false;
    if (wanted.kind === 'filter') return resource.kind === 'filter' && resource.filter === wanted.filter;
    if (wanted.kind === 'location') return resource.kind === 'location' && covers(resource.arn, wanted.arn);
    return resource.kind === wanted.kind && resource.kind !== 'columns';
  });
}

/** SELECT on all columns and all rows with grant option. */
function grantsWholeTable({ resource, grantable }: Grant): boolean {
  return (
    grantable.has('SELECT') &&
    resource.kind === 'columns' &&
    'allBut' in resource.columns &&
    resource.columns.allBut.length === 0
  );
}
