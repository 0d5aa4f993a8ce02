import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineType } from '../../../local/athena/column-types.ts';
import { createDataFiles } from '../../../local/athena/data-files.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-files-test-'));
  await mkdir(join(root, 'lake/t/p=New York'), { recursive: true });
  for (const file of ['t/b', 't/p=New York/a', 't/_SUCCESS', 't/.hidden', 'tt'])
    await writeFile(join(root, 'lake', file), '');
});
afterAll(() => rm(root, { recursive: true }));

describe('data files', () => {
  it('lie in a folder for each bucket and prefix', () => {
    expect(createDataFiles(root).folderOf('s3://lake/t/p=New York/')).toBe(join(root, 'lake/t/p=New York'));
    expect(createDataFiles(root).folderOf('s3://lake')).toBe(join(root, 'lake'));
  });

  it('are all files under a location, sorted, without hidden ones and without other prefixes', () => {
    const { files } = createDataFiles(root);
    expect(files('s3://lake/t')).toEqual([join(root, 'lake/t/b'), join(root, 'lake/t/p=New York/a')]);
    expect(files('s3://lake/t/b')).toEqual([]);
    expect(files('s3://nothing/here/')).toEqual([]);
  });

  it.each([
    's3://lake/../other',
    's3://lake/a/../../..',
    's3://../x',
    's3://..',
    's3:///etc',
    '/etc/passwd',
    'file:///etc',
    's3://a..b/x',
    's3://lake/\0',
  ])('are not outside of the bucket: %j', location => {
    expect(() => createDataFiles(root).folderOf(location)).toThrow(/Not an S3 location/);
  });

  it('stay inside for a key that only looks absolute', () => {
    expect(createDataFiles(root).folderOf('s3://lake//etc/passwd')).toBe(join(root, 'lake/etc/passwd'));
  });
});

describe('column types', () => {
  it.each([
    ['string', 'VARCHAR'],
    ['varchar(10)', 'VARCHAR'],
    ['decimal(10, 2)', 'DECIMAL(10,2)'],
    ['array<struct<a:int,b:map<string,double>>>', 'STRUCT("a" INTEGER, "b" MAP(VARCHAR, DOUBLE))[]'],
  ])('%s is %s', (glue, engine) => {
    expect(engineType(glue)).toBe(engine);
  });

  it.each(['', 'interval', 'array<int', 'struct<a>', 'int) AS x, (1', 'varchar', 'map<int>'])('%j is refused', type => {
    expect(() => engineType(type)).toThrow(/column type/);
  });
});
