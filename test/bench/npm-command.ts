/** Runs an npm script as a person does, and knows its Node.js processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '../..');

export interface ReportedProcess {
  pid: number;
  script: string;
  /** MB (10^6 bytes), of a process that has ended. */
  peakMb?: number;
}

export interface NpmCommand {
  child: ChildProcess;
  /** What the command wrote to both streams so far. */
  output(): string;
  /** The exit code. */
  ended: Promise<number | null>;
  /** What the processes that run the script said of themselves; the last word of each. @throws when there is none */
  processOf(script: string): Promise<ReportedProcess>;
  /** Removes what the report needed. The command must have ended. */
  remove(): Promise<void>;
}

export async function npmCommand(args: string[]): Promise<NpmCommand> {
  const folder = await mkdtemp(join(tmpdir(), 'trellis-bench-'));
  const report = join(folder, 'processes.jsonl');
  const preload = pathToFileURL(join(import.meta.dirname, 'report-process.mjs')).href;
  const child = spawn('npm', args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: `--import=${preload}`, TRELLIS_BENCH_REPORT: report },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', chunk => {
      output += chunk;
    });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    child,
    output: () => output,
    ended,
    async processOf(script) {
      const lines = (await readFile(report, 'utf8')).trim().split('\n');
      const found = lines
        .map(line => JSON.parse(line) as ReportedProcess)
        .findLast(said => said.script.endsWith(script));
      if (!found) throw new Error(`npm ${args.join(' ')} ran no ${script}: ${output}`);
      return found;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
