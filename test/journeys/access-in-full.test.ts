/** Everything of access that somebody outside can do or try, with boto3 alone: `access_in_full.py` and the happenings in `granting/`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalProcess, startLocal } from './local-process.ts';
import { hasBoto3, runPython } from './run-python.ts';

describe.skipIf(!hasBoto3)('access (skipped where Python 3.9 with boto3 is not installed)', () => {
  let local: LocalProcess;
  beforeAll(async () => {
    local = await startLocal('--port', '0');
  });
  afterAll(() => void local?.child.kill('SIGKILL'));

  it('is given, changed and ended as it should be, told once, and comes to nothing else when all is said again', async () => {
    const { code, stdout, stderr } = await runPython('access_in_full.py', local.endpoint);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^- \d+ happenings, and no dead letter$/m);
    expect(code).toBe(0);
  }, 360_000);

  it('is told of as it is: a happening that does not come out ends with 1 and says which', async () => {
    // Its table is there already.
    const { code, stderr } = await runPython('access_in_full.py', local.endpoint, 'public_columns_are_granted_at_once');
    expect(code).toBe(1);
    expect(stderr).toMatch(/public_columns_are_granted_at_once: .*AlreadyExistsException/);
  }, 30_000);
});
