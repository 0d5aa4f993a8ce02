import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { settle } from '../../local/story/actors.ts';
import type { Bench } from './figure.ts';
import { type NpmCommand, npmCommand } from './npm-command.ts';

const READY_LIMIT_MS = 120_000;
/** Real time in which the processes' garbage collectors come to rest. */
const REST_MS = 3_000;

/** The local mesh with the sample: until it accepts calls, and what it holds of the machine's memory then. */
export const npmLocal: Bench = {
  name: 'npm-local',
  async run(tell) {
    tell('npm run local');
    const startedAt = performance.now();
    const command = await npmCommand(['run', 'local', '--', '--port', '0']);
    try {
      const endpoint = await ready(command);
      const seconds = (performance.now() - startedAt) / 1000;
      const { pid } = await command.processOf('local/run.ts');
      try {
        tell('the mesh settles');
        await settle(endpoint);
        await pause(REST_MS);
        return [
          { name: 'npm run local, until ready', value: seconds, unit: 's', budget: { kind: 'most', value: 15 } },
          {
            name: 'npm run local, memory with the sample',
            value: residentMb(pid),
            unit: 'MB',
            budget: { kind: 'most', value: 600 },
          },
        ];
      } finally {
        process.kill(pid, 'SIGTERM');
      }
    } finally {
      if (!/^ready /m.test(command.output())) command.child.kill('SIGTERM');
      await command.ended;
      await command.remove();
    }
  },
};

/** The endpoint that the line `ready` names. @throws when the command ends before, or takes too long */
async function ready(command: NpmCommand): Promise<string> {
  let hasEnded = false;
  void command.ended.finally(() => {
    hasEnded = true;
  });
  const deadline = performance.now() + READY_LIMIT_MS;
  while (!hasEnded && performance.now() < deadline) {
    const endpoint = /^ready (\S+)$/m.exec(command.output())?.[1];
    if (endpoint) return endpoint;
    await pause(10);
  }
  throw new Error(`npm run local was not ready in ${READY_LIMIT_MS / 1000} s: ${command.output()}`);
}

/** Resident memory of a process with its threads, MB. `ps` gives KiB, on Linux and macOS. */
function residentMb(pid: number): number {
  return (Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024) / 1e6;
}
