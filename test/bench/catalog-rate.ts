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
    /** @returns tables a second */
    const ask = async (request: Omit<ChangeRequest, 'endpoint'>): Promise<number> => {
      client.send({ endpoint: mesh.endpoint, ...request } satisfies ChangeRequest);
      const answer = await Promise.race([
        once(client, 'message').then(([milliseconds]) => Number(milliseconds)),
        once(client, 'exit').then(([code]) =>
          Promise.reject(new Error(`The process that changes tables ended with ${code}.`)),
        ),
      ]);
      return (request.to - request.from) / (answer / 1000);
    };
    let round = 0;
    /** Each change of a round is of another table; the rounds go through the tables that there are. */
    const rates = async (tables: number): Promise<number[]> => {
      const measured: number[] = [];
      for (let turn = 1; turn <= ROUNDS; turn++) {
        tell(`${CHANGES_A_ROUND} changes with ${tables} tables, ${turn} of ${ROUNDS}`);
        const from = (turn * CHANGES_A_ROUND) % tables;
        measured.push(await ask({ kind: 'change', from, to: from + CHANGES_A_ROUND, round: ++round }));
      }
      return measured;
    };
    try {
      tell(`${FEW} tables`);
      const made = [await ask({ kind: 'make', from: 0, to: FEW, round })];
      const heapBefore = await heapOf(mesh);
      const withFew = await rates(FEW);
      tell(`${MANY} tables`);
      made.push(await ask({ kind: 'make', from: FEW, to: MANY, round }));
      const withMany = await rates(MANY);
      const heapAfter = await heapOf(mesh);
      const listed = (values: number[]) => values.map(value => value.toFixed(0)).join(', ');
      return [
        {
          name: `table changes through the local mesh, ${FEW} tables`,
          value: median(withFew),
          unit: 'changes/s',
          budget: { kind: 'least', value: 150 },
          details: [
            `rounds: ${listed(withFew)}; with ${MANY} tables: ${listed(withMany)}; new tables: ${listed(made)}`,
          ],
        },
        {
          name: `the rate with ${MANY} tables, beside that with ${FEW}`,
          value: median(withMany) / median(withFew),
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

/** Bytes, mean of the environments of the function. @throws when it has none */
async function heapOf(mesh: Mesh): Promise<number> {
  const heaps = await mesh.liveHeaps('trellis-local-catalog-sync');
  if (heaps.length === 0) throw new Error('The function has no environment whose memory could be measured.');
  return heaps.reduce((sum, bytes) => sum + bytes, 0) / heaps.length;
}
