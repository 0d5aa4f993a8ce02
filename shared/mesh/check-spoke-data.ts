/** Whether the hub's data role can read a domain's prefixes: what the bucket's policy and that of its key say. Pure. */
import { type PolicyStatement, statementsFor } from './apply-bucket-statements.ts';
import { DEPLOY_AGAIN, type SpokeCheck, type SpokeFinding, told } from './check-spoke.ts';
import { hubRoles } from './hub-roles.ts';
import { type Asked, effectOf, type PolicyEffect } from './policy-effect.ts';

export type Hub = { hub: string; stage: string };
type Bucket = SpokeCheck['buckets'][number];

/** @param policy its text, undefined when the bucket has none */
export function judgeBucketPolicy(
  hub: Hub,
  { bucket, prefixes }: Bucket,
  organization: string | undefined,
  policy: string | Error | undefined,
): SpokeFinding {
  const check = `policy of bucket ${bucket}`;
  const { statements } = statementsFor(hub, bucket, prefixes);
  const missing = (of: PolicyStatement[]) => ({ policyOf: `bucket ${bucket}`, statements: of });
  if (policy instanceof Error) {
    if (policy.name === 'NoSuchBucket') {
      return {
        check,
        ok: false,
        found: `there is no bucket ${bucket}`,
        fix: 'Make it, or correct the prefix in mesh.yml.',
      };
    }
    const fix = `The policy could not be read. Deploy spoke.yml again if the bucket is the account's; if it is another's, its owner has to see to these statements.`;
    return { check, ok: 'unknown', found: told(policy), fix, missing: missing(statements) };
  }
  const keys = knownContext(hub, organization);
  const [list, read] = statements as [PolicyStatement, PolicyStatement];
  const paths = prefixes.map(prefix => prefix.slice(`s3://${bucket}/`.length));
  const role = hubRoles(hub).data;
  const wanted: [PolicyStatement, Asked[]][] = [
    [
      list,
      paths.map(path => {
        const context = { ...keys, 's3:prefix': `${path}*` };
        return { role, action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, context };
      }),
    ],
    [
      read,
      paths.map(path => ({ role, action: 's3:GetObject', resource: `arn:aws:s3:::${bucket}/${path}*`, context: keys })),
    ],
  ];
  return judgePolicy(check, `bucket ${bucket}`, policy, wanted);
}

/** How a bucket is encrypted. The key is what the bucket names: an ARN, an id or an alias. */
export interface BucketEncryption {
  algorithm: string;
  key?: string | undefined;
}

/** The key's ARN where its policy is to be looked at; a finding where it need not be, or cannot. */
export function keyToCheck(
  { hub, stage, region }: Hub & { region: string },
  account: string,
  { bucket, prefixes }: Bucket,
  encryption: BucketEncryption | Error | undefined,
): { keyArn: string } | SpokeFinding {
  const check = `key of bucket ${bucket}`;
  const { keyStatement } = statementsFor({ hub, stage }, bucket, prefixes);
  const missing = { policyOf: `the key that encrypts bucket ${bucket}`, statements: [keyStatement] };
  if (encryption instanceof Error) {
    const fix = 'Whether a key encrypts the bucket could not be told. If one does, its policy needs this statement.';
    return { check, ok: 'unknown', found: told(encryption), fix, missing };
  }
  if (!encryption?.algorithm.startsWith('aws:kms')) return { check, ok: true, found: 'no KMS key encrypts it' };
  const { key } = encryption;
  if (key === undefined || /(^|:)alias\/aws\/s3$/.test(key)) {
    // Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", cross-account operations.
    const fix =
      'Its policy cannot be changed and lets no other account in: encrypt the bucket, and its objects anew, with a customer managed key.';
    return { check, ok: false, found: 'encrypted with the AWS managed key aws/s3', fix };
  }
  if (key.startsWith('arn:') ? key.split(':')[5]?.startsWith('alias/') : key.startsWith('alias/')) {
    const fix =
      "The bucket names its key by an alias, behind which each account has its own: name the key's ARN. Its policy needs this statement.";
    return { check, ok: 'unknown', found: `encrypted with ${key}`, fix, missing };
  }
  const keyArn = key.startsWith('arn:') ? key : `arn:aws:kms:${region}:${account}:key/${key}`;
  if (keyArn.split(':')[4] === account) return { keyArn };
  const fix = "The key is another account's: its owner has to see to this statement.";
  return { check, ok: 'unknown', found: `encrypted with ${keyArn}`, fix, missing };
}

export function judgeKeyPolicy(
  hub: Hub,
  { bucket, prefixes }: Bucket,
  organization: string | undefined,
  keyArn: string,
  policy: string | Error,
): SpokeFinding {
  const check = `key of bucket ${bucket}`;
  const { keyStatement } = statementsFor(hub, bucket, prefixes);
  if (policy instanceof Error) {
    const fix = `The policy of ${keyArn} could not be read: ${DEPLOY_AGAIN}, or the key's policy leaves nothing to IAM. It needs this statement.`;
    const missing = { policyOf: `key ${keyArn}`, statements: [keyStatement] };
    return { check, ok: 'unknown', found: told(policy), fix, missing };
  }
  const context = {
    ...knownContext(hub, organization),
    'kms:calleraccount': hub.hub,
    'kms:viaservice': `s3.${keyArn.split(':')[3]}.amazonaws.com`,
  };
  const asked = { role: hubRoles(hub).data, action: 'kms:Decrypt', resource: keyArn, context };
  return judgePolicy(check, `key ${keyArn}`, policy, [[keyStatement, [asked]]]);
}

/** What is known of every call of the data role. */
function knownContext(hub: Hub, organization: string | undefined): Asked['context'] {
  return {
    'aws:principalarn': hubRoles(hub).data,
    'aws:principalaccount': hub.hub,
    'aws:principaltype': 'AssumedRole',
    'aws:securetransport': 'true',
    ...(organization !== undefined && { 'aws:principalorgid': organization }),
  };
}

/** In effect, not literally: however the policy allows it. Names the statements that are not in effect. */
function judgePolicy(
  check: string,
  policyOf: string,
  policy: string | undefined,
  wanted: readonly [PolicyStatement, Asked[]][],
): SpokeFinding {
  const judged = wanted.map(([statement, asked]) => ({ statement, ...effectOf(policy, asked) }));
  const lacking = judged.filter(({ effect }) => effect !== 'allowed');
  const [worst] = ['denied', 'missing', 'unclear'].flatMap(kind => lacking.filter(({ effect }) => effect === kind));
  if (!worst) return { check, ok: true, found: 'lets the data role of the hub read' };
  const ok = lacking.every(({ effect }) => effect === 'unclear') ? 'unknown' : false;
  const needed = lacking.filter(({ effect }) => effect !== 'denied').map(({ statement }) => statement);
  return {
    check,
    ok,
    found: policy === undefined ? 'there is no policy' : lacking.map(describeEffect).join('; '),
    fix: worst.effect === 'missing' ? `The owner of ${policyOf} adds these statements to its policy.` : adviceOn(worst),
    ...(needed.length > 0 && { missing: { policyOf, statements: needed } }),
  };
}

function describeEffect({ statement, effect, because }: PolicyEffect & { statement: PolicyStatement }): string {
  const what = [statement.Action].flat()[0];
  if (effect === 'missing') return `${what} is not allowed`;
  return `${what} is ${effect === 'denied' ? 'denied' : 'perhaps denied or not allowed'} by the statement ${because.join(', ')}`;
}

function adviceOn({ effect, because }: PolicyEffect): string {
  return effect === 'denied'
    ? `The owner excepts the data role of the hub from the Deny of the statement ${because.join(', ')}.`
    : `Its conditions cannot be worked out from here. See that the statement ${because.join(', ')} lets the data role of the hub in.`;
}
