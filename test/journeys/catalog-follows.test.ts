/** Everything that can happen to the catalogs of producers, caused from outside with boto3 alone: `catalog_follows.py` and the happenings in `following/`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalProcess, startLocal } from './local-process.ts';
import { hasBoto3, runPython } from './run-python.ts';

describe.skipIf(!hasBoto3)('the central catalog (skipped where Python 3.9 with boto3 is not installed)', () => {
  let local: LocalProcess;
  beforeAll(async () => {
    local = await startLocal('--port', '0', '--empty');
  });
  afterAll(() => void local?.child.kill('SIGKILL'));

  it('follows everything that happens, and tells of it once', async () => {
    const { code, stdout, stderr } = await runPython('catalog_follows.py', local.endpoint);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^- \d+ happenings, and no dead letter$/m);
    expect(code).toBe(0);
  }, 240_000);

  it('is told of as it is: a happening that does not come out ends with 1 and says which', async () => {
    // Its database is there already.
    const { code, stderr } = await runPython('catalog_follows.py', local.endpoint);
    expect(code).toBe(1);
    expect(stderr).toMatch(/a_database_and_its_first_table: .*AlreadyExistsException/);
  }, 30_000);
});
