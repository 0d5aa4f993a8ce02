import { GetDatabaseCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetDataLakeSettingsCommand, LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketEncryptionCommand, GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { ReconcileMachine } from '../../../shared/aws/reconcile-machine.ts';
import { SpokeCheckFunction } from '../../../shared/aws/spoke-check-function.ts';
import { AwsSpokeProbes } from '../../../shared/aws/spoke-probes.ts';
import { SpokeCheckMissingError } from '../../../shared/mesh/spoke-checks.ts';

const failure = (name: string, message = name) => Object.assign(new Error(message), { name });
const options = { region: 'us-east-1', credentials: { accessKeyId: '111111111111', secretAccessKey: 'x' } };

describe('what AWS answers to trellis-spoke', () => {
  const [glue, s3, kms, lake] = [
    mockClient(GlueClient),
    mockClient(S3Client),
    mockClient(KMSClient),
    mockClient(LakeFormationClient),
  ];
  const credentials = {
    accessKeyId: 'a',
    secretAccessKey: 'b',
    sessionToken: 'c',
    expiration: new Date(Date.now() + 3_600_000),
  };
  const assumed: string[] = [];
  const probes = new AwsSpokeProbes(account => async () => {
    assumed.push(account);
    return credentials;
  });

  beforeEach(() => {
    for (const mock of [glue, s3, kms, lake]) mock.reset();
  });

  it('is asked as the role of that account', async () => {
    await probes.assume('222222222222');
    expect(assumed).toEqual(['222222222222']);
  });

  it('is the error itself', async () => {
    glue.on(GetTableCommand).rejects(failure('EntityNotFoundException'));
    glue.on(GetDatabaseCommand).resolves({});
    const probe = { purpose: 'read' as const, database: 'd', table: 't' };
    await expect(probes.glue('1', { ...probe, action: 'GetTable' })).rejects.toThrow('EntityNotFoundException');
    expect(glue.commandCalls(GetTableCommand)[0]?.args[0].input).toEqual({ DatabaseName: 'd', Name: 't' });
    await expect(probes.glue('1', { ...probe, action: 'GetDatabase' })).resolves.toBeUndefined();
  });

  it('tells a bucket without a policy from one whose policy may not be read', async () => {
    s3.on(GetBucketPolicyCommand).rejectsOnce(failure('NoSuchBucketPolicy')).rejects(failure('AccessDenied'));
    expect(await probes.bucketPolicy('1', 'lake')).toBeUndefined();
    await expect(probes.bucketPolicy('1', 'lake')).rejects.toThrow('AccessDenied');
  });

  it('tells how a bucket is encrypted', async () => {
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: 'k' };
    s3.on(GetBucketEncryptionCommand)
      .resolvesOnce({ ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault }] } })
      .rejectsOnce(failure('ServerSideEncryptionConfigurationNotFoundError'))
      .rejects(failure('AccessDenied'));
    expect(await probes.bucketEncryption('1', 'lake')).toEqual({ algorithm: 'aws:kms', key: 'k' });
    expect(await probes.bucketEncryption('1', 'lake')).toBeUndefined();
    await expect(probes.bucketEncryption('1', 'lake')).rejects.toThrow('AccessDenied');
  });

  it("asks for a key's policy in the key's Region", async () => {
    kms.on(GetKeyPolicyCommand).resolves({ Policy: '{"Statement":[]}' });
    const keyArn = 'arn:aws:kms:eu-west-1:1:key/1';
    expect(await probes.keyPolicy('1', keyArn)).toBe('{"Statement":[]}');
    const client = kms.commandCalls(GetKeyPolicyCommand)[0]?.thisValue as KMSClient;
    expect(await client.config.region()).toBe('eu-west-1');
  });

  it('has no trusted owners in settings that name none', async () => {
    lake.on(GetDataLakeSettingsCommand).resolves({ DataLakeSettings: {} });
    expect(await probes.trustedOwners('1')).toEqual([]);
  });
});

describe('the function that checks', () => {
  const client = new LambdaClient(options);
  const lambda = mockClient(client);
  const checker = new SpokeCheckFunction(client, 'prod');
  const check = { account: '2', kind: 'consumer' as const, databases: [], buckets: [], isOutsideOrganization: false };
  const payload = (value: unknown) => Buffer.from(JSON.stringify(value)) as never;

  beforeEach(() => {
    lambda.reset();
  });

  it('is invoked and waited for', async () => {
    const findings = [{ check: 'a', ok: true, found: 'b' }];
    lambda.on(InvokeCommand).resolves({ Payload: payload(findings) });
    expect(await checker.check(check)).toEqual(findings);
    const input = lambda.commandCalls(InvokeCommand)[0]!.args[0].input;
    expect(input).toEqual({ FunctionName: 'trellis-prod-spoke-check', Payload: JSON.stringify(check) });
  });

  it('says when it failed, and when it is not there', async () => {
    lambda
      .on(InvokeCommand)
      .resolvesOnce({ FunctionError: 'Unhandled', Payload: payload({ errorMessage: 'timed out' }) });
    await expect(checker.check(check)).rejects.toThrow('trellis-prod-spoke-check failed: timed out');
    lambda.on(InvokeCommand).rejects(failure('ResourceNotFoundException'));
    await expect(checker.check(check)).rejects.toThrow(SpokeCheckMissingError);
  });
});

describe('the first reconcile of a domain', () => {
  const client = new SFNClient(options);
  const sfn = mockClient(client);
  const machine = new ReconcileMachine(client, { stage: 'prod', hub: '111111111111' });

  beforeEach(() => {
    sfn.reset();
  });

  it('is started by name in the hub', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    expect(await machine.start('climate', 'onboard-climate-1')).toBe('started');
    expect(sfn.commandCalls(StartExecutionCommand)[0]!.args[0].input).toEqual({
      stateMachineArn: 'arn:aws:states:us-east-1:111111111111:stateMachine:trellis-prod-reconcile',
      name: 'onboard-climate-1',
      input: '{"domain":"climate","dryRun":false,"reason":"onboarding"}',
    });
  });

  it.each([
    ['ExecutionAlreadyExists', 'started'],
    ['StateMachineDoesNotExist', 'no-machine'],
  ])('after %s is %s', async (name, outcome) => {
    sfn.on(StartExecutionCommand).rejects(failure(name));
    expect(await machine.start('climate', 'n')).toBe(outcome);
  });

  it('fails when AWS does otherwise', async () => {
    sfn.on(StartExecutionCommand).rejects(failure('AccessDeniedException'));
    await expect(machine.start('climate', 'n')).rejects.toThrow('AccessDenied');
  });
});
