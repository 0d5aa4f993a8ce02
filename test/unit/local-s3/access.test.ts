import {
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { letsReader, OTHER, OWNER, READER, startWorld, type World } from './world.ts';

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
  await s3.send(new PutObjectCommand({ Bucket, Key: 'in/a', Body: 'x' }));
});

const denied = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } };
const setPolicy = (Policy: string) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
const asReader = (account: string, ...actions: string[]) => world.s3(world.reader(account, ...actions));
const read = () => new GetObjectCommand({ Bucket, Key: 'in/a' });

describe("within the bucket's account", () => {
  it("the caller's own policies are enough, by the names of S3's actions", async () => {
    await expect(asReader(OWNER).send(read())).rejects.toMatchObject({
      ...denied,
      message: `User: arn:aws:sts::${OWNER}:assumed-role/Reader/session is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::${Bucket}/in/a because no identity-based policy allows the s3:GetObject action`,
    });
    await asReader(OWNER, 's3:GetObject').send(read());
    await asReader(OWNER, 's3:GetEncryptionConfiguration').send(new GetBucketEncryptionCommand({ Bucket }));
    await asReader(OWNER, 's3:ListAllMyBuckets').send(new ListBucketsCommand({}));
    await asReader(OWNER, 's3:ListBucket').send(new ListObjectsV2Command({ Bucket }));
    const wrong = asReader(OWNER, 's3:GetBucketEncryption', 's3:HeadBucket', 's3:ListObjectsV2', 's3:ListBuckets');
    await expect(wrong.send(new GetBucketEncryptionCommand({ Bucket }))).rejects.toMatchObject(denied);
    await expect(wrong.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('that a key is not there is told to those who may list', async () => {
    const missing = new GetObjectCommand({ Bucket, Key: 'none' });
    await expect(asReader(OWNER, 's3:GetObject').send(missing)).rejects.toMatchObject(denied);
    await expect(asReader(OWNER, 's3:GetObject', 's3:ListBucket').send(missing)).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });

  it("the bucket's policy can deny everybody, and the owner's root can still mend it", async () => {
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    await setPolicy(JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource } }));
    await expect(s3.send(read())).rejects.toMatchObject(denied);
    const get = new GetBucketPolicyCommand({ Bucket });
    await expect(asReader(OWNER, 's3:*').send(get)).rejects.toMatchObject(denied);
    expect((await s3.send(get)).Policy).toContain('Deny');
    await setPolicy(letsReader(Bucket, 's3:GetObject'));
    await s3.send(read());
  });
});

describe('from another account', () => {
  it('both must allow', async () => {
    await expect(asReader(OTHER, 's3:GetObject').send(read())).rejects.toMatchObject(denied);
    await setPolicy(letsReader(Bucket, 's3:GetObject'));
    await expect(asReader(OTHER).send(read())).rejects.toMatchObject(denied);
    await expect(world.s3(world.administratorOf(OTHER)).send(read())).rejects.toMatchObject(denied);
    await asReader(OTHER, 's3:GetObject').send(read());
  });

  it('a listing can be bound to a prefix', async () => {
    const Statement = {
      Effect: 'Allow',
      Principal: { AWS: READER },
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${Bucket}`,
      Condition: { StringLike: { 's3:prefix': ['in/*'] } },
    };
    await setPolicy(JSON.stringify({ Statement }));
    const reader = asReader(OTHER, 's3:ListBucket');
    expect((await reader.send(new ListObjectsV2Command({ Bucket, Prefix: 'in/' }))).KeyCount).toBe(1);
    await expect(reader.send(new ListObjectsV2Command({ Bucket, Prefix: 'out/' }))).rejects.toMatchObject(denied);
    await expect(reader.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(denied);
  });

  it('the policy itself is not to be had, whoever allows it; the encryption is', async () => {
    await setPolicy(letsReader(Bucket, 's3:GetBucketPolicy', 's3:GetEncryptionConfiguration'));
    const reader = asReader(OTHER, 's3:*');
    await expect(reader.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'MethodNotAllowed',
      $metadata: { httpStatusCode: 405 },
    });
    await reader.send(new GetBucketEncryptionCommand({ Bucket }));
  });
});

describe('keys', () => {
  it('that are nobody are refused in the words of S3', async () => {
    const nobody = world.s3({ accessKeyId: '999999999999', secretAccessKey: 'any' });
    await expect(nobody.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  });
});

describe('what a reader of a location is asked for', () => {
  it('is its listing and its objects, with the owner and the policy of the bucket', async () => {
    await setPolicy(letsReader(Bucket, 's3:GetObject'));
    expect(world.readOf(`s3://${Bucket}/in`)).toMatchObject([
      { action: 's3:ListBucket', resource: `arn:aws:s3:::${Bucket}`, context: { 's3:prefix': 'in/' }, owner: OWNER },
      {
        action: 's3:GetObject',
        resource: `arn:aws:s3:::${Bucket}/in/*`,
        owner: OWNER,
        resourcePolicy: expect.anything(),
      },
    ]);
    expect(world.readOf(`s3://${Bucket}`)?.[1]?.resource).toBe(`arn:aws:s3:::${Bucket}/*`);
    expect(world.readOf('s3://nowhere/in/')).toBeUndefined();
  });
});
