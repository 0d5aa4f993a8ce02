/** What `trellis apply` finds in accounts whose owners change something: by the deployed function, with the role that Trellis uses there. */
import { CreateKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  GetDataLakeSettingsCommand,
  LakeFormationClient,
  PutDataLakeSettingsCommand,
} from '@aws-sdk/client-lakeformation';
import {
  DeleteBucketPolicyCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMesh, type Mesh } from '../../local/mesh.ts';
import { ANALYTICS, AVIATION, administratorOf, CLIMATE, HUB } from '../../local/story/actors.ts';
import { applyServices } from '../../shared/aws/apply-services.ts';
import { bucketStatements } from '../../shared/mesh/apply-bucket-statements.ts';
import type { SpokeFinding } from '../../shared/mesh/check-spoke.ts';
import { checkSpokes, isWrong } from '../../shared/mesh/spoke-checks.ts';
import { mesh as meshFile } from '../deployment/stacks.ts';

const [AVIATION_BUCKET, CLIMATE_BUCKET] = ['trellis-aviation', 'trellis-climate'];
const statementsOf = (name: string) => bucketStatements(meshFile).find(({ bucket }) => bucket === name)!;

let mesh: Mesh;
beforeAll(async () => {
  mesh = await bootMesh({ empty: true });
});
afterAll(() => mesh?.stop());

const as = (account: string) => administratorOf(mesh.endpoint, account);

async function look(): Promise<Record<string, SpokeFinding[]>> {
  const { spokes } = applyServices(as(HUB), meshFile, () => mesh.clock.iso());
  const reports = await checkSpokes(spokes, meshFile);
  return Object.fromEntries(reports.map(({ account, findings }) => [account, findings]));
}

describe('the accounts of the sample', () => {
  it('are right: every read and every link call of Trellis is proven, and data can be read', async () => {
    const found = await look();
    expect(Object.values(found).flat().filter(isWrong)).toEqual([]);
    const checks = (account: string) => found[account]!.filter(({ ok }) => ok === true).map(({ check }) => check);
    expect(checks(AVIATION)).toEqual([
      'assume trellis-spoke',
      'glue:GetTable',
      'glue:GetTables',
      'glue:GetDatabase',
      'glue:GetPartitions',
      'glue:GetPartition',
      'glue:BatchGetPartition',
      'glue:GetDatabases',
      'glue:GetDatabase on links',
      'glue:GetTable on links',
      'glue:DeleteTable on links',
      'policy of bucket trellis-aviation',
      'key of bucket trellis-aviation',
    ]);
    expect(checks(ANALYTICS)).toEqual([
      'assume trellis-spoke',
      'glue:GetDatabase on links',
      'glue:GetTable on links',
      'glue:DeleteTable on links',
    ]);
  });

  it('are advised to trust the hub, until they do', async () => {
    const advice = (findings: SpokeFinding[] = []) => findings.filter(({ isAdvice }) => isAdvice);
    expect(advice((await look())[ANALYTICS])).toHaveLength(1);
    const lake = new LakeFormationClient(as(ANALYTICS));
    const { DataLakeSettings } = await lake.send(new GetDataLakeSettingsCommand({}));
    await lake.send(
      new PutDataLakeSettingsCommand({ DataLakeSettings: { ...DataLakeSettings, TrustedResourceOwners: [HUB] } }),
    );
    expect(advice((await look())[ANALYTICS])).toEqual([]);
  });
});

describe('a bucket whose owner', () => {
  it('has taken its policy away lacks both statements, and with them is right again', async () => {
    const s3 = new S3Client(as(AVIATION));
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: AVIATION_BUCKET }));
    const [finding, ...others] = (await look())[AVIATION]!.filter(isWrong);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ ok: false, missing: { statements: statementsOf(AVIATION_BUCKET!).statements } });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: finding!.missing!.statements });
    await s3.send(new PutBucketPolicyCommand({ Bucket: AVIATION_BUCKET, Policy }));
    expect((await look())[AVIATION]!.filter(isWrong)).toEqual([]);
  });

  it('encrypts it with a key must let the data role decrypt, by the statement that is told', async () => {
    const kms = new KMSClient(as(CLIMATE));
    const { KeyMetadata: { Arn: KMSMasterKeyID, KeyId } = {} } = await kms.send(new CreateKeyCommand({}));
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID };
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault }] };
    await new S3Client(as(CLIMATE)).send(
      new PutBucketEncryptionCommand({ Bucket: CLIMATE_BUCKET, ServerSideEncryptionConfiguration }),
    );
    const [finding, ...others] = (await look())[CLIMATE]!.filter(isWrong);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ check: `key of bucket ${CLIMATE_BUCKET}`, ok: false });
    const own = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${CLIMATE}:root` }, Action: 'kms:*', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [own, ...finding!.missing!.statements] });
    await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy }));
    expect((await look())[CLIMATE]!.filter(isWrong)).toEqual([]);
  });
});
