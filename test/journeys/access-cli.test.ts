/** People ask for access, decide on it, end it and have it explained from the command line, each from their own account. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ANALYTICS,
  AVIATION,
  administratorOf,
  advance,
  CLIMATE,
  HUB,
  query,
  roleArn,
} from '../../local/story/actors.ts';
import { theOne } from './hearing.ts';
import { ANALYST, bootLivingMesh, type LivingMesh, rowsOf, STEWARD } from './living-mesh.ts';

const FLIGHTS = 'aviation_ops.flights';
const BIRDS = 'aviation_ops.birdstrikes';
const LINK = 'SELECT * FROM trellis_aviation_ops.flights LIMIT 1';

// Every command is a process of its own: on a busy machine each takes seconds to start.
vi.setConfig({ testTimeout: 120_000 });

let living: LivingMesh;
beforeAll(async () => {
  living = await bootLivingMesh();
});
afterAll(() => living?.stop());

interface Ran {
  output: string;
  errors: string;
  exitCode: number;
}

/** Runs the command line with an account's administrator's keys, or a role's. */
async function trellis(who: string | { id: string; secret: string; token: string }, ...args: string[]): Promise<Ran> {
  const keys =
    typeof who === 'string'
      ? { AWS_ACCESS_KEY_ID: who, AWS_SECRET_ACCESS_KEY: 'any' }
      : { AWS_ACCESS_KEY_ID: who.id, AWS_SECRET_ACCESS_KEY: who.secret, AWS_SESSION_TOKEN: who.token };
  const env = {
    PATH: process.env.PATH,
    ...keys,
    AWS_ENDPOINT_URL: living.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const ran = promisify(execFile)(process.execPath, ['cli/trellis.ts', 'access', ...args], { env });
  return ran.then(
    ({ stdout, stderr }) => ({ output: stdout, errors: stderr, exitCode: 0 }),
    error => ({ output: error.stdout, errors: error.stderr, exitCode: error.code }),
  );
}

function ask(id: string, table: string, ...more: string[]): Promise<Ran> {
  const study = ['--purpose', 'delay-study', '--days', '10', '--principal', 'role/Analyst'];
  return trellis(ANALYTICS, 'request', table, ...study, '--id', id, ...more);
}

async function listed(account: string, ...args: string[]): Promise<string[]> {
  const { output, errors } = await trellis(account, 'list', '--json', ...args);
  if (output === '') throw new Error(errors);
  const { requests } = JSON.parse(output) as { requests: { requestId: string; state: { status: string } }[] };
  return requests.map(({ requestId, state }) => `${requestId} ${state.status}`).sort();
}

describe('from a request to its end, by the command line', () => {
  let grantedBy: number;

  it('is granted at once what policy grants, and can be queried when the command ends', async () => {
    const { output, errors, exitCode } = await ask('flights', FLIGHTS, '--columns', 'origin,delay');
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(output).toMatch(/^flights\n {2}status +granted /);
    expect(output).toContain('trellis_aviation_ops.flights');
    grantedBy = living.mesh.clock.now();
    expect((await rowsOf(living.analyst, LINK)).columns.sort()).toEqual(['delay', 'origin']);
  });

  it('is the same request when it is repeated, and another cannot take its id', async () => {
    expect((await ask('flights', FLIGHTS, '--columns', 'origin,delay')).exitCode).toBe(0);
    await theOne(living, 'Access Granted', 'flights');
    const { errors, exitCode } = await ask('flights', FLIGHTS, '--columns', 'origin');
    expect({ errors, exitCode }).toEqual({
      errors: expect.stringContaining('Another request has the id flights'),
      exitCode: 1,
    });
  });

  it('waits for the owner, who finds it, answers it, and is told what came of it', async () => {
    const asked = await ask('birds', BIRDS, '--columns', 'cost_total,airport_name');
    expect(asked.output).toMatch(/status +waiting for the owner, until /);
    expect(asked.exitCode).toBe(0);
    expect(await listed(AVIATION)).toEqual(['birds waiting', 'flights granted']);
    const refused = await trellis(ANALYTICS, 'decide', 'birds', 'approve', '--as', 'role/Analyst');
    expect({ errors: refused.errors, exitCode: refused.exitCode }).toEqual({
      errors: expect.stringContaining(`No request birds waits for an answer of account ${ANALYTICS}`),
      exitCode: 1,
    });
    // As the steward itself: nobody has to say who decides.
    const steward = new STSClient(administratorOf(living.endpoint, AVIATION));
    const { Credentials } = await steward.send(new AssumeRoleCommand({ RoleArn: STEWARD, RoleSessionName: 'steward' }));
    const { AccessKeyId: id = '', SecretAccessKey: secret = '', SessionToken: token = '' } = Credentials ?? {};
    const put = await trellis(
      { id, secret, token },
      'decide',
      'birds',
      'approve',
      '--direct',
      '--no-wait',
      '--columns',
      'airport_name',
      '--hub',
      HUB,
    );
    expect({ errors: put.errors, exitCode: put.exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect((await theOne(living, 'Access Granted', 'birds')).data.columns).toEqual(['airport_name']);
    const again = await trellis(AVIATION, 'decide', 'birds', 'deny', '--as', 'role/Steward');
    expect(again.errors).toContain('does not wait for an answer: it is granted');
  });

  it('is extended, by the same policy that granted it', async () => {
    const { output, errors, exitCode } = await trellis(ANALYTICS, 'extend', 'flights', '--days', '20');
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(output).toMatch(/status +granted .*, extended /);
    // The minute's sweep looks at Lake Formation again.
    await advance(living.endpoint, 90);
  });

  it('explains what there is and why: to its own account, the owner and the hub', async () => {
    const [own, owner, hub] = await Promise.all([
      trellis(ANALYTICS, 'explain', 'role/Analyst', FLIGHTS),
      trellis(AVIATION, 'explain', ANALYST, FLIGHTS),
      trellis(HUB, 'explain', ANALYST, FLIGHTS),
    ]);
    for (const { output, exitCode } of [own, owner, hub]) {
      expect(exitCode).toBe(0);
      expect(output).toMatch(/access +granted\n {2}columns +delay, origin\n {2}rows +all/);
      expect(output).toMatch(/flights +delay, origin +all .* delay-study +.*aviation\.public-is-automatic/);
      expect(output).toMatch(/wanted +data cells filter trellis-[0-9a-f]{32}/);
      expect(output).toMatch(/settled +yes/);
      expect(output).toMatch(/flights +delay, origin +nothing/);
    }
    expect(own.output).toContain('✓ link trellis_aviation_ops.flights');
    expect(own.output).toContain('✓ DESCRIBE on the link trellis_aviation_ops.flights');
    expect(hub.output).toMatch(/found now +granted as wanted/);
    expect(owner.output).not.toContain('found now');
  });

  it('tells a stranger nothing of it', async () => {
    expect(await listed(CLIMATE, '--status', 'all')).toEqual([]);
    const shown = await trellis(CLIMATE, 'show', 'flights');
    expect({ ...shown }).toEqual({
      output: '',
      exitCode: 1,
      errors: expect.stringContaining('There is no request flights'),
    });
    const explained = await trellis(CLIMATE, 'explain', ANALYST, FLIGHTS);
    expect(explained).toEqual({ output: '', exitCode: 1, errors: expect.stringContaining('does not concern account') });
    const revoked = await trellis(CLIMATE, 'revoke', 'flights', '--reason', 'mine', '--yes');
    expect(revoked.errors).toContain(`Account ${CLIMATE} has no request flights to revoke`);
    expect(revoked.exitCode).toBe(1);
    expect((await rowsOf(living.analyst, LINK)).rows).toHaveLength(1);
  });

  it('is revoked by who asked, and gone when the command ends', async () => {
    const dry = await trellis(ANALYTICS, 'revoke', 'flights', '--reason', 'over', '--dry-run');
    expect(dry.output).toContain('Nothing was put.');
    const { output, exitCode } = await trellis(ANALYTICS, 'revoke', 'flights', '--reason', 'over', '--yes');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/status +ended .*: requested/);
    expect(await query(living.analyst, LINK)).toHaveProperty('refused');
    expect(await listed(ANALYTICS, '--status', 'all')).toEqual(['birds granted', 'flights ended']);
    const why = await trellis(ANALYTICS, 'explain', 'role/Analyst', FLIGHTS);
    expect(why.exitCode).toBe(1);
    expect(why.output).toMatch(/access +none/);
    expect(why.output).toMatch(/flights: ended .*: requested/);
  });

  it('shows the hub who could read then, and every step', async () => {
    const at = new Date(grantedBy).toISOString();
    expect(await listed(HUB, '--at', at)).toEqual(['flights granted']);
    expect(await listed(HUB)).toEqual(['birds granted']);
    const { output } = await trellis(HUB, 'show', 'flights');
    expect(output).toMatch(/approved .*\n.* granted .*\n.* granted .*\n.* ending: requested .*\n.* ended: requested/);
    const elsewhere = await trellis(ANALYTICS, 'list', '--at', at);
    expect(elsewhere).toMatchObject({ exitCode: 1, errors: expect.stringContaining("hub's account alone") });
  });

  it('is revoked by the hub, whoever has it: all of a principal at once', async () => {
    const all = ['--principal', ANALYST, '--reason', 'council', '--yes'];
    const { output, errors, exitCode } = await trellis(HUB, 'revoke', ...all);
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(output).toMatch(/^birds +ended: requested/m);
    expect(await listed(HUB)).toEqual([]);
  });
});

describe('the reader role', () => {
  it('answers what became of one’s own events, and not of another’s', async () => {
    const { Credentials } = await new STSClient(living.analytics).send(
      new AssumeRoleCommand({
        RoleArn: roleArn(HUB, 'trellis-local-reader'),
        RoleSessionName: 'reader',
        Tags: [{ Key: 'account', Value: ANALYTICS }],
      }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const dynamo = new DynamoDBClient({ endpoint: living.endpoint, region: 'us-east-1', credentials });
    const mark = (pk: string) =>
      dynamo.send(
        new QueryCommand({
          TableName: 'trellis-local-ledger',
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk } },
        }),
      );
    expect((await mark(`seen#${ANALYTICS}#nothing`)).Items).toEqual([]);
    const denied = expect.objectContaining({ name: 'AccessDeniedException' });
    for (const pk of [`seen#${AVIATION}#nothing`, 'seen#', `seen#${ANALYTICS}`, 'request#flights'])
      await expect(mark(pk)).rejects.toThrow(denied);
  });
});
