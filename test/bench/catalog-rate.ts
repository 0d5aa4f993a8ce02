import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bootMesh, type Mesh } from '../../local/mesh.ts';
import type { ChangeRequest } from './change-tables.ts';
import { type Bench, median } from './figure.ts';

const FEW = 2_000;
const MANY = 20_000;
const CHANGES_A_ROUND = 1_000;
const ROUNDS = 3;

/** How fast the central catalog follows its producers: from a client's UpdateTable until the central tables have it and the mesh is at rest. */
export const catalogRate: Bench = {
  name: 'catalog-rate',
  async run(tell) {
    tell('a mesh boots');
    const mesh = await bootMesh({ empty: true });
    const client = fork(join(import.meta.dirname, 'change-tables.ts'));
    const ask = async (request: ChangeRequest): Promise<number> => {
      client.send(request);
      return Promise.race([
        once(client, 'message').then(([milliseconds]) => Number(milliseconds)),
        once(client, 'exit').then(([code]) =>
          Promise.reject(new Error(`The process that changes tables ended with ${code}.`)),
        ),
      ]);
    };
    const measure = async (kind: 'make' | 'change', from: number, to: number, round: number): Promise<Measured> => {
      const request = { endpoint: mesh.endpoint, from, to, round };
      const cpuBefore = process.cpuUsage();
      const milliseconds = await ask({ ...request, kind });
      const { user, system } = process.cpuUsage(cpuBefore);
      await ask({ ...request, kind: 'check' });
      return { rate: (to - from) / (milliseconds / 1000), cpuMs: (user + system) / 1000 / (to - from) };
    };
    let round = 0;
    /** Each change of a round is of another table; the rounds go through the tables that there are. */
    const changeAll = async (tables: number): Promise<Measured[]> => {
      const measured: Measured[] = [];
      for (let turn = 1; turn <= ROUNDS; turn++) {
        tell(`${CHANGES_A_ROUND} changes with ${tables} tables, ${turn} of ${ROUNDS}`);
        const from = (turn * CHANGES_A_ROUND) % tables;
        measured.push(await measure('change', from, from + CHANGES_A_ROUND, ++round));
      }
      return measured;
    };
    try {
      tell(`${FEW} tables`);
      const made = [await measure('make', 0, FEW, round)];
      const heapBefore = await heapOf(mesh);
      const withFew = await changeAll(FEW);
      tell(`${MANY} tables`);
      made.push(await measure('make', FEW, MANY, round));
      const withMany = await changeAll(MANY);
      const heapAfter = await heapOf(mesh);
      return [
        {
          name: `table changes through the local mesh, ${FEW} tables`,
          value: rateOf(withFew),
          unit: 'changes/s',
          budget: { kind: 'least', value: 150 },
          details: [`rounds: ${list(withFew)}`, `with ${MANY} tables: ${list(withMany)}`, `new tables: ${list(made)}`],
        },
        {
          name: `the rate with ${MANY} tables, beside that with ${FEW}`,
          value: rateOf(withMany) / rateOf(withFew),
          unit: '×',
          budget: { kind: 'least', value: 0.8 },
        },
        {
          name: `memory of the handlers after ${MANY} tables and ${2 * ROUNDS * CHANGES_A_ROUND} changes, beside that after ${FEW} tables`,
          value: heapAfter / heapBefore,
          unit: '×',
          budget: { kind: 'most', value: 1.2 },
          details: [
            `${(heapBefore / 1e6).toFixed(1)} MB, then ${(heapAfter / 1e6).toFixed(1)} MB`,
            'what V8 keeps on the heap of an environment of catalog-sync after it has collected all garbage, mean of the environments',
          ],
        },
      ];
    } finally {
      client.kill();
      await mesh.stop();
    }
  },
};

interface Measured {
  /** Tables a second. */
  rate: number;
  /** CPU time of the mesh's process for each table, all its threads; milliseconds. What else the machine does changes it less than the rate. */
  cpuMs: number;
}

function rateOf(rounds: Measured[]): number {
  return median(rounds.map(({ rate }) => rate));
}

function list(measured: Measured[]): string {
  return measured.map(({ rate, cpuMs }) => `${rate.toFixed(0)}/s (${cpuMs.toFixed(1)} ms of CPU each)`).join(', ');
}

/** Bytes, mean of the environments of the function. @throws when it has none */
async function heapOf(mesh: Mesh): Promise<number> {
  const heaps = await mesh.liveHeaps('trellis-local-catalog-sync');
  if (heaps.length === 0) throw new Error('The function has no environment whose memory could be measured.');
  return heaps.reduce((sum, bytes) => sum + bytes, 0) / heaps.length;
}
