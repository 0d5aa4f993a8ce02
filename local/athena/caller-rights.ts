/** What IAM must allow the one who queries: a query runs with its caller's rights. */
import type { ReadOfLocation, RequireRole } from '../core/ports.ts';
import { type Access, type Caller, REGION } from '../core/service.ts';
import { QueryFailure } from './query-failure.ts';

/** Throws AccessDeniedException unless IAM lets the caller. */
export type RequireCaller = (caller: Caller, access: Access) => void;

/** A name in an account's catalog. */
export interface CatalogName {
  owner: string;
  database: string;
  name: string;
}

/**
 * Athena reads the catalog as the caller, the link's and the owner's. Source: Athena User Guide, "Fine-grained access to databases and tables"; a table's
 * read is one of its catalog and database too. Throws QueryFailure.
 */
export function requireTableRead(requireCaller: RequireCaller, caller: Caller, named: CatalogName): void {
  const { owner, database } = named;
  requireDatabaseRead(requireCaller, caller, owner, database);
  const resources = [catalogArn(owner), databaseArn(owner, database), tableArn(named)];
  for (const resource of resources) requireGlue(requireCaller, caller, owner, 'glue:GetTable', resource);
}

export function requireDatabaseRead(
  requireCaller: RequireCaller,
  caller: Caller,
  owner: string,
  database: string,
): void {
  for (const resource of [catalogArn(owner), databaseArn(owner, database)])
    requireGlue(requireCaller, caller, owner, 'glue:GetDatabase', resource);
}

/** Lake Formation vends data to those who may ask for it. Source: Lake Formation Developer Guide, "Underlying data access control". */
export function requireDataAccess(requireCaller: RequireCaller, caller: Caller): void {
  requireAllowed(requireCaller, caller, { action: 'lakeformation:GetDataAccess', resource: '*' });
}

/** Where Lake Formation does not decide, the caller's own rights in S3 count, and the bucket's policy. */
export function requireObjectRead(
  { requireCaller, readOf }: { requireCaller: RequireCaller; readOf: ReadOfLocation },
  caller: Caller,
  location: string,
): void {
  for (const access of readOf(location) ?? noSuchBucket(location)) requireAllowed(requireCaller, caller, access);
}

/**
 * Where Lake Formation decides, Athena reads with the role that the location is registered with: its own policies and, of another account's bucket, the bucket's
 * policy must allow it. Source: Lake Formation Developer Guide, "Requirements for roles used to register locations" and "Registering an Amazon S3 location
 * in another AWS account". The text is that of an Athena query that S3 refused. Throws QueryFailure.
 */
export function requireRoleRead(
  { requireDataRole, readOf }: { requireDataRole: RequireRole; readOf: ReadOfLocation },
  roleArn: string,
  location: string,
): void {
  // Simplification: the service-linked role, whose policy Lake Formation keeps by itself, may read whatever is registered with it.
  if (roleArn.includes(':role/aws-service-role/')) return;
  for (const access of readOf(location) ?? noSuchBucket(location)) {
    try {
      requireDataRole(roleArn, access);
    } catch (error) {
      if (!(error instanceof Error) || !error.name.startsWith('AccessDenied')) throw error;
      throw new QueryFailure(`PERMISSION_DENIED: ${error.message} (Service: S3, Status Code: 403)`, { cause: error });
    }
  }
}

function noSuchBucket(location: string): never {
  throw new QueryFailure(
    `HIVE_FILESYSTEM_ERROR: Error listing ${location}: The specified bucket does not exist (Service: S3, Status Code: 404)`,
  );
}

export function tableArn({ owner, database, name }: CatalogName): string {
  return `arn:aws:glue:${REGION}:${owner}:table/${database}/${name}`;
}

function databaseArn(owner: string, database: string): string {
  return `arn:aws:glue:${REGION}:${owner}:database/${database}`;
}

function catalogArn(owner: string): string {
  return `arn:aws:glue:${REGION}:${owner}:catalog`;
}

function requireGlue(
  requireCaller: RequireCaller,
  caller: Caller,
  owner: string,
  action: string,
  resource: string,
): void {
  const access: Access = { action, resource };
  // A cross-account grant is a RAM share, whose permission allows the consumer's account the Glue reads: the caller's own policies are left to check.
  // What is not shared has no grant, and Lake Formation then gives no columns.
  if (owner !== caller.account) {
    const consumer = { AWS: `arn:aws:iam::${caller.account}:root` };
    access.resourcePolicy = {
      Statement: { Effect: 'Allow', Principal: consumer, Action: action, Resource: resource },
    };
  }
  requireAllowed(requireCaller, caller, access);
}

function requireAllowed(requireCaller: RequireCaller, caller: Caller, access: Access): void {
  try {
    requireCaller(caller, access);
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('AccessDenied')) throw error;
    throw new QueryFailure(`Insufficient permissions to execute the query. ${error.message}`, { cause: error });
  }
}
