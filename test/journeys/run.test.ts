/** The contract of `npm run local`. */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { GetTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYTICS, AVIATION, administratorOf, glueOf, HUB, query, roleOf } from '../../local/story/actors.ts';
import { type LocalProcess, runLocal, startLocal } from './local-process.ts';
import { tableIn } from './traces.ts';

describe('a mesh that is kept running', () => {
  let local: LocalProcess;
  beforeAll(async () => {
    local = await startLocal('--port', '0');
  });
  afterAll(() => void local?.child.kill('SIGKILL'));

  it('says where it is ready, on loopback', () => {
    expect(local.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('has the sample in its producers and in the central catalog, and no access given', async () => {
    expect(await tableIn(administratorOf(local.endpoint, AVIATION), 'ops.flights')).toBeDefined();
    for (const table of ['aviation_ops.flights', 'aviation_ops.birdstrikes', 'climate_observations.weather'])
      expect(await tableIn(administratorOf(local.endpoint, HUB), table)).toBeDefined();
    const analyst = await roleOf(local.endpoint, ANALYTICS, 'Analyst');
    expect(await query(analyst, 'SELECT * FROM trellis_aviation_ops.flights')).toHaveProperty('refused');
  });

  it('has not moved its clock', async () => {
    const response = await fetch(`${local.endpoint}/_local/clock`, { method: 'POST', body: '{"advanceSeconds":0}' });
    const { now } = (await response.json()) as { now: string };
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(10_000);
  });

  it('listens on loopback only', async () => {
    const { port } = new URL(local.endpoint);
    const others = Object.values(networkInterfaces())
      .flatMap(addresses => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    // 127.0.0.2 is this machine too, and nobody listens there.
    for (const address of ['127.0.0.2', ...others.map(({ address }) => address)])
      await expect(fetch(`http://${address}:${port}/_local/calls`)).rejects.toThrow('fetch failed');
    expect((await fetch(`http://127.0.0.1:${port}/_local/calls`)).status).toBe(200);
  });

  it('answers nobody without a signature, and says so', async () => {
    const response = await fetch(local.endpoint, { method: 'POST', body: '{}' });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });

  it('ends with 0 when it is told to', async () => {
    const { code, stdout } = await local.signal('SIGTERM');
    expect(code).toBe(0);
    expect(stdout).toBe(`ready ${local.endpoint}\n`);
  });
});

describe('an empty mesh', () => {
  let local: LocalProcess;
  beforeAll(async () => {
    local = await startLocal('--empty', '--port', '0');
  });
  afterAll(() => void local?.child.kill('SIGKILL'));

  it('has its accounts and what mesh.yml says, and no tables', async () => {
    const hub = administratorOf(local.endpoint, HUB);
    await expect(
      glueOf(hub).send(new GetTableCommand({ DatabaseName: 'aviation_ops', Name: 'flights' })),
    ).rejects.toThrow(expect.objectContaining({ name: 'EntityNotFoundException' }));
    expect(await tableIn(administratorOf(local.endpoint, AVIATION), 'ops.flights')).toBeUndefined();
    await roleOf(local.endpoint, ANALYTICS, 'Analyst');
  });

  it('ends with 0 when it is interrupted', async () => {
    expect((await local.signal('SIGINT')).code).toBe(0);
  });
});

describe('what cannot be started', () => {
  it.each([
    ['a port that is none', ['--port', 'http'], /--port takes a number from 0 to 65535, not "http"/],
    ['a port that is too high', ['--port', '65536'], /--port takes a number/],
    ['an unknown flag', ['--prot', '4566'], /--prot/],
    ['a word', ['start'], /start/],
  ])('%s: told with the usage, exit code 2', async (_, flags, message) => {
    const { code, stdout, stderr } = await runLocal(...flags);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Usage: npm run local');
  });

  it('a port in use: told in a line, exit code 1', async () => {
    const server = createServer();
    const port = await new Promise<number>(resolve => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    try {
      const { code, stdout, stderr } = await runLocal('--port', String(port));
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain(`Port ${port} is in use: choose another with --port.`);
    } finally {
      server.close();
    }
  });

  it('--help tells how, exit code 0', async () => {
    const { code, stdout } = await runLocal('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: npm run local');
  });
});
