/** ListPermissions: what was granted, or what a principal can do with one resource. Source: API reference, ListPermissions. */
import type { CatalogContents } from '../core/ports.ts';
import type { Call, Wire } from '../core/service.ts';
import type { Authority } from './authority.ts';
import type { Grant } from './grant-store.ts';
import type { Lake, Lakes } from './lake.ts';
import { page } from './pages.ts';
import { isLink } from './permissions.ts';
import { foreignAccount, parsePrincipal } from './principals.ts';
import { covers } from './registered-locations.ts';
import { ALL_TABLES, invalidInput, missingOrHidden, parseResource, type Resource, resourceToWire } from './resource.ts';

const KINDS_OF_TYPE: Record<string, Resource['kind'][]> = {
  CATALOG: ['catalog'],
  DATABASE: ['database'],
  TABLE: ['table', 'columns'],
  DATA_LOCATION: ['location'],
  // Simplification: LF-tags are not there, so nothing is granted on them.
  LF_TAG: [],
  LF_TAG_POLICY: [],
  LF_TAG_POLICY_DATABASE: [],
  LF_TAG_POLICY_TABLE: [],
  LF_NAMED_TAG_EXPRESSION: [],
};

export function listPermissions(
  parts: { contents: () => CatalogContents; lakes: Lakes; authority: Authority },
  input: Wire,
  { caller }: Call,
): Wire {
  const { lakes, authority, contents } = parts;
  const principal = input.Principal === undefined ? undefined : parsePrincipal(input.Principal);
  const includesFilters = String(input.IncludeRelated ?? 'FALSE').toUpperCase() === 'TRUE';
  // The text: met in AWS's answers by moto, Steampipe and others.
  if (principal !== undefined && !input.Resource)
    throw invalidInput('Resource is mandatory if Principal is set in the input.');
  if (principal !== undefined && includesFilters)
    throw invalidInput('Principal must be empty if IncludeRelated is TRUE.');
  const kinds = input.ResourceType === undefined ? undefined : KINDS_OF_TYPE[input.ResourceType];
  if (input.ResourceType !== undefined && !kinds) throw invalidInput(`Unknown ResourceType ${input.ResourceType}.`);

  const asked = input.Resource ? parseResource(input.Resource, input.CatalogId ?? caller.account) : undefined;
  const lake = lakes.of(asked?.owner ?? input.CatalogId ?? caller.account);
  if (asked) requireListable(asked.resource, lake, contents());

  const grants = asked ? grantsOn(asked.resource, lake, principal, includesFilters) : lake.grants.all();
  const visible = filter(grants, grant => {
    if (kinds && !kinds.includes(grant.resource.kind)) return false;
    return authority.maySee(caller, lake, grant);
  });
  const { entries, nextToken } = page(visible, grant => grant.sequence, input);
  return {
    PrincipalResourcePermissions: entries.map(grant => grantToWire(lake.account, grant)),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

function requireListable(resource: Resource, lake: Lake, catalog: CatalogContents): void {
  // Source: API reference: "This operation does not support getting privileges on a table with columns". The text is the local mesh's.
  if (resource.kind === 'columns') {
    throw invalidInput('TableWithColumns is not supported for this operation: list the permissions of the Table.');
  }
  if (!('database' in resource)) return;
  const database = catalog.database(lake.account, resource.database);
  if (!database) throw missingOrHidden();
  const isOfTable = 'table' in resource;
  if (isLink(database)) {
    throw invalidInput(`Database cannot be a link for this operation${isOfTable ? ' when called on a table' : ''}.`);
  }
  if (!isOfTable || resource.table === ALL_TABLES) return;
  const table = catalog.table(lake.account, resource.database, resource.table);
  if (!table) throw missingOrHidden();
  if (isLink(table)) throw invalidInput('Table cannot be a link for this operation.');
}

/** In the order of their sequence. */
function grantsOn(asked: Resource, lake: Lake, principal: string | undefined, includesFilters: boolean): Grant[] {
  const all = principal === undefined ? rawGrants(asked, lake) : effectiveGrants(asked, lake, principal);
  return all
    .filter(({ resource }) => {
      if (asked.kind === 'table') return resource.kind !== 'filter' || includesFilters;
      if (asked.kind === 'filter') return resource.kind === 'filter' && resource.filter === asked.filter;
      if (asked.kind === 'location') return resource.kind === 'location' && covers(resource.arn, asked.arn);
      return resource.kind === asked.kind;
    })
    .sort((a, b) => a.sequence - b.sequence);
}

function rawGrants(asked: Resource, lake: Lake): Grant[] {
  if ('table' in asked) return [...lake.grants.onTable(asked.database, asked.table)];
  if (asked.kind === 'database') return [...lake.grants.inDatabase(asked.database)];
  return [...lake.grants.all()];
}

/**
 * What the principal can do with the resource: for a table also by a grant on all tables of its database, as one entry on the table.
 * Simplification: what an administrator can do by being one is not listed.
 */
function effectiveGrants(asked: Resource, lake: Lake, principal: string): Grant[] {
  // A cell filter granted to another account's principal does not show, though it is there. Source: Terraform AWS provider #48360.
  if (asked.kind === 'filter' && foreignAccount(lake.account, principal) !== undefined) return [];
  if (!('table' in asked)) return rawGrants(asked, lake).filter(grant => grant.principal === principal);
  const own = new Map<string, Grant>();
  const wildcard = asked.table === ALL_TABLES ? [] : lake.grants.heldOnTable(principal, asked.database, ALL_TABLES);
  for (const grant of [...lake.grants.heldOnTable(principal, asked.database, asked.table), ...wildcard]) {
    const resource = { ...grant.resource, table: asked.table } as Resource;
    const key = JSON.stringify(resource);
    const other = own.get(key);
    own.set(key, {
      ...(other ?? grant),
      resource,
      permissions: grant.permissions.union(other?.permissions ?? new Set()),
      grantable: grant.grantable.union(other?.grantable ?? new Set()),
    });
  }
  return [...own.values()];
}

function* filter<T>(items: Iterable<T>, keeps: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (keeps(item)) yield item;
}

function grantToWire(owner: string, grant: Grant): Wire {
  return {
    Principal: { DataLakePrincipalIdentifier: grant.principal },
    Resource: resourceToWire(owner, grant.resource),
    Permissions: [...grant.permissions].sort(),
    PermissionsWithGrantOption: [...grant.grantable].sort(),
    LastUpdated: grant.updatedAt / 1000,
    LastUpdatedBy: grant.updatedBy,
  };
}
