/** The commands that the pages show are run: every block marked `sh run`, in the order of the page, against a mesh of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGES, ROOT } from './pages.ts';

/** The port that the pages show. */
const SHOWN_PORT = 4566;

const pagesToRun = PAGES.map(({ path, blocks }) => ({
  path,
  script: blocks
    .filter(({ info }) => info === 'sh run')
    .map(({ code }) => code)
    .join('\n'),
})).filter(({ script }) => script !== '');

/** What a page says comes of its commands. */
const COMES: Record<string, RegExp[]> = {
  'README.md': [
    /"trellis.source_account": "222222222222"/,
    // Two columns at once, not the third; the third after its owner's decision.
    /^iata\tname\t(?!city)/m,
    /COLUMN_NOT_FOUND.* 'city'/,
    /^iata\tname\tcity\t/m,
    /TABLE_NOT_FOUND/,
    /\twaiting\n.*\tapproved\n.*\tgranted\n.*\tending\n.*\tended\n/s,
  ],
  'docs/events.md': [/"detail-type": ?"Access Denied"/, /There is no table aviation_ops\.runways/],
  'docs/local-mesh.md': [
    /"Name": "flights"/,
    /Nothing to change: the hub is as mesh\.yml says\./,
    /^Dry run: no difference\. Nothing was changed\.$/m,
    /^aviation_ops\.flights +aviation .* in step$/m,
  ],
};

const lacking = ['bash', 'aws', 'curl'].filter(tool => spawnSync(tool, ['--version']).status !== 0);

describe.skipIf(lacking.length > 0)(
  lacking.length > 0 ? `(not run: this machine has no ${lacking.join(', ')})` : 'commands of the pages',
  () => {
    let mesh: ChildProcess;
    let port: string;

    beforeAll(async () => {
      mesh = spawn(process.execPath, ['local/run.ts', '--port', '0'], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      for await (const line of createInterface({ input: mesh.stdout! })) {
        const ready = /^ready http:\/\/127\.0\.0\.1:(\d+)$/.exec(line);
        if (!ready) continue;
        port = ready[1]!;
        return;
      }
      throw new Error('The mesh ended before it was ready.');
    }, 90_000);

    afterAll(async () => {
      const ended = new Promise(resolve => mesh.once('exit', resolve));
      mesh.kill('SIGTERM');
      await ended;
    });

    it('has something to run, and what must come of it', () => {
      expect(pagesToRun.map(({ path }) => path)).toEqual(Object.keys(COMES));
    });

    it.each(pagesToRun)('$path', { timeout: 240_000 }, async ({ path, script }) => {
      const { status, output } = await run(script.replaceAll(String(SHOWN_PORT), port));
      expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
      for (const expected of COMES[path] ?? []) expect(output).toMatch(expected);
    });
  },
);

/** Runs a script as a reader would, but for their own settings of AWS. It ends at the first command that fails. */
async function run(script: string): Promise<{ status: number | null; output: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = {
    ...Object.fromEntries(own),
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const bash = spawn('bash', ['-euo', 'pipefail', '-s'], { cwd: ROOT, env, stdio: 'pipe' });
  let output = '';
  for (const stream of [bash.stdout, bash.stderr]) stream.setEncoding('utf8').on('data', text => (output += text));
  bash.stdin.end(script);
  const status = await new Promise<number | null>(resolve => bash.once('close', resolve));
  return { status, output };
}
