import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ChangeRequest } from './change-tables.ts';

/** Has a process of its own make so many tables in Aviation's catalog, and waits until the central catalog has them. */
export async function makeTables(endpoint: string, count: number): Promise<void> {
  const request: ChangeRequest = { endpoint, kind: 'make', from: 0, to: count, round: 0 };
  const client = fork(join(import.meta.dirname, 'change-tables.ts'));
  try {
    client.send(request);
    await Promise.race([
      once(client, 'message'),
      once(client, 'exit').then(([code]) =>
        Promise.reject(new Error(`The process that makes tables ended with ${code}.`)),
      ),
    ]);
  } finally {
    client.kill();
  }
}
