import type { Bench } from './figure.ts';
import { npmCommand } from './npm-command.ts';

/** The story from end to end, as somebody who has just installed the project runs it: everything is built already. */
export const npmStart: Bench = {
  name: 'npm-start',
  async run(tell) {
    tell('npm start');
    const startedAt = performance.now();
    const command = await npmCommand(['start']);
    try {
      const code = await command.ended;
      const seconds = (performance.now() - startedAt) / 1000;
      if (code !== 0) throw new Error(`npm start ended with ${code}: ${command.output()}`);
      const { peakMb } = await command.processOf('local/start.ts');
      if (peakMb === undefined) throw new Error('npm start did not say how much memory it took.');
      return [
        { name: 'npm start', value: seconds, unit: 's' },
        { name: 'npm start, peak memory of its process', value: peakMb, unit: 'MB' },
      ];
    } finally {
      await command.remove();
    }
  },
};
