/** S3 and KMS from another SDK: boto3 calls the same operations as `aws s3api` and `aws kms`. Skipped where it is not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, startWorld, type World } from './world.ts';

const hasBoto3 = spawnSync('python3', ['-c', 'import sys, boto3; sys.exit(sys.version_info < (3, 9))']).status === 0;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.end());

describe.skipIf(!hasBoto3)('boto3 (skipped where Python 3.9 with boto3 is not installed)', () => {
  it('makes buckets and keys, and gets the answers and the errors that it knows', async () => {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
    const env = {
      ...Object.fromEntries(own),
      AWS_ACCESS_KEY_ID: OWNER,
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    // Not spawnSync: the front that it calls is in this process.
    const python = spawn('python3', ['-B', join(import.meta.dirname, 'buckets_and_keys.py'), world.endpoint], { env });
    let output = '';
    python.stdout.on('data', chunk => (output += chunk));
    python.stderr.on('data', chunk => (output += chunk));
    const [code] = await once(python, 'close');
    expect(output.trim()).toBe('all as expected');
    expect(code).toBe(0);
    expect(world.logged).toEqual([]);
  }, 60_000);
});
