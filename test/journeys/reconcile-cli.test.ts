/** An operator reconciles from the command line: looks first, repairs, is warned of removals, confirms them, and sees a run again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateTableCommand, DeleteDatabaseCommand, DeleteTableCommand, GetTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVIATION, glueOf, HUB } from '../../local/story/actors.ts';
import { bootLivingMesh, type LivingMesh } from './living-mesh.ts';

interface Ended {
  output: string;
  errors: string;
  exitCode: number | null;
}

let living: LivingMesh;

beforeAll(async () => {
  living = await bootLivingMesh();
  // From here on, nobody hears of what aviation does.
  await new EventBridgeClient(living.aviation).send(new DisableRuleCommand({ Name: 'trellis-local-forward' }));
  const StorageDescriptor = {
    Columns: [{ Name: 'gate', Type: 'string' }],
    Location: 's3://trellis-aviation/ops/gates/',
  };
  const glue = glueOf(living.aviation);
  await glue.send(new CreateTableCommand({ DatabaseName: 'ops', TableInput: { Name: 'gates', StorageDescriptor } }));
  await glue.send(new DeleteTableCommand({ DatabaseName: 'ops', Name: 'flights' }));
}, 60_000);
afterAll(() => living?.stop());

/** Runs `trellis catalog reconcile` as the administrator of an account; Ctrl-C as soon as it says that the run has begun, if so told. */
async function reconcile(args: string[], { account = HUB, isLeft = false } = {}): Promise<Ended> {
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: account,
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_ENDPOINT_URL: living.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const child = spawn(process.execPath, ['cli/trellis.ts', 'catalog', 'reconcile', ...args], { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', text => (output += text));
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
    if (isLeft && text.includes('has begun')) child.kill('SIGINT');
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { output, errors, exitCode };
}

const central = async (Name: string) =>
  (await glueOf(living.hub).send(new GetTableCommand({ DatabaseName: 'aviation_ops', Name }))).Table;

describe('trellis catalog reconcile', () => {
  it('looks first: a dry run says what would be repaired, and repairs nothing', async () => {
    const { output, exitCode } = await reconcile(['--dry-run']);
    expect(output).toMatch(/^ {2}aviation_ops\.gates +missing +.* would be repaired$/m);
    expect(output).toMatch(/^ {2}aviation_ops\.flights +extra +.* would be repaired$/m);
    expect(output).toContain('Dry run: 2 of 2 differences would be repaired. Nothing was changed.');
    expect(exitCode).toBe(0);
    await expect(central('gates')).rejects.toThrow(expect.objectContaining({ name: 'EntityNotFoundException' }));
  });

  it('repairs, and shows the same of the run again', async () => {
    const { output, errors, exitCode } = await reconcile(['--domain', 'aviation', '--yes']);
    expect(output).toMatch(/^ {2}aviation_ops\.gates +missing +.* repaired$/m);
    expect(output).toContain('Done: 2 differences, repaired.');
    expect(exitCode).toBe(0);
    expect(await central('gates')).toBeDefined();
    const [, run = ''] = /^The run (\S+) has begun\.$/m.exec(errors) ?? [];
    expect(await reconcile(['--show', run])).toEqual({ output, errors: '', exitCode: 0 });
  });

  it('is left by Ctrl-C, and goes on', async () => {
    const left = await reconcile(['--yes'], { isLeft: true });
    expect(left).toMatchObject({ output: '', exitCode: 130 });
    const [, run = ''] = /trellis catalog reconcile --show (\S+)$/m.exec(left.errors) ?? [];
    await living.told();
    const { output, exitCode } = await reconcile(['--show', run]);
    expect(output).toContain('Done: no difference.');
    expect(exitCode).toBe(0);
  });

  it('says in a document what it held back, and lets it go when that is confirmed', async () => {
    await glueOf(living.aviation).send(new DeleteDatabaseCommand({ Name: 'ops' }));
    const held = await reconcile(['--domain', 'aviation', '--yes', '--json']);
    expect(held.exitCode).toBe(1);
    expect(JSON.parse(held.output)).toMatchObject({
      stage: 'local',
      status: 'succeeded',
      heldBack: [{ domain: 'aviation', removals: 3 }],
      parts: [{ database: 'ops', source: 'gone' }],
    });
    expect((await central('gates'))?.Parameters).not.toHaveProperty(['trellis.missing_since']);

    const confirmed = await reconcile(['--domain', 'aviation', '--confirm-removals', '--yes']);
    expect(confirmed.output).toMatch(/^ {2}extra +3 /m);
    expect(confirmed.exitCode).toBe(0);
    expect((await central('gates'))?.Parameters).toHaveProperty(['trellis.missing_since']);
  });

  it('says what it cannot do, and where it cannot be done', async () => {
    const unknown = await reconcile(['--domain', 'avition', '--yes']);
    expect(unknown).toMatchObject({ output: '', exitCode: 1 });
    expect(unknown.errors).toMatch(/^The mesh has no domain avition\. It has: aviation, climate\.$/m);
    const elsewhere = await reconcile(['--yes'], { account: AVIATION });
    expect(elsewhere).toMatchObject({ output: '', exitCode: 1 });
    expect(elsewhere.errors).toContain(`Account ${AVIATION} has no state machine trellis-local-reconcile`);
    const none = await reconcile(['--show', 'asked-never']);
    expect(none.errors).toContain('There is no run asked-never');
  });
});
