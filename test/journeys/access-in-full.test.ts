/** Everything of access that somebody outside can do or try, with boto3 alone: `access_in_full.py` and the happenings in `granting/`. */
import { describe, expect, it } from 'vitest';
import { startLocal } from './local-process.ts';
import { hasBoto3, runPython } from './run-python.ts';

describe.skipIf(!hasBoto3)('access (skipped where Python 3.9 with boto3 is not installed)', () => {
  it('is given, changed and ended as it should be, told once, and comes to nothing else when all is said again', async () => {
    const local = await startLocal('--port', '0');
    try {
      const { code, stdout, stderr } = await runPython('access_in_full.py', local.endpoint);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^- \d+ happenings, and no dead letter$/m);
      expect(code).toBe(0);

      // A happening that does not come out ends with 1 and says which: its table is there already.
      const again = await runPython('access_in_full.py', local.endpoint, 'public_columns_are_granted_at_once');
      expect(again.code).toBe(1);
      expect(again.stderr).toMatch(/public_columns_are_granted_at_once: .*AlreadyExistsException/);
    } finally {
      local.child.kill('SIGKILL');
    }
  }, 400_000);
});
