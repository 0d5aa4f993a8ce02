import {
  type GlueProbe,
  glueProbes,
  judgeAssumed,
  judgeGlue,
  judgeInvitations,
  judgeTrustedOwners,
  type SpokeCheck,
  type SpokeFinding,
} from './check-spoke.ts';
import { type BucketEncryption, judgeBucketPolicy, judgeKeyPolicy, keyToCheck } from './check-spoke-data.ts';

/** An account of the mesh, looked at as its role `trellis-spoke`. Each call fails as AWS fails. Nothing is changed. */
export interface SpokeProbes {
  assume(account: string): Promise<void>;
  glue(account: string, probe: GlueProbe): Promise<void>;
  listInvitations(account: string): Promise<void>;
  trustedOwners(account: string): Promise<string[]>;
  /** Its text; undefined when the bucket has none. */
  bucketPolicy(account: string, bucket: string): Promise<string | undefined>;
  bucketEncryption(account: string, bucket: string): Promise<BucketEncryption | undefined>;
  keyPolicy(account: string, keyArn: string): Promise<string>;
}

export interface ProveSpokeServices {
  probes: SpokeProbes;
  hub: { hub: string; stage: string; region: string };
  /** A lower-case name that nothing has. */
  newName(): string;
}

/** What the role `trellis-spoke` of an account may do and what its buckets let in, proven by asking. Without the role, nothing else can be asked. */
export async function proveSpoke(
  { probes, hub, newName }: ProveSpokeServices,
  check: SpokeCheck,
): Promise<SpokeFinding[]> {
  const { account } = check;
  const assumed = judgeAssumed(account, await errorOf(probes.assume(account)));
  if (assumed.ok !== true) return [assumed];
  const glue = glueProbes(check, newName()).map(async probe =>
    judgeGlue(probe, await errorOf(probes.glue(account, probe))),
  );
  const invitations = check.isOutsideOrganization
    ? [errorOf(probes.listInvitations(account)).then(judgeInvitations)]
    : [];
  const owners = probes.trustedOwners(account).catch(asError);
  const settings = owners.then(trusted => judgeTrustedOwners(hub.hub, account, trusted));
  const data = check.buckets.map(bucket => proveBucket(probes, hub, check, bucket));
  return [assumed, ...(await Promise.all([...glue, ...invitations, settings, ...data])).flat()];
}

async function proveBucket(
  probes: SpokeProbes,
  hub: ProveSpokeServices['hub'],
  { account, organization }: SpokeCheck,
  bucket: SpokeCheck['buckets'][number],
): Promise<SpokeFinding[]> {
  const policy = await probes.bucketPolicy(account, bucket.bucket).catch(asError);
  const ofBucket = judgeBucketPolicy(hub, bucket, organization, policy);
  if (policy instanceof Error && policy.name === 'NoSuchBucket') return [ofBucket];
  const encryption = await probes.bucketEncryption(account, bucket.bucket).catch(asError);
  const key = keyToCheck(hub, account, bucket, encryption);
  if (!('keyArn' in key)) return [ofBucket, key];
  const keyPolicy = await probes.keyPolicy(account, key.keyArn).catch(asError);
  return [ofBucket, judgeKeyPolicy(hub, bucket, organization, key.keyArn, keyPolicy)];
}

async function errorOf(call: Promise<unknown>): Promise<Error | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
