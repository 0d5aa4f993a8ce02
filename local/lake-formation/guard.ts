/** What Glue asks Lake Formation before it does something, and tells it afterwards. */
import type { VirtualClock } from '../core/clock.ts';
import type { CallerIdentity, CatalogContents, CatalogGuard } from '../core/ports.ts';
import { type Authority, describesEverything, isDataLakeAdministrator } from './authority.ts';
import { readableColumns } from './cells-filter.ts';
import type { Grant } from './grant-store.ts';
import type { Lake, Lakes } from './lake.ts';
import { type CatalogObject, fittingPermissions, type Permission } from './permissions.ts';
import { IAM_ALLOWED_PRINCIPALS } from './principals.ts';
import { covers } from './registered-locations.ts';
import { ALL_TABLES, accessDenied, isWholeTable, type Resource, WHOLE_TABLE } from './resource.ts';

export interface LakeParts {
  clock: VirtualClock;
  contents: () => CatalogContents;
  lakes: Lakes;
  authority: Authority;
}

export function createGuard({ clock, contents, lakes, authority }: LakeParts): CatalogGuard {
  const holdsOnDatabase = (
    caller: CallerIdentity,
    owner: string,
    database: string,
    permission: Permission,
  ): boolean => {
    const lake = lakes.of(owner);
    if (permission === 'DESCRIBE' && describesEverything(caller, lake)) return true;
    return authority.inDatabase(caller, lake, database).some(({ resource, permissions }) => {
      if (resource.kind === 'database') return implies(permissions, permission);
      // Any permission on a table makes its database visible; all tables across accounts do not. Source: Developer Guide, "DESCRIBE".
      const isForAll = 'table' in resource && resource.table === ALL_TABLES;
      return permission === 'DESCRIBE' && !(isForAll && caller.account !== owner);
    });
  };

  const holdsOnTable = (
    caller: CallerIdentity,
    owner: string,
    database: string,
    table: string,
    permission: Permission,
  ) => {
    const lake = lakes.of(owner);
    if (permission === 'DESCRIBE' && describesEverything(caller, lake)) return true;
    return authority
      .onTable(caller, lake, database, table)
      .some(
        grant =>
          permission === 'DESCRIBE' || (grant.resource.kind === 'table' && implies(grant.permissions, permission)),
      );
  };

  const giveAll = (caller: CallerIdentity, resource: Resource, object: CatalogObject, isLeftToIam: boolean) => {
    const lake = lakes.of(caller.account);
    const put = (
      principal: string,
      on: Resource,
      permissions: readonly Permission[],
      grantable: readonly Permission[],
    ) => {
      const change = { principal, resource: on, permissions: new Set(permissions), grantable: new Set(grantable) };
      lake.grants.apply(change, clock.now(), caller.principal);
    };
    const all = fittingPermissions(resource, object);
    const rest = all.filter(permission => permission !== 'SELECT');
    put(caller.principal, resource, rest, rest);
    // SELECT on a table is kept, and reads back, as an entry on its columns.
    if (resource.kind === 'table' && all.includes('SELECT')) {
      put(caller.principal, { ...resource, kind: 'columns', columns: WHOLE_TABLE }, ['SELECT'], ['SELECT']);
    }
    if (isLeftToIam) put(IAM_ALLOWED_PRINCIPALS, resource, ['ALL'], []);
  };

  return {
    requireDatabase(caller, owner, database, permission) {
      if (!holdsOnDatabase(caller, owner, database, permission)) throw insufficient(permission, database);
    },

    requireTable(caller, owner, database, table, permission) {
      if (!holdsOnTable(caller, owner, database, table, permission)) throw insufficient(permission, table);
    },

    requireCreateDatabase(caller, owner) {
      const lake = lakes.of(owner);
      if (isDataLakeAdministrator(caller, lake)) return;
      const isCreator = authority
        .outsideDatabases(caller, lake)
        .some(grant => grant.resource.kind === 'catalog' && implies(grant.permissions, 'CREATE_DATABASE'));
      if (!isCreator) throw insufficient('CREATE_DATABASE', 'Catalog');
    },

    /**
     * Simplification: AWS lets tables lie within their database's own location without data location permission; here they need it.
     * The text: Developer Guide, "Troubleshooting", Insufficient Lake Formation permissions on <Amazon S3 location>.
     */
    requireLocation(caller, owner, location) {
      const lake = lakes.of(owner);
      if (location === undefined || !isRegistered(lake, location)) return;
      if (!authority.mayUseLocation(caller, lake, location)) {
        throw accessDenied(`Insufficient Lake Formation permission(s) on ${location}`);
      }
    },

    visibleColumns(caller, owner, database, table) {
      const lake = lakes.of(owner);
      if (describesEverything(caller, lake)) return 'all';
      const grants = authority.onTable(caller, lake, database, table);
      if (grants.length === 0) throw insufficient('DESCRIBE', table);
      const object = contents().table(owner, database, table);
      if (!object || grants.some(showsWholeTable)) return 'all';
      const columns = grants.flatMap(({ resource, permissions }) => {
        if (resource.kind === 'columns') return readableColumns(resource.columns, object);
        const filter = resource.kind === 'filter' ? lake.filter(database, table, resource.filter) : undefined;
        return filter && permissions.has('SELECT') ? readableColumns(filter.columns, object) : [];
      });
      return new Set(columns);
    },

    isDatabaseVisible: (caller, owner, database) => holdsOnDatabase(caller, owner, database, 'DESCRIBE'),
    isTableVisible: (caller, owner, database, table) => holdsOnTable(caller, owner, database, table, 'DESCRIBE'),
    isRegisteredLocation: (owner, location) => isRegistered(lakes.of(owner), location),

    databaseCreated(caller, database) {
      const { leavesDatabasesToIam } = lakes.of(caller.account).settings;
      const object = contents().database(caller.account, database);
      giveAll(caller, { kind: 'database', database }, object, leavesDatabasesToIam);
    },

    /** Simplification: the account's setting counts when the table is made; AWS keeps a copy of it in the database. */
    tableCreated(caller, database, table) {
      const { leavesTablesToIam } = lakes.of(caller.account).settings;
      const object = contents().table(caller.account, database, table);
      giveAll(caller, { kind: 'table', database, table }, object, leavesTablesToIam);
    },

    databaseDeleted: (owner, database) => lakes.of(owner).removeDatabase(database),
    tableDeleted: (owner, database, table) => lakes.of(owner).removeTable(database, table),
  };
}

export function isRegistered(lake: Lake, location: string | undefined): boolean {
  return location !== undefined && lake.locations.values().some(({ arn }) => covers(arn, location));
}

/** ALL stands for all; any permission implies DESCRIBE. Source: Developer Guide, "Lake Formation permissions reference". */
function implies(held: ReadonlySet<Permission>, wanted: Permission): boolean {
  return held.has(wanted) || held.has('ALL') || (wanted === 'DESCRIBE' && held.size > 0);
}

function showsWholeTable({ resource }: Grant): boolean {
  return resource.kind === 'table' || (resource.kind === 'columns' && isWholeTable(resource.columns));
}

/** The text as people quote it: `Insufficient Lake Formation permission(s): Required Describe on <name>`. */
function insufficient(permission: Permission, name: string): Error {
  const words = permission.split('_').map(word => word[0] + word.slice(1).toLowerCase());
  return accessDenied(`Insufficient Lake Formation permission(s): Required ${words.join(' ')} on ${name}`);
}
