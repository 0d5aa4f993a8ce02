import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../../../local/athena/sandbox.ts';

let folder: string;
let sandbox: Sandbox;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  await writeFile(join(folder, 'granted.csv'), 'a\n1\n');
  await writeFile(join(folder, 'other.csv'), 'a\n2\n');
  sandbox = await Sandbox.open();
  await sandbox.confine([join(folder, 'granted.csv')], 'db');
});
afterEach(async () => {
  sandbox.dispose();
  await rm(folder, { recursive: true });
});

async function run(sql: string): Promise<unknown[][]> {
  const prepared = await sandbox.prepare(sql);
  return (await prepared.runAndReadAll()).getRowsJson();
}

describe('the sandbox, whatever statement reaches it', () => {
  it('opens the files of the query and no other', async () => {
    expect(await run(`SELECT a FROM read_csv('${folder}/granted.csv')`)).toEqual([['1']]);
    await expect(run(`SELECT a FROM read_csv('${folder}/other.csv')`)).rejects.toThrow(/Cannot access file/);
    await expect(run(`SELECT a FROM '${folder}/other.csv'`)).rejects.toThrow(/Cannot access file/);
    await expect(run(`SELECT * FROM glob('${folder}/*')`)).rejects.toThrow(/Cannot access/);
  });

  it.each([
    "COPY (SELECT 1) TO '/tmp/athena-sandbox.csv'",
    "ATTACH '/tmp/athena-sandbox.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    'SET lock_configuration = false',
    'RESET allowed_paths',
  ])('refuses %s', async sql => {
    await expect(run(sql)).rejects.toThrow(/disabled|locked|Cannot|not/i);
  });
});
