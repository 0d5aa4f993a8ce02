/** What Athena asks Lake Formation: which columns and rows a caller may read, and the record of having read them. */
import type { CatalogContents, DataAccess } from '../core/ports.ts';
import type { Authority } from './authority.ts';
import { readableColumns } from './cells-filter.ts';
import { isRegistered } from './guard.ts';
import type { Lakes } from './lake.ts';
import { IAM_ALLOWED_PRINCIPALS } from './principals.ts';
import { covers } from './registered-locations.ts';
import { WHOLE_TABLE } from './resource.ts';
import type { Trail } from './trail.ts';

export function createDataAccess(parts: {
  contents: () => CatalogContents;
  lakes: Lakes;
  authority: Authority;
  trail: Trail;
}): DataAccess {
  const { contents, lakes, authority, trail } = parts;
  return {
    /**
     * Several filters of one principal give several grants: their rows add up, each with its own columns. A grant on all columns and rows
     * makes the filters beside it idle (inferred; the guide says so for a filter on all rows). An administrator has no SELECT by itself.
     */
    selectable(caller, owner, database, table) {
      const lake = lakes.of(owner);
      const object = contents().table(owner, database, table);
      if (!object) return { unrestricted: false, grants: [] };
      const held = authority.onTable(caller, lake, database, table);
      const isLeftToIam = held.some(
        ({ principal, permissions }) =>
          principal === IAM_ALLOWED_PRINCIPALS && (permissions.has('ALL') || permissions.has('SELECT')),
      );
      if (isLeftToIam || !isRegistered(lake, object.StorageDescriptor?.Location))
        return { unrestricted: true, grants: [] };

      const grants = held.flatMap(({ resource, permissions }) => {
        if (!permissions.has('SELECT')) return [];
        if (resource.kind === 'columns') {
          return [{ columns: readableColumns(resource.columns, object), rowFilter: null }];
        }
        const filter = resource.kind === 'filter' ? lake.filter(database, table, resource.filter) : undefined;
        return filter ? [{ columns: readableColumns(filter.columns, object), rowFilter: filter.rowFilter }] : [];
      });
      const everything = readableColumns(WHOLE_TABLE, object);
      const whole = grants.find(grant => grant.rowFilter === null && grant.columns.length === everything.length);
      return { unrestricted: false, grants: whole ? [whole] : grants };
    },

    registeredRole(owner, location) {
      const over = [...lakes.of(owner).locations.values()].filter(({ arn }) => covers(arn, location));
      return over.sort((a, b) => b.arn.length - a.arn.length)[0]?.roleArn;
    },

    recordAccess({ caller, owner, tableArn, linkArn, queryId }) {
      if (linkArn !== undefined) trail.dataAccess(caller, linkArn, queryId, undefined);
      const isTrusted = lakes.of(caller.account).settings.trustedResourceOwners.includes(owner);
      trail.dataAccess(caller, tableArn, queryId, { owner, isTrusted });
    },
  };
}
