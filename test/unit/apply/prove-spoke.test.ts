import { beforeEach, describe, expect, it } from 'vitest';
import { bucketStatements } from '../../../shared/mesh/apply-bucket-statements.ts';
import type { GlueProbe, SpokeCheck, SpokeFinding } from '../../../shared/mesh/check-spoke.ts';
import type { BucketEncryption } from '../../../shared/mesh/check-spoke-data.ts';
import { proveSpoke, type SpokeProbes } from '../../../shared/mesh/prove-spoke.ts';
import { checkSpokes, isWrong, spokeChecksOf } from '../../../shared/mesh/spoke-checks.ts';
import { sampleStage } from './memory-hub.ts';

const HUB = { hub: '111111111111', stage: 'local', region: 'us-east-1' };
const KEY = 'arn:aws:kms:eu-west-1:333333333333:key/1';
const { mesh } = sampleStage();
const [aviation, climate, analytics, auditor] = spokeChecksOf(mesh) as [SpokeCheck, SpokeCheck, SpokeCheck, SpokeCheck];
const failure = (name: string, message = '') => Object.assign(new Error(message), { name });
const notFound = failure('EntityNotFoundException', 'Database probe not found.');

/** An account where everything is as it should be, to be spoilt. */
class Account implements SpokeProbes {
  assumed: Error | undefined;
  glueAnswer = (_: GlueProbe): Error | undefined => notFound;
  invitations: Error | undefined;
  trusted: string[] | Error = ['111111111111'];
  encryption: BucketEncryption | Error | undefined;
  keyPolicyText: string | Error = '{}';
  readonly asked: string[] = [];
  policies: Record<string, string | Error | undefined> = Object.fromEntries(
    bucketStatements(mesh).map(({ bucket, statements }) => [bucket, JSON.stringify({ Statement: statements })]),
  );

  #answer<T>(asked: string, given: T | Error): T {
    this.asked.push(asked);
    if (given instanceof Error) throw given;
    return given;
  }

  assume = async () => this.#answer<void>('assume', this.assumed as undefined);
  glue = async (_: string, probe: GlueProbe) =>
    this.#answer<void>(`${probe.action} ${probe.database}.${probe.table}`, this.glueAnswer(probe) as undefined);
  listInvitations = async () => this.#answer<void>('invitations', this.invitations as undefined);
  trustedOwners = async () => this.#answer('settings', this.trusted);
  bucketPolicy = async (_: string, bucket: string) => this.#answer(`policy ${bucket}`, this.policies[bucket]);
  bucketEncryption = async (_: string, bucket: string) => this.#answer(`encryption ${bucket}`, this.encryption);
  keyPolicy = async (_: string, keyArn: string) => this.#answer(`key ${keyArn}`, this.keyPolicyText);
}

let account: Account;
beforeEach(() => {
  account = new Account();
});

const prove = (check: SpokeCheck) => proveSpoke({ probes: account, hub: HUB, newName: () => 'probe_1' }, check);
const wrong = async (check: SpokeCheck) => (await prove(check)).filter(({ ok }) => ok !== true);
const only = async (check: SpokeCheck): Promise<SpokeFinding> => {
  const [finding, ...others] = await wrong(check);
  expect(others).toEqual([]);
  return finding!;
};

describe('an account where everything is right', () => {
  it.each([
    ['a domain with all databases', aviation],
    ['a domain with named databases', climate],
    ['a consumer', analytics],
    ['a consumer outside the organization', auditor],
  ])('is found so: %s', async (_, check) => {
    expect(await wrong(check)).toEqual([]);
  });

  it('was asked for every Glue read of a domain, and for links, by names that cannot exist', async () => {
    await prove(aviation);
    expect(account.asked.filter(asked => asked.includes('.')).sort()).toEqual([
      'BatchGetPartition probe_1.probe_1',
      'DeleteTable trellis__probe_1.trellis__probe_1',
      'GetDatabase probe_1.probe_1',
      'GetDatabase trellis__probe_1.trellis__probe_1',
      'GetDatabases probe_1.probe_1',
      'GetPartition probe_1.probe_1',
      'GetPartitions probe_1.probe_1',
      'GetTable probe_1.probe_1',
      'GetTable trellis__probe_1.trellis__probe_1',
      'GetTables probe_1.probe_1',
    ]);
  });

  it('never has anything deleted but a name that cannot exist', async () => {
    await prove(climate);
    expect(account.asked.filter(asked => asked.startsWith('Delete'))).toEqual([
      'DeleteTable trellis__probe_1.trellis__probe_1',
    ]);
  });

  it('was asked for nothing of a domain when it only reads, and for invitations only outside the organization', async () => {
    await prove(analytics);
    expect(account.asked.filter(asked => !asked.includes('trellis__'))).toEqual(['assume', 'settings']);
    await prove(auditor);
    expect(account.asked).toContain('invitations');
  });
});

describe('what is not right', () => {
  it('ends the check when the role cannot be assumed', async () => {
    account.assumed = failure('AccessDenied', 'not authorized to perform: sts:AssumeRole');
    expect(await prove(aviation)).toEqual([
      expect.objectContaining({ check: 'assume trellis-spoke', ok: false, fix: expect.stringContaining('spoke.yml') }),
    ]);
    expect(account.asked).toEqual(['assume']);
  });

  it('is a right that is denied, and no other', async () => {
    account.glueAnswer = ({ action }) =>
      action === 'GetPartitions'
        ? failure('AccessDeniedException', 'is not authorized to perform: glue:GetPartitions')
        : notFound;
    expect(await only(aviation)).toMatchObject({ check: 'glue:GetPartitions', ok: false });
  });

  it('is not known after any other error', async () => {
    account.glueAnswer = ({ action }) =>
      action === 'GetTable' ? failure('InternalServiceException', 'oops') : notFound;
    const findings = await wrong(analytics);
    expect(findings).toMatchObject([{ ok: 'unknown', found: 'InternalServiceException: oops' }]);
  });

  it('is not known where Lake Formation hides, for it says the same of what is not there', async () => {
    const hidden = failure(
      'AccessDeniedException',
      'Insufficient Lake Formation permission(s): Required Describe on probe_1',
    );
    account.glueAnswer = ({ purpose }) => (purpose === 'read' ? hidden : notFound);
    const findings = await wrong(climate);
    expect(new Set(findings.map(({ ok }) => ok))).toEqual(new Set(['unknown']));
    expect(findings[0]?.fix).toContain('DESCRIBE on daily');
  });

  it('takes a list that is answered for the right to list', async () => {
    account.glueAnswer = ({ action }) => (action === 'GetTables' || action === 'GetDatabase' ? undefined : notFound);
    expect(await wrong(climate)).toEqual([]);
  });

  it('is only advice when usage does not name who read', async () => {
    account.trusted = ['999999999999'];
    const finding = await only(analytics);
    expect(finding).toMatchObject({
      ok: false,
      isAdvice: true,
      fix: expect.stringContaining('put-data-lake-settings'),
    });
    expect(isWrong(finding)).toBe(false);
    account.trusted = failure('AccessDeniedException');
    expect(isWrong(await only(analytics))).toBe(true);
  });
});

describe("a domain's buckets", () => {
  const [, forClimate, forShared] = bucketStatements(mesh);

  it('lack both statements without a policy', async () => {
    account.policies['trellis-climate'] = undefined;
    expect(await only(climate)).toMatchObject({
      check: 'policy of bucket trellis-climate',
      ok: false,
      found: 'there is no policy',
      missing: { policyOf: 'bucket trellis-climate', statements: forClimate!.statements },
    });
  });

  it('lack only the statement that is not in effect', async () => {
    const [list, read] = forShared!.statements;
    account.policies.shared = JSON.stringify({ Statement: [{ ...list, Sid: 'Other' }] });
    expect(await only(climate)).toMatchObject({ ok: false, missing: { statements: [read] } });
    account.policies.shared = JSON.stringify({ Statement: [list, { ...read, Resource: 'arn:aws:s3:::shared/clim*' }] });
    expect(await wrong(climate)).toEqual([]);
    account.policies.shared = JSON.stringify({
      Statement: [list, { ...read, Resource: 'arn:aws:s3:::shared/climate/a/*' }],
    });
    expect(await only(climate)).toMatchObject({ ok: false, missing: { statements: [read] } });
  });

  it('need another Deny, not another statement, where one is in the way', async () => {
    const block = { Sid: 'Lock', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };
    account.policies.shared = JSON.stringify({ Statement: [...forShared!.statements, block] });
    const finding = await only(climate);
    expect(finding).toMatchObject({ ok: false, fix: expect.stringContaining('Lock') });
    expect(finding.missing).toBeUndefined();
  });

  it('are not known when the policy cannot be read, and do not exist when S3 says so', async () => {
    account.policies.shared = failure('AccessDenied');
    expect(await only(climate)).toMatchObject({ ok: 'unknown', missing: { statements: forShared!.statements } });
    account.policies.shared = failure('NoSuchBucket');
    expect(await only(climate)).toMatchObject({ ok: false, found: 'there is no bucket shared' });
  });

  describe('with a key', () => {
    const decrypt = (more: object = {}) => JSON.stringify({ Statement: { ...forClimate!.keyStatement, ...more } });
    const keys = async () =>
      (await wrong(climate))
        .filter(({ check }) => check === 'key of bucket trellis-climate')
        .map(({ fix: _, ...one }) => one);

    it('is right when its policy lets the data role decrypt', async () => {
      account.encryption = { algorithm: 'aws:kms', key: KEY };
      account.keyPolicyText = decrypt();
      expect(await keys()).toEqual([]);
      expect(account.asked).toContain(`key ${KEY}`);
      const viaS3 = {
        StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com', 'kms:CallerAccount': '111111111111' },
      };
      account.keyPolicyText = decrypt({ Condition: viaS3 });
      expect(await keys()).toEqual([]);
    });

    it('lacks the statement where its policy only lets its own account in', async () => {
      account.encryption = { algorithm: 'aws:kms:dsse', key: KEY };
      account.keyPolicyText = decrypt({ Principal: { AWS: 'arn:aws:iam::333333333333:root' }, Action: 'kms:*' });
      expect(await keys()).toMatchObject([
        { ok: false, missing: { policyOf: `key ${KEY}`, statements: [forClimate!.keyStatement] } },
      ]);
    });

    it('finds a key by its id in the Region of the hub', async () => {
      account.encryption = { algorithm: 'aws:kms', key: '1' };
      account.keyPolicyText = decrypt();
      expect(await keys()).toEqual([]);
      expect(account.asked).toContain('key arn:aws:kms:us-east-1:333333333333:key/1');
    });

    it.each<[string, BucketEncryption | Error, boolean | 'unknown']>([
      ['no key', { algorithm: 'AES256' }, true],
      ['the AWS managed key, which lets no other account in', { algorithm: 'aws:kms' }, false],
      [
        'the AWS managed key by its alias',
        { algorithm: 'aws:kms', key: 'arn:aws:kms:us-east-1:333333333333:alias/aws/s3' },
        false,
      ],
      ['an alias', { algorithm: 'aws:kms', key: 'alias/lake' }, 'unknown'],
      ["another account's key", { algorithm: 'aws:kms', key: 'arn:aws:kms:us-east-1:999999999999:key/1' }, 'unknown'],
      ['an encryption that cannot be read', failure('AccessDenied'), 'unknown'],
    ])('%s', async (_, encryption, ok) => {
      account.encryption = encryption;
      expect((await keys()).map(one => one.ok)).toEqual(ok === true ? [] : [ok]);
      expect(account.asked.filter(asked => asked.startsWith('key'))).toEqual([]);
    });

    it('is not known when its policy cannot be read', async () => {
      account.encryption = { algorithm: 'aws:kms', key: KEY };
      account.keyPolicyText = failure('AccessDeniedException');
      expect(await keys()).toMatchObject([{ ok: 'unknown', missing: { statements: [forClimate!.keyStatement] } }]);
    });
  });
});

describe('the accounts of a mesh', () => {
  it('are looked at as what they are: the hub not at all', () => {
    expect(aviation).toMatchObject({ account: '222222222222', kind: 'domain', databases: '*' });
    expect(climate).toMatchObject({
      kind: 'domain',
      databases: ['daily', 'hourly'],
      buckets: [
        { bucket: 'trellis-climate', prefixes: ['s3://trellis-climate/'] },
        { bucket: 'shared', prefixes: ['s3://shared/climate/'] },
      ],
    });
    expect(analytics).toMatchObject({ kind: 'consumer', buckets: [], isOutsideOrganization: false });
    expect(auditor).toMatchObject({ account: '555555555555', isOutsideOrganization: true });
  });

  it('are each looked at, also when one cannot be', async () => {
    const progress: string[] = [];
    const check = async ({ account: id }: SpokeCheck) => {
      if (id === '333333333333') throw new Error('timed out');
      return [];
    };
    const reports = await checkSpokes({ check }, mesh, (done, of) => progress.push(`${done}/${of}`));
    expect(reports.map(({ account: id, names, findings }) => [id, names, findings.map(({ ok }) => ok)])).toEqual([
      ['222222222222', ['aviation'], []],
      ['333333333333', ['climate'], ['unknown']],
      ['444444444444', ['analytics'], []],
      ['555555555555', ['auditor'], []],
    ]);
    expect(progress.at(-1)).toBe('4/4');
  });
});
