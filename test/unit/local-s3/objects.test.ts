import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OWNER, startWorld, type World } from './world.ts';

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

const put = (Key: string, Body: string | Uint8Array = Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const list = (more: Partial<ListObjectsV2CommandInput> = {}) => s3.send(new ListObjectsV2Command({ Bucket, ...more }));
const folder = () => world.files.folderOf(`s3://${Bucket}/`);

describe('an object', () => {
  it('is a file where a table lies, byte by byte, and comes back with what came with it', async () => {
    const Body = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
    const Key = 'ops/day=2020-01-01 00:00/é+&.parquet';
    const { ETag } = await s3.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/parquet', Metadata: { run: '7' } }),
    );
    expect(new Uint8Array(await readFile(join(folder(), Key)))).toEqual(Body);
    expect(world.files.files(`s3://${Bucket}/ops`)).toEqual([join(folder(), Key)]);
    const found = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await found.Body?.transformToByteArray()).toEqual(Body);
    const facts = { ContentLength: 1000, ContentType: 'application/parquet', ETag, Metadata: { run: '7' } };
    expect(found).toMatchObject(facts);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject(facts);
    expect(Math.abs(Number(head.LastModified) - world.clock.now())).toBeLessThan(60_000);
  });

  it('may come as a stream, in chunks with its checksum after them', async () => {
    const pieces = ['first ', 'x'.repeat(100_000), ' last\r\n0\r\n'];
    const ContentLength = pieces.join('').length;
    const Body = Readable.from(pieces.map(piece => Buffer.from(piece)));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength, ContentEncoding: 'gzip' }));
    expect(await readFile(join(folder(), 'streamed'), 'utf8')).toBe(pieces.join(''));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'streamed' }));
    expect(head).toMatchObject({ ContentLength, ContentEncoding: 'gzip' });
  });

  it('may be empty, or larger than what other services take', async () => {
    await put('empty', '');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).toMatchObject({ ContentLength: 0 });
    const large = Buffer.alloc(21 * 1024 * 1024, 'a');
    await put('large', large);
    expect((await readFile(join(folder(), 'large'))).equals(large)).toBe(true);
  });

  it('laid there as a file is an object too, and one that was put and then changed is what it is now', async () => {
    await mkdir(join(folder(), 'a'), { recursive: true });
    await writeFile(join(folder(), 'a/file'), 'by hand');
    const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/file' }));
    expect(await found.Body?.transformToString()).toBe('by hand');
    const { ETag } = await put('b', 'put');
    await writeFile(join(folder(), 'b'), 'changed');
    const changed = await s3.send(new HeadObjectCommand({ Bucket, Key: 'b' }));
    expect(changed.ContentLength).toBe(7);
    expect(changed.ETag).not.toBe(ETag);
  });

  it('that is deleted leaves no file and no folder, and may be deleted again', async () => {
    await put('a/b/c');
    await put('a/d');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a/b/c' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a/b/c' }));
    expect(await readdir(join(folder(), 'a'))).toEqual(['d']);
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'a/b/c' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      Key: 'a/b/c',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'a/b/c' }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  it.each(['folder/', 'a//b', 'x'.repeat(300)])('cannot have a key that is no path of a file: %s', async Key => {
    await expect(put(Key)).rejects.toMatchObject({ name: 'NotImplementedInLocalMesh' });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('never leads out of its bucket', async () => {
    await put('inside');
    for (const path of ['..%2F..%2Fout', '%2E%2E/out', 'a/..%2f..%2f..%2fout', 'a%00b']) {
      const answer = await send(`/${Bucket}/${path}`, { body: 'x' });
      expect([400, 404, 501]).toContain(answer.status);
    }
    expect(await readdir(join(folder(), '..'))).not.toContain('out');
    expect(await readdir(folder())).toEqual(['inside']);
  });

  it('cannot be the folder of another', async () => {
    await put('a/b');
    await expect(put('a')).rejects.toMatchObject({ name: 'NotImplementedInLocalMesh' });
    await expect(put('a/b/c')).rejects.toMatchObject({ name: 'NotImplementedInLocalMesh' });
    expect((await list()).Contents?.map(({ Key }) => Key)).toEqual(['a/b']);
  });

  it('is not written when its checksum is another, or it ends early', async () => {
    const wrong = await send(`/${Bucket}/k`, { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' }, body: 'hello' });
    expect(wrong.text).toContain('<Code>BadDigest</Code>');
    const chunked = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
    const whole = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';
    for (const body of ['5\r\nhel', 'hello', whole.replace('NhCm', 'NhCn')])
      expect((await send(`/${Bucket}/k`, { headers: chunked, body })).status).toBe(400);
    const short = { ...chunked, 'x-amz-decoded-content-length': '6' };
    expect((await send(`/${Bucket}/k`, { headers: short, body: whole })).text).toContain('<Code>IncompleteBody</Code>');
    expect((await list()).KeyCount).toBe(0);
    expect((await send(`/${Bucket}/k`, { headers: chunked, body: whole })).status).toBe(200);
    const signed = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' };
    const body = '5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n';
    expect((await send(`/${Bucket}/k`, { headers: signed, body })).status).toBe(200);
    expect(await readFile(join(folder(), 'k'), 'utf8')).toBe('hello');
  });

  it('is not copied, read in part or put on conditions: each says so', async () => {
    await put('a');
    const missing = { name: 'NotImplementedInLocalMesh' };
    const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` });
    await expect(s3.send(copy)).rejects.toMatchObject(missing);
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=0-1' }))).rejects.toMatchObject(
      missing,
    );
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'a', IfNoneMatch: '*' }))).rejects.toMatchObject(missing);
  });
});

describe('a listing', () => {
  const keys = ['a/1', 'a/2', 'a/b/3', 'a0', 'b', 'ü/x', 'z & <y>'];
  beforeEach(async () => {
    for (const key of keys) await put(key);
  });

  it('has the keys in the order of their bytes, under a prefix', async () => {
    const all = await list();
    expect(all.Contents?.map(({ Key }) => Key)).toEqual(['a/1', 'a/2', 'a/b/3', 'a0', 'b', 'z & <y>', 'ü/x']);
    expect(all).toMatchObject({ KeyCount: 7, IsTruncated: false, MaxKeys: 1000, Name: Bucket });
    expect(all.Contents?.[0]).toMatchObject({ Size: 3, StorageClass: 'STANDARD', LastModified: expect.any(Date) });
    const under = await list({ Prefix: 'a/b' });
    expect(under.Contents?.map(({ Key }) => Key)).toEqual(['a/b/3']);
    expect((await list({ Prefix: '../' })).KeyCount).toBe(0);
  });

  it('rolls up what has a delimiter', async () => {
    const { Contents, CommonPrefixes } = await list({ Delimiter: '/' });
    expect(CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/', 'ü/']);
    expect(Contents?.map(({ Key }) => Key)).toEqual(['a0', 'b', 'z & <y>']);
    const inside = await list({ Prefix: 'a/', Delimiter: '/' });
    expect(inside.CommonPrefixes).toEqual([{ Prefix: 'a/b/' }]);
  });

  it.each([1, 2, 3, 1000])('is the same in pages of %i', async MaxKeys => {
    const found: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ Delimiter: '/', MaxKeys, ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      found.push(
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
        ...(page.Contents ?? []).map(({ Key }) => Key),
      );
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(found.sort()).toEqual(['a/', 'a0', 'b', 'z & <y>', 'ü/']);
  });

  it('begins after a key, encodes when asked, and refuses what is no token', async () => {
    const later = await list({ StartAfter: 'b', EncodingType: 'url' });
    expect(later.Contents?.map(({ Key }) => Key)).toEqual(['z+%26+%3Cy%3E', '%C3%BC/x']);
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
    await expect(list({ ContinuationToken: '?' })).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(list({ MaxKeys: -1 })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});

/** A PUT as a client sends it that is not an SDK. */
async function send(path: string, { headers = {}, body }: { headers?: Record<string, string>; body: string }) {
  const credential = `${OWNER}/20260101/us-east-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
  const answer = await fetch(world.endpoint + path, { method: 'PUT', headers: { authorization, ...headers }, body });
  return { status: answer.status, text: await answer.text() };
}
