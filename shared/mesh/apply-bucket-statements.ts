import { hubRoles } from './hub-roles.ts';
import type { Mesh } from './mesh.ts';

/** What the owner of a bucket adds so that the hub's data role can read the domains' prefixes in it. */
export interface BucketStatements {
  bucket: string;
  /** One of them owns the bucket: the domains' accounts. */
  accounts: string[];
  domains: string[];
  prefixes: string[];
  /** For the bucket's policy. */
  statements: PolicyStatement[];
  /** For the policy of the customer managed key that encrypts the bucket, if one does. */
  keyStatement: PolicyStatement;
}

export interface PolicyStatement {
  Sid: string;
  Effect: 'Allow';
  Principal: { AWS: string };
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string[]>>;
}

/**
 * One entry for each bucket of the mesh, in the order of mesh.yml. Reading only: nothing of Trellis writes to a producer's data.
 * Source: Lake Formation Developer Guide, "Registering an Amazon S3 location in another AWS account" and "Registering an encrypted Amazon S3
 * location across AWS accounts".
 */
export function bucketStatements(mesh: Mesh): BucketStatements[] {
  const buckets = new Map<string, { accounts: string[]; domains: string[]; prefixes: string[] }>();
  for (const [name, { account, prefixes }] of Object.entries(mesh.domains)) {
    for (const prefix of prefixes) {
      const bucket = prefix.slice('s3://'.length).split('/')[0]!;
      const known = buckets.get(bucket) ?? { accounts: [], domains: [], prefixes: [] };
      if (!known.accounts.includes(account)) known.accounts.push(account);
      if (!known.domains.includes(name)) known.domains.push(name);
      known.prefixes.push(prefix);
      buckets.set(bucket, known);
    }
  }
  return [...buckets].map(([bucket, entry]) => ({ bucket, ...entry, ...statementsFor(mesh, bucket, entry.prefixes) }));
}

/** What the policy of one bucket, and that of its key, must hold for these prefixes in it. */
export function statementsFor(
  hub: Pick<Mesh, 'hub' | 'stage'>,
  bucket: string,
  prefixes: readonly string[],
): Pick<BucketStatements, 'statements' | 'keyStatement'> {
  const sid = `Trellis${capital(hub.stage)}`;
  const role = hubRoles(hub).data;
  const paths = prefixes.map(prefix => prefix.slice(`s3://${bucket}/`.length));
  const common = { Effect: 'Allow', Principal: { AWS: role } } as const;
  const list: PolicyStatement = {
    Sid: `${sid}List`,
    ...common,
    Action: 's3:ListBucket',
    Resource: `arn:aws:s3:::${bucket}`,
  };
  if (!paths.includes('')) list.Condition = { StringLike: { 's3:prefix': paths.map(path => `${path}*`) } };
  const read: PolicyStatement = {
    Sid: `${sid}Read`,
    ...common,
    Action: 's3:GetObject',
    Resource: paths.map(path => `arn:aws:s3:::${bucket}/${path}*`),
  };
  // In a key's policy `*` is the key itself. Source: KMS Developer Guide, "Key policies in AWS KMS".
  const keyStatement: PolicyStatement = {
    Sid: `${sid}Decrypt`,
    ...common,
    Action: ['kms:Decrypt', 'kms:DescribeKey'],
    Resource: '*',
  };
  return { statements: [list, read], keyStatement };
}

/** A statement's id has letters and digits only. */
function capital(stage: string): string {
  const letters = stage.replace(/-/g, '');
  return letters.charAt(0).toUpperCase() + letters.slice(1);
}
