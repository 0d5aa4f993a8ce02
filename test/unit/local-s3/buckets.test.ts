import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketPolicyCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { letsReader, OTHER, OWNER, startWorld, type World } from './world.ts';

let world: World;
let s3: S3Client;
let Bucket: string;
let count = 0;
beforeAll(async () => {
  world = await startWorld();
  s3 = world.s3();
});
afterAll(() => world.end());
beforeEach(async () => {
  Bucket = `bucket-${++count}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
});

describe('a bucket', () => {
  it("is its maker's, listed with its time, in us-east-1", async () => {
    const { Buckets, Owner } = await s3.send(new ListBucketsCommand({}));
    const made = Buckets?.find(({ Name }) => Name === Bucket);
    expect(Math.abs(Number(made?.CreationDate) - world.clock.now())).toBeLessThan(60_000);
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    const others = await world.s3(world.administratorOf(OTHER)).send(new ListBucketsCommand({}));
    expect(others.Buckets ?? []).toEqual([]);
    expect(await s3.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'us-east-1' });
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint ?? '').toBe('');
  });

  it('is made again by its owner without effect, as in us-east-1, and by nobody else', async () => {
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: letsReader(Bucket, 's3:ListBucket') }));
    await s3.send(new CreateBucketCommand({ Bucket }));
    expect(await s3.send(new GetBucketPolicyCommand({ Bucket }))).toHaveProperty('Policy');
    const other = world.s3(world.administratorOf(OTHER));
    await expect(other.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyExists',
      $metadata: { httpStatusCode: 409 },
    });
  });

  it.each([
    ['ab', undefined, 'InvalidBucketName'],
    ['Upper', undefined, 'InvalidBucketName'],
    ['a..b', undefined, 'InvalidBucketName'],
    ['10.0.0.1', undefined, 'InvalidBucketName'],
    ['elsewhere', 'eu-west-1', 'IllegalLocationConstraintException'],
  ] as const)('named %s in %s cannot be made: %s', async (name, LocationConstraint, code) => {
    const configuration = LocationConstraint && { CreateBucketConfiguration: { LocationConstraint } };
    await expect(s3.send(new CreateBucketCommand({ Bucket: name, ...configuration }))).rejects.toMatchObject({
      name: code,
    });
  });

  it('is deleted when it is empty', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'BucketNotEmpty' });
    const empty = `${Bucket}-empty`;
    await s3.send(new CreateBucketCommand({ Bucket: empty }));
    await s3.send(new DeleteBucketCommand({ Bucket: empty }));
    await expect(s3.send(new GetBucketLocationCommand({ Bucket: empty }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
      BucketName: empty,
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new HeadBucketCommand({ Bucket: empty }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('of another owner than expected is denied', async () => {
    await s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: OWNER }));
    const wrong = new GetBucketPolicyCommand({ Bucket, ExpectedBucketOwner: OTHER });
    await expect(s3.send(wrong)).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  });
});

describe("a bucket's policy", () => {
  it('is given back as it was put, until it is deleted', async () => {
    const none = { name: 'NoSuchBucketPolicy', $metadata: { httpStatusCode: 404 } };
    await expect(s3.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject(none);
    const Policy = letsReader(Bucket, 's3:GetObject');
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    await expect(s3.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject(none);
  });

  const statement = (change: object) =>
    JSON.stringify({ Statement: [{ ...JSON.parse(letsReader(Bucket, 's3:GetObject')).Statement[0], ...change }] });
  it.each([
    ['no JSON object', () => 'x', "Policies must be valid JSON and the first byte must be '{'"],
    ['no statement', () => '{"Version":"2012-10-17"}', 'Missing required field Statement'],
    ['no principal', () => statement({ Principal: undefined }), 'Missing required field Principal'],
    ['no effect', () => statement({ Effect: 'Maybe' }), 'Invalid effect: Maybe'],
    ['another service', () => statement({ Action: 'sqs:SendMessage' }), 'Policy has invalid action'],
    ['another bucket', () => statement({ Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
    ['everything', () => statement({ Resource: '*' }), 'Policy has invalid resource'],
    [
      'a role that is none',
      () => statement({ Principal: { AWS: `arn:aws:iam::${OTHER}:role/Nobody` } }),
      'Invalid principal in policy',
    ],
    ['an account that is none', () => statement({ Principal: { AWS: '999999999999' } }), 'Invalid principal in policy'],
    ['a principal of no form', () => statement({ Principal: { AWS: 'Reader' } }), 'Invalid principal in policy'],
    [
      'more than 20 KB',
      () => statement({ Sid: 'x'.repeat(20_480) }),
      'Policy exceeds the maximum allowed document size: 20480 bytes.',
    ],
  ])('with %s is malformed, and the old one stays', async (_, policy, message) => {
    const Policy = letsReader(Bucket, 's3:GetObject');
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await expect(s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy() }))).rejects.toMatchObject({
      name: 'MalformedPolicy',
      message,
      $metadata: { httpStatusCode: 400 },
    });
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
  });

  it('that IAM cannot evaluate is refused by name when it is put', async () => {
    const Policy = statement({ Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01' } } });
    await expect(s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))).rejects.toMatchObject({
      name: 'NotImplementedInLocalMesh',
      message: expect.stringContaining('aws:CurrentTime'),
    });
  });
});

describe("a bucket's encryption", () => {
  const get = async () =>
    (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules;
  const put = (rule: ServerSideEncryptionRule) =>
    s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }));
  const byDefault = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }];

  it("is S3's own unless a key is named, and again once that is deleted", async () => {
    expect(await get()).toEqual(byDefault);
    const KMSMasterKeyID = `arn:aws:kms:us-east-1:${OWNER}:key/a`;
    const rule: ServerSideEncryptionRule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID },
      BucketKeyEnabled: true,
    };
    await put(rule);
    expect(await get()).toEqual([rule]);
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
    expect(await get()).toEqual(byDefault);
  });

  it('has no key with AES256, and no other algorithm', async () => {
    const refused = { name: 'InvalidArgument' };
    const withKey = { SSEAlgorithm: 'AES256', KMSMasterKeyID: 'k' } as const;
    await expect(put({ ApplyServerSideEncryptionByDefault: withKey })).rejects.toMatchObject(refused);
    const other = { SSEAlgorithm: 'rot13' as 'AES256' };
    await expect(put({ ApplyServerSideEncryptionByDefault: other })).rejects.toMatchObject(refused);
  });
});

describe('what S3 has and the mesh has not', () => {
  it('is named: operations, headers, empty bodies of XML', async () => {
    const missing = (message: string) => ({
      name: 'NotImplementedInLocalMesh',
      message: expect.stringContaining(message),
    });
    await expect(s3.send(new GetBucketAclCommand({ Bucket }))).rejects.toMatchObject(
      missing(`GET /${Bucket}/?acl of S3`),
    );
    await expect(s3.send(new CreateBucketCommand({ Bucket, ACL: 'private' }))).rejects.toMatchObject(
      missing('x-amz-acl'),
    );
    await expect(s3.send(new ListBucketsCommand({ MaxBuckets: 1 }))).rejects.toMatchObject(missing('max-buckets'));
  });

  it.each([
    '',
    '<a>',
    '<Other/>',
    '<ServerSideEncryptionConfiguration><Rule></ServerSideEncryptionConfiguration>',
    '&',
  ])('and a body of XML that cannot be read is malformed: %j', async body => {
    const credential = `${OWNER}/20260101/us-east-1/s3/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
    const url = `${world.endpoint}/${Bucket}?encryption`;
    const answer = await fetch(url, { method: 'PUT', headers: { authorization }, body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>MalformedXML</Code>');
    expect(world.logged).toEqual([]);
  });
});
