/** `npm run local` as its own process, as somebody outside starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface LocalProcess {
  child: ChildProcess;
  endpoint: string;
  /** Sends the signal and waits for the end. */
  signal(name: 'SIGTERM' | 'SIGINT'): Promise<Ended>;
}

/** Runs `local/run.ts` until it ends by itself. */
export async function runLocal(...flags: string[]): Promise<Ended> {
  return end(start(flags));
}

/** Starts `local/run.ts` and waits for its line `ready …`. @throws with what it said, when it ends before. */
export async function startLocal(...flags: string[]): Promise<LocalProcess> {
  const started = start(flags);
  const ended = end(started);
  const endpoint = await Promise.race([
    readyLine(started),
    ended.then(({ code, stderr }): never => {
      throw new Error(`local/run.ts ended with ${code} before it was ready:\n${stderr}`);
    }),
  ]);
  return {
    child: started.child,
    endpoint,
    signal(name) {
      started.child.kill(name);
      return ended;
    },
  };
}

interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
}

function start(flags: string[]): Started {
  const child = spawn(process.execPath, [join(ROOT, 'local/run.ts'), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: ROOT,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return { child, output };
}

async function readyLine({ child, output }: Started): Promise<string> {
  for (;;) {
    const [, endpoint] = /^ready (\S+)$/m.exec(output.stdout) ?? [];
    if (endpoint) return endpoint;
    await once(child.stdout ?? child, 'data');
  }
}

async function end({ child, output }: Started): Promise<Ended> {
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
