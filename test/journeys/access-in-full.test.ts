/** Everything of access that somebody outside can do or try, with boto3 alone: `access_in_full.py` and the happenings in `granting/`. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalProcess, startLocal } from './local-process.ts';

const hasBoto3 = spawnSync('python3', ['-c', 'import sys, boto3; sys.exit(sys.version_info < (3, 9))']).status === 0;

describe.skipIf(!hasBoto3)('access (skipped where Python 3.9 with boto3 is not installed)', () => {
  let local: LocalProcess;
  beforeAll(async () => {
    local = await startLocal('--port', '0');
  });
  afterAll(() => void local?.child.kill('SIGKILL'));

  it('is given, changed and ended as it should be, told once, and comes to nothing else when all is said again', async () => {
    const { code, stdout, stderr } = await live(local.endpoint);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^- \d+ happenings, and no dead letter$/m);
    expect(code).toBe(0);
  }, 360_000);

  it('is told of as it is: a happening that does not come out ends with 1 and says which', async () => {
    // Its table is there already.
    const { code, stderr } = await live(local.endpoint, 'public_columns_are_granted_at_once');
    expect(code).toBe(1);
    expect(stderr).toMatch(/public_columns_are_granted_at_once: .*AlreadyExistsException/);
  }, 30_000);
});

/** Shows each happening's line as it comes. */
async function live(
  endpoint: string,
  ...happenings: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const child = spawn('python3', ['-B', join(import.meta.dirname, 'access_in_full.py'), endpoint, ...happenings], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without this machine's own settings of AWS.
    env: {
      ...Object.fromEntries(own),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
    process.stdout.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
