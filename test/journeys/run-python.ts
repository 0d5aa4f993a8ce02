/** Journeys by boto3, in Python. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const hasBoto3 =
  spawnSync('python3', ['-c', 'import sys, boto3; sys.exit(sys.version_info < (3, 9))']).status === 0;

/** Runs a script of this folder against a mesh, and shows each happening's line as it comes. */
export async function runPython(
  script: string,
  endpoint: string,
  ...happenings: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const child = spawn('python3', ['-B', join(import.meta.dirname, script), endpoint, ...happenings], {
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
