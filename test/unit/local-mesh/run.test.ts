import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const RUN = join(import.meta.dirname, '../../../local/run.ts');

async function run(...args: string[]) {
  const child = spawn(process.execPath, [RUN, ...args]);
  let output = '';
  let errors = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stderr.on('data', chunk => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, output, errors };
}

describe('npm run local', { timeout: 30_000 }, () => {
  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'http'], '--port takes a number from 0 to 65535, not "http".'],
    [['--port', '65536'], 'not "65536"'],
    [['extra'], "Unexpected argument 'extra'"],
  ])('refuses %j with its usage', async (args, message) => {
    const { code, errors, output } = await run(...args);
    expect(code).toBe(2);
    expect(errors).toContain(message);
    expect(errors).toContain('Usage: npm run local');
    expect(output).toBe('');
  });

  it('tells how it is used', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--empty') });
  });

  it('says when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, errors, output } = await run('--port', String(port));
    other.close();
    expect(errors).toContain(`Port ${port} is in use: choose another with --port.`);
    expect({ code, output }).toEqual({ code: 1, output: '' });
  });
});
