/** What IAM must allow for a grant or a revocation. */
import { type Access, type Call, REGION, type Wire } from '../core/service.ts';
import { foreignAccount, parsePrincipal } from './principals.ts';
import { ALL_TABLES, databaseArn, parseResource, type Resource, sharedArn, tableArn } from './resource.ts';

/**
 * The action itself, Glue's read of what it is about, and across accounts what Lake Formation does with RAM and the catalog's resource
 * policy in the caller's name. Entries that cannot be read need nothing more: running them fails.
 * Sources: Developer Guide, "IAM permissions required to grant or revoke Lake Formation permissions"; the AWS managed policy
 * AWSLakeFormationCrossAccountManager.
 */
export function grantAccess(action: string, entries: Wire[], { caller }: Call): Access[] {
  const access = new Map<string, Access>();
  const put = (item: Access) => access.set(JSON.stringify(item), item);
  put({ action: `lakeformation:${action}`, resource: '*' });
  for (const entry of entries) {
    const read = tryRead(entry, caller.account);
    if (!read || read.owner !== caller.account) continue;
    for (const item of catalogAccess(read.owner, read.resource)) put(item);
    const isCrossing = foreignAccount(read.owner, read.principal) !== undefined;
    if (!isCrossing || sharedArn(read.owner, read.resource) === undefined) continue;
    for (const item of sharingAccess(read.owner, read.resource, action.endsWith('GrantPermissions'))) put(item);
  }
  return [...access.values()];
}

function tryRead(entry: Wire, account: string): { owner: string; resource: Resource; principal: string } | undefined {
  try {
    return {
      ...parseResource(entry?.Resource, entry?.CatalogId ?? account),
      principal: parsePrincipal(entry?.Principal),
    };
  } catch {
    // The operation itself refuses it, with its reason.
    return undefined;
  }
}

function catalogAccess(owner: string, resource: Resource): Access[] {
  if (resource.kind === 'database' || ('table' in resource && resource.table === ALL_TABLES)) {
    return [{ action: 'glue:GetDatabase', resource: databaseArn(owner, resource.database) }];
  }
  return 'table' in resource
    ? [{ action: 'glue:GetTable', resource: tableArn(owner, resource.database, resource.table) }]
    : [];
}

function sharingAccess(owner: string, resource: Resource, isGrant: boolean): Access[] {
  const type = resource.kind === 'database' ? 'Database' : 'Table';
  const share = `arn:aws:ram:${REGION}:${owner}:resource-share/lakeformation`;
  const context = { 'ram:ResourceShareName': `LakeFormation-V3-${owner}` };
  const look: Access = { action: 'ram:GetResourceShares', resource: '*', context };
  if (!isGrant) {
    return [
      look,
      { action: 'ram:DisassociateResourceShare', resource: share, context },
      { action: 'ram:DeleteResourceShare', resource: share, context },
      { action: 'glue:DeleteResourcePolicy', resource: `arn:aws:glue:${REGION}:${owner}:catalog` },
    ];
  }
  const permission = `arn:aws:ram::aws:permission/AWSRAMLFEnabledGlue${type}ReadWrite`;
  return [
    look,
    {
      action: 'ram:CreateResourceShare',
      resource: share,
      context: { ...context, 'ram:RequestedResourceType': `glue:${type}` },
    },
    { action: 'ram:AssociateResourceShare', resource: share, context },
    {
      action: 'ram:AssociateResourceSharePermission',
      resource: share,
      context: { ...context, 'ram:PermissionArn': permission },
    },
    { action: 'glue:PutResourcePolicy', resource: `arn:aws:glue:${REGION}:${owner}:catalog` },
    { action: 'organizations:DescribeOrganization', resource: '*' },
  ];
}
