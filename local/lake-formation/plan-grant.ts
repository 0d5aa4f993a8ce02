/** What a grant or a revocation changes, worked out from what is held now. Nothing here is stored or sent. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { GrantChange, GrantStore } from './grant-store.ts';
import { type CatalogObject, fittingPermissions, isLink, type Permission } from './permissions.ts';
import { foreignAccount, IAM_ALLOWED_PRINCIPALS, isAccount } from './principals.ts';
import { type Columns, invalidInput, isWholeTable, type Resource, resourceKey, WHOLE_TABLE } from './resource.ts';

export interface GrantCommand {
  principal: string;
  resource: Resource;
  permissions: Permission[];
  grantable: Permission[];
}

export interface GrantFacts {
  owner: string;
  /** The owner's setting CROSS_ACCOUNT_VERSION, 1 to 5. */
  crossAccountVersion: number;
  /** The table or database that the resource is about; of all tables the database. */
  object: CatalogObject;
  filterExists: boolean;
  held: Pick<GrantStore, 'get' | 'heldOnTable'>;
}

/** SELECT permissions on data filters that a principal can have on a table. Source: Developer Guide, "Data filtering limitations". */
const FILTERS_PER_PRINCIPAL_AND_TABLE = 100;

/** Lake Formation's one text for a wrong permission, a wrong shape and a wrong combination. Source: Terraform, the Ranger converter. */
const INVALID_MODIFICATION = 'Permissions modification is invalid.';

/** The permissions that one resource gains or loses: a command on a table concerns the table and, for SELECT, its columns. */
interface Part {
  resource: Resource;
  permissions: Set<Permission>;
  grantable: Set<Permission>;
}

/** Throws the error that AWS answers when the grant is not possible. Permissions of the same principal on the same resource add up. */
export function planGrant(command: GrantCommand, facts: GrantFacts): GrantChange[] {
  if (command.permissions.length === 0) throw invalidInput('Permissions must not be empty.');
  // Source: API reference, GrantPermissions, PermissionsWithGrantOption: "a subset of the permissions granted".
  if (command.grantable.some(permission => !command.permissions.includes(permission)))
    throw invalidInput(INVALID_MODIFICATION);
  requireFitting(command, facts);
  requireColumns(command, facts);
  requireFilter(command, facts);
  const foreign = foreignAccount(facts.owner, command.principal);
  if (foreign !== undefined) requireGrantableAcrossAccounts(command, facts);
  if (foreign !== undefined || command.resource.kind === 'filter') requireNoIamAllowedPrincipals(command, facts);
  requireFilterLimit(command, facts);
  return split(command, facts).map(part => {
    if (part.resource.kind === 'columns') requireSameShape(command.principal, part.resource, facts);
    const held = facts.held.get(command.principal, part.resource);
    return {
      principal: command.principal,
      resource: part.resource,
      permissions: part.permissions.union(held?.permissions ?? new Set()),
      grantable: part.grantable.union(held?.grantable ?? new Set()),
    };
  });
}

/** Throws the error that AWS answers when there is nothing to revoke, or when what is held has another shape. */
export function planRevoke(command: GrantCommand, facts: GrantFacts): GrantChange[] {
  if (command.permissions.length + command.grantable.length === 0) throw invalidInput('Permissions must not be empty.');
  requireFitting(command, facts);
  requireColumns(command, facts);
  requireFilter(command, facts);
  const changes = split(command, facts).flatMap(part => {
    if (part.resource.kind !== 'columns') return withoutPart(command.principal, part, facts);
    requireSameShape(command.principal, part.resource, facts);
    return withoutColumns(command.principal, part, part.resource, facts);
  });
  if (changes.length > 0) return changes;
  // The text is the one that Terraform's AWS provider takes for "already revoked".
  throw invalidInput('No permissions revoked. Grantee has no permissions and no grantable permissions on resource.');
}

// Source: Developer Guide, "Lake Formation permissions per resource type"; the text: Terraform (SELECT on a database, or on a link).
function requireFitting({ resource, permissions, grantable }: GrantCommand, { object }: GrantFacts): void {
  const fitting = fittingPermissions(resource, object);
  if ([...permissions, ...grantable].some(permission => !fitting.includes(permission)))
    throw invalidInput(INVALID_MODIFICATION);
}

function requireColumns({ resource, grantable }: GrantCommand, { object }: GrantFacts): void {
  if (resource.kind !== 'columns') return;
  const { columns } = resource;
  const named = 'only' in columns ? columns.only : columns.allBut;
  const partitionKeys = (object?.PartitionKeys ?? []).map(key => key.Name.toLowerCase());
  const existing = (object?.StorageDescriptor?.Columns ?? []).map(column => column.Name.toLowerCase());
  for (const name of named) {
    // Source: Developer Guide, "Notes and restrictions for column-level filtering". The text is the local mesh's.
    if (partitionKeys.includes(name))
      throw invalidInput(`Column filters cannot be applied on the partition key ${name}.`);
    // The text: Terraform AWS provider.
    if (!existing.includes(name)) {
      throw invalidInput('Unsupported modification: cannot grant/revoke permission on non-existent column.');
    }
  }
  // Source: the same page: "To grant SELECT with the grant option and column filtering, you must use an include list".
  if (grantable.length > 0 && 'allBut' in columns && !isWholeTable(columns)) throw invalidInput(INVALID_MODIFICATION);
}

// The text: Terraform AWS provider.
function requireFilter({ resource }: GrantCommand, { filterExists }: GrantFacts): void {
  if (resource.kind === 'filter' && !filterExists) throw invalidInput('Cell Filter not found');
}

function requireGrantableAcrossAccounts(
  { principal, resource, permissions, grantable }: GrantCommand,
  facts: GrantFacts,
): void {
  if (resource.kind === 'catalog') throw notInLocalMesh('CREATE_DATABASE for other accounts');
  // Source: Developer Guide, "Granting resource link permissions": to "a principal in your AWS account".
  if (isLink(facts.object)) throw invalidInput(INVALID_MODIFICATION);
  if (!isAccount(principal)) {
    // Source: Developer Guide, "Updating cross-account data sharing version settings". The text is the local mesh's.
    if (facts.crossAccountVersion < 3) {
      throw invalidInput('Invalid principal: a principal of another account needs cross account version 3 or above.');
    }
    // Source: Developer Guide, "Cross-account data sharing": a direct grant has no grant option.
    if (grantable.length > 0) throw invalidInput(INVALID_MODIFICATION);
  }
  // Source: Developer Guide, "Cross-account data sharing best practices and considerations": include lists only.
  if (resource.kind === 'columns' && 'allBut' in resource.columns && !isWholeTable(resource.columns)) {
    throw invalidInput(INVALID_MODIFICATION);
  }
  // Source: Developer Guide, "Managing data filters": no DESCRIBE on a filter shared from another account.
  if (resource.kind === 'filter' && permissions.includes('DESCRIBE')) throw invalidInput(INVALID_MODIFICATION);
}

/** Source: Developer Guide, "Troubleshooting" (Illegal combination), and aws-data-mesh-utils (the request to revoke): both texts in one. */
function requireNoIamAllowedPrincipals({ resource }: GrantCommand, { held }: GrantFacts): void {
  const isOpen =
    'table' in resource
      ? [...held.heldOnTable(IAM_ALLOWED_PRINCIPALS, resource.database, resource.table)].length > 0
      : held.get(IAM_ALLOWED_PRINCIPALS, resource) !== undefined;
  if (!isOpen) return;
  const object = resource.kind === 'database' ? 'database' : 'table';
  throw invalidInput(
    `Insufficient Lake Formation permissions: Illegal combination. Please revoke permission(s) for IAM_ALLOWED_PRINCIPALS on the ${object}.`,
  );
}

function requireFilterLimit({ principal, resource, permissions }: GrantCommand, { held }: GrantFacts): void {
  if (resource.kind !== 'filter' || !permissions.includes('SELECT')) return;
  const others = [...held.heldOnTable(principal, resource.database, resource.table)].filter(
    grant =>
      grant.resource.kind === 'filter' && grant.resource.filter !== resource.filter && grant.permissions.has('SELECT'),
  );
  if (others.length < FILTERS_PER_PRINCIPAL_AND_TABLE) return;
  throw invalidInput(`The principal has SELECT on ${others.length} data filters of the table already.`);
}

/**
 * A principal's SELECT on a table is on all of it, on an include list, or on an exclude list: another shape beside it is refused,
 * and so is its revocation. Source: AWS's Ranger converter; Terraform on column names beside an administrator's own permissions.
 */
function requireSameShape(principal: string, wanted: Resource & { kind: 'columns' }, { held }: GrantFacts): void {
  for (const { resource } of held.heldOnTable(principal, wanted.database, wanted.table)) {
    if (resource.kind === 'columns' && shape(resource.columns) !== shape(wanted.columns))
      throw invalidInput(INVALID_MODIFICATION);
  }
}

function shape(columns: Columns): string {
  return 'only' in columns ? 'only' : JSON.stringify(columns.allBut);
}

/** SELECT on a table reads back as an entry of its own, on its columns. Source: Terraform AWS provider. */
function split({ principal, resource, permissions, grantable }: GrantCommand, { object }: GrantFacts): Part[] {
  // ALL of IAM_ALLOWED_PRINCIPALS is a switch and stays one word.
  const expand = (list: Permission[]) =>
    list.includes('ALL') && principal !== IAM_ALLOWED_PRINCIPALS ? fittingPermissions(resource, object) : list;
  const parts = new Map<string, Part>();
  const put = (permission: Permission, list: 'permissions' | 'grantable') => {
    const target: Resource =
      resource.kind === 'table' && permission === 'SELECT'
        ? { ...resource, kind: 'columns', columns: WHOLE_TABLE }
        : resource;
    const key = resourceKey(target);
    const part = parts.get(key) ?? { resource: target, permissions: new Set(), grantable: new Set() };
    part[list].add(permission);
    parts.set(key, part);
  };
  for (const permission of expand(permissions)) put(permission, 'permissions');
  for (const permission of expand(grantable)) put(permission, 'grantable');
  return [...parts.values()];
}

/** Revoking a permission takes its grant option too; ALL is no longer all when one goes. */
function withoutPart(principal: string, part: Part, { held }: GrantFacts): GrantChange[] {
  const grant = held.get(principal, part.resource);
  if (!grant) return [];
  const permissions = without(grant.permissions, part.permissions);
  const grantable = without(grant.grantable, part.permissions.union(part.grantable));
  if (permissions.size === grant.permissions.size && grantable.size === grant.grantable.size) return [];
  return [{ principal, resource: part.resource, permissions, grantable }];
}

function without(held: ReadonlySet<Permission>, removed: Set<Permission>): Set<Permission> {
  if (removed.has('ALL')) return new Set();
  const rest = held.difference(removed);
  if (rest.size < held.size) rest.delete('ALL');
  return rest;
}

/**
 * An include list loses the revoked columns, whichever grants brought them. Whether AWS joins the lists of several grants into one is
 * not known; after this, it makes no difference.
 */
function withoutColumns(
  principal: string,
  part: Part,
  { database, table, columns }: Resource & { kind: 'columns' },
  facts: GrantFacts,
): GrantChange[] {
  if ('allBut' in columns) return withoutPart(principal, part, facts);
  const changes = new Map<string, GrantChange>();
  const put = (change: GrantChange) => {
    const key = resourceKey(change.resource);
    const before = changes.get(key) ?? facts.held.get(principal, change.resource);
    changes.set(key, {
      ...change,
      permissions: change.permissions.union(before?.permissions ?? new Set()),
      grantable: change.grantable.union(before?.grantable ?? new Set()),
    });
  };
  for (const grant of facts.held.heldOnTable(principal, database, table)) {
    if (grant.resource.kind !== 'columns' || !('only' in grant.resource.columns)) continue;
    const { only } = grant.resource.columns;
    const lost = only.filter(column => columns.only.includes(column));
    const changed =
      lost.length === 0 ? undefined : withoutPart(principal, { ...part, resource: grant.resource }, facts)[0];
    if (!changed) continue;
    changes.set(resourceKey(grant.resource), { ...changed, permissions: new Set(), grantable: new Set() });
    // The columns that were not named keep what they had; those that were keep what is left.
    const kept = only.filter(column => !lost.includes(column));
    if (kept.length > 0) put({ ...grant, resource: { ...grant.resource, columns: { only: kept } } });
    if (changed.permissions.size > 0) put({ ...changed, resource: { ...grant.resource, columns: { only: lost } } });
  }
  return [...changes.values()].map(({ resource, permissions, grantable }) => ({
    principal,
    resource,
    permissions,
    grantable,
  }));
}
