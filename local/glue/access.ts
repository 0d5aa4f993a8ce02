/**
 * What Glue's operations touch, for IAM. An operation on a table is one on its catalog and its database too, and on a link also one on the target.
 * Sources: Service Authorization Reference, Glue; Glue Developer Guide, "Specifying Glue resource ARNs".
 */
import type { Access, Call, PolicyDocument, PolicyStatement } from '../core/service.ts';
import { catalogArn, databaseArn, type GlueContext, tableArn } from './context.ts';

interface Place {
  owner: string;
  database?: string;
  /** A name, or `*` for what lists the tables of the database. */
  table?: string;
}

export function accessTo(context: GlueContext, action: string, call: Call, place: Place): Access[] {
  const policy = policyFor(context, call, place);
  const resources = [catalogArn(place.owner)];
  if (place.database !== undefined) resources.push(databaseArn(place.owner, place.database));
  if (place.database !== undefined && place.table !== undefined)
    resources.push(tableArn(place.owner, place.database, place.table));
  return resources.map(resource => ({
    action: `glue:${action}`,
    resource,
    resourcePolicy: policy(`glue:${action}`, resource),
  }));
}

/**
 * Access to the place and to what its links lead to. Simplification: when Lake Formation shows the target but IAM does not allow it, the call fails; Glue
 * would answer a GetTable with the link's own properties.
 */
export function accessThroughLinks(context: GlueContext, action: string, call: Call, place: Place): Access[] {
  const here = accessTo(context, action, call, place);
  const target = targetOf(context, place);
  if (!target || !isVisible(context, call, target)) return here;
  return [...here, ...accessTo(context, action, call, target)];
}

function targetOf(context: GlueContext, { owner, database, table }: Place): Place | undefined {
  if (database === undefined) return undefined;
  const found = context.catalog.database(owner, database);
  const databaseTarget = found?.database.TargetDatabase;
  if (databaseTarget)
    return {
      owner: databaseTarget.CatalogId,
      database: databaseTarget.DatabaseName,
      ...(table !== undefined && { table }),
    };
  const tableTarget = table === undefined ? undefined : found?.tables.get(table)?.table.TargetTable;
  return tableTarget && { owner: tableTarget.CatalogId, database: tableTarget.DatabaseName, table: tableTarget.Name };
}

function isVisible(context: GlueContext, call: Call, { owner, database, table }: Place): boolean {
  const { caller } = call;
  if (database !== undefined && table !== undefined && table !== '*')
    return context.guard().isTableVisible(caller, owner, database, table);
  if (database !== undefined) return context.guard().isDatabaseVisible(caller, owner, database);
  for (const { database: one } of context.catalog.databases(owner).values())
    if (context.guard().isDatabaseVisible(caller, owner, one.Name)) return true;
  return false;
}

/**
 * The catalog's own resource policy; for another account's caller, also what RAM adds to it. A cross-account grant of Lake Formation is a RAM share, whose
 * managed permission allows the consumer account the Glue calls on the shared resources, so that IAM's cross-account rule is met without a statement of the
 * owner's. Source: Lake Formation Developer Guide, "Cross-account data sharing" (AWSRAMPermissionGlue...). Lake Formation decides again when the call runs.
 */
function policyFor(context: GlueContext, call: Call, place: Place) {
  const own = context.catalog.policies.get(place.owner)?.document;
  const isShared = place.owner !== call.caller.account && isVisible(context, call, place);
  return (action: string, resource: string): PolicyDocument | undefined => {
    if (!isShared) return own;
    const share: PolicyStatement = {
      Sid: 'SharedThroughRam',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${call.caller.account}:root` },
      Action: action,
      Resource: resource,
    };
    return { Version: '2012-10-17', Statement: [...(own ? [own.Statement].flat() : []), share] };
  };
}
