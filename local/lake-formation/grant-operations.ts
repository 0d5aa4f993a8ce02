/** GrantPermissions, RevokePermissions and their batches. */
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { CatalogContents, ResourceSharing } from '../core/ports.ts';
import type { Access, Call, Operation, Wire } from '../core/service.ts';
import type { Authority } from './authority.ts';
import { grantAccess } from './grant-access.ts';
import type { GrantChange } from './grant-store.ts';
import type { Lake, Lakes } from './lake.ts';
import { type CatalogObject, isLink, type Permission } from './permissions.ts';
import { type GrantFacts, planGrant, planRevoke } from './plan-grant.ts';
import { foreignAccount, parsePrincipal } from './principals.ts';
import { covers } from './registered-locations.ts';
import { ALL_TABLES, invalidInput, missingOrHidden, parseResource, type Resource, sharedArn } from './resource.ts';

/** Entries of a batch. Source: API reference, BatchGrantPermissions. */
const BATCH_LIMIT = 20;

export interface GrantParts {
  clock: VirtualClock;
  contents: () => CatalogContents;
  lakes: Lakes;
  authority: Authority;
  sharing: ResourceSharing;
  /** Throws the error that a test has ordered for the next grant or revocation, alone or in a batch. */
  failIfOrdered(operation: 'GrantPermissions' | 'RevokePermissions'): void;
}

export function grantOperations(parts: GrantParts): Record<string, Operation> {
  const grant = (input: Wire, call: Call) => change('GrantPermissions', parts, input, call);
  const revoke = (input: Wire, call: Call) => change('RevokePermissions', parts, input, call);
  return {
    GrantPermissions: {
      access: (input, call) => grantAccess('GrantPermissions', [input], call),
      run: (input, call) => {
        grant(input, call);
        return {};
      },
    },
    RevokePermissions: {
      access: (input, call) => grantAccess('RevokePermissions', [input], call),
      run: (input, call) => {
        revoke(input, call);
        return {};
      },
    },
    BatchGrantPermissions: {
      access: (input, call) => batchAccess('BatchGrantPermissions', input, call),
      run: (input, call) => batch(input, entry => grant(entry, call)),
    },
    BatchRevokePermissions: {
      access: (input, call) => batchAccess('BatchRevokePermissions', input, call),
      run: (input, call) => batch(input, entry => revoke(entry, call)),
    },
  };
}

function batchAccess(action: 'BatchGrantPermissions' | 'BatchRevokePermissions', input: Wire, call: Call): Access[] {
  const entries = Array.isArray(input?.Entries) ? input.Entries : [];
  return grantAccess(
    action,
    entries.map((entry: Wire) => ({ CatalogId: input.CatalogId, ...entry })),
    call,
  );
}

/** An entry that fails does not stop the others; HTTP answers 200 all the same. Source: API reference, BatchPermissionsFailureEntry. */
function batch(input: Wire, apply: (entry: Wire) => void): Wire {
  const entries: Wire[] = input.Entries;
  if (!Array.isArray(entries)) throw invalidInput('Entries is required.');
  if (entries.length > BATCH_LIMIT)
    throw invalidInput(`Entries has ${entries.length} items, at most ${BATCH_LIMIT} are possible.`);
  const ids = entries.map(entry => entry.Id);
  if (ids.some(id => typeof id !== 'string' || id.length < 1 || id.length > 255)) {
    throw invalidInput('Every entry must have an Id of 1 to 255 characters.');
  }
  if (new Set(ids).size < ids.length) throw invalidInput('The Ids of the entries must be unique.');
  const failures = entries.flatMap(entry => {
    try {
      apply({ CatalogId: input.CatalogId, ...entry });
      return [];
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return [{ RequestEntry: entry, Error: { ErrorCode: error.code, ErrorMessage: error.message } }];
    }
  });
  return { Failures: failures };
}

function change(
  operation: 'GrantPermissions' | 'RevokePermissions',
  parts: GrantParts,
  input: Wire,
  { caller }: Call,
): void {
  const { lakes, authority, clock, sharing, contents } = parts;
  parts.failIfOrdered(operation);
  const principal = parsePrincipal(input.Principal);
  const { owner, resource } = parseResource(input.Resource, input.CatalogId ?? caller.account);
  const lake = lakes.of(owner);
  const permissions: Permission[] = input.Permissions ?? [];
  const grantable: Permission[] = input.PermissionsWithGrantOption ?? [];
  const facts: GrantFacts = {
    owner,
    crossAccountVersion: lake.settings.crossAccountVersion,
    object: requireObject(resource, lake, contents()),
    filterExists:
      resource.kind === 'filter' && lake.filter(resource.database, resource.table, resource.filter) !== undefined,
    held: lake.grants,
  };
  authority.requireMayGrant(caller, lake, resource, [...permissions, ...grantable]);
  const plan = operation === 'GrantPermissions' ? planGrant : planRevoke;
  const changes = plan({ principal, resource, permissions, grantable }, facts);
  for (const each of changes) lake.grants.apply(each, clock.now(), caller.principal);
  for (const each of changes) share(lake, each, sharing);
}

/**
 * The table or database that the resource is about; undefined for the catalog and locations. Throws when it is not there: a location
 * must be registered first (source: Developer Guide, "Granting data location permissions").
 */
function requireObject(resource: Resource, lake: Lake, catalog: CatalogContents): CatalogObject {
  if (resource.kind === 'catalog') return undefined;
  if (resource.kind === 'location') {
    if (!lake.locations.values().some(({ arn }) => covers(arn, resource.arn))) throw missingOrHidden();
    return undefined;
  }
  const database = catalog.database(lake.account, resource.database);
  if (!database) throw missingOrHidden();
  if (resource.kind === 'database') return database;
  // The text: Terraform AWS provider.
  if (isLink(database)) throw invalidInput('Database cannot be a link for this operation when called on a table.');
  if (resource.table === ALL_TABLES) return database;
  const table = catalog.table(lake.account, resource.database, resource.table);
  if (!table) throw missingOrHidden();
  return table;
}

/** A grant to another account goes through RAM; the share ends with the last grant on that object to that account. */
function share(lake: Lake, { principal, resource }: GrantChange, sharing: ResourceSharing): void {
  const consumer = foreignAccount(lake.account, principal);
  const arn = sharedArn(lake.account, resource);
  if (consumer === undefined || arn === undefined) return;
  const related = 'table' in resource ? lake.grants.onTable(resource.database, resource.table) : lake.grants.all();
  for (const grant of related) {
    if (foreignAccount(lake.account, grant.principal) !== consumer || sharedArn(lake.account, grant.resource) !== arn)
      continue;
    sharing.share(lake.account, consumer, arn);
    return;
  }
  sharing.unshare(lake.account, consumer, arn);
}
