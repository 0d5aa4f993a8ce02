/** Everything that can happen to the catalogs of producers, caused from outside with boto3 alone: `catalog_follows.py` and the happenings in `following/`. */
import { describe, expect, it } from 'vitest';
import { startLocal } from './local-process.ts';
import { hasBoto3, runPython } from './run-python.ts';

describe.skipIf(!hasBoto3)('the central catalog (skipped where Python 3.9 with boto3 is not installed)', () => {
  it('follows everything that happens, and tells of it once', async () => {
    const local = await startLocal('--port', '0', '--empty');
    try {
      const { code, stdout, stderr } = await runPython('catalog_follows.py', local.endpoint);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^- \d+ happenings, and no dead letter$/m);
      expect(code).toBe(0);

      // A happening that does not come out ends with 1 and says which: its database is there already.
      const again = await runPython('catalog_follows.py', local.endpoint);
      expect(again.code).toBe(1);
      expect(again.stderr).toMatch(/a_database_and_its_first_table: .*AlreadyExistsException/);
    } finally {
      local.child.kill('SIGKILL');
    }
  }, 300_000);
});
