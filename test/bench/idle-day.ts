import { bootMesh } from '../../local/mesh.ts';
import { type Bench, inSeconds, median } from './figure.ts';

const DAYS = 3;
const DAY_SECONDS = 86_400;

/** A day of the mesh's clock on which nothing happens but its schedules: each minute's sweep really runs. */
export const idleDay: Bench = {
  name: 'idle-day',
  async run(tell) {
    tell('a mesh boots');
    const mesh = await bootMesh();
    try {
      await mesh.settle(60_000);
      const days: { wallMs: number; cpuMs: number }[] = [];
      for (let day = 1; day <= DAYS; day++) {
        tell(`day ${day} of ${DAYS}`);
        const cpuBefore = process.cpuUsage();
        const startedAt = performance.now();
        await mesh.advance(DAY_SECONDS);
        const wallMs = performance.now() - startedAt;
        const { user, system } = process.cpuUsage(cpuBefore);
        days.push({ wallMs, cpuMs: (user + system) / 1000 });
      }
      return [
        {
          name: 'an idle virtual day',
          value: median(days.map(({ wallMs }) => wallMs)) / 1000,
          unit: 's',
          budget: { kind: 'most', value: 4 },
          details: days.map(
            ({ wallMs, cpuMs }, index) => `day ${index + 1}: ${inSeconds(wallMs)}, ${inSeconds(cpuMs)} of CPU`,
          ),
        },
        {
          name: 'an idle virtual day, CPU of all threads',
          value: median(days.map(({ cpuMs }) => cpuMs)) / 1000,
          unit: 's',
        },
      ];
    } finally {
      await mesh.stop();
    }
  },
};
