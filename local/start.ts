/**
 * `npm start`: boots a mesh and plays its story on real data: tables appear, people ask for them, get what they may have, and lose it on time.
 * Every step is checked; one that does not come out as told ends it with an error and exit code 1.
 */
import { bootMesh } from './mesh.ts';
import { endProgress, good, progress, say, title } from './story/print.ts';
import { playStory } from './story/story.ts';

const started = performance.now();

try {
  title('Trellis: a data mesh that governs itself, played on this machine');
  say(
    'Two domains own data, each in its own AWS account; analysts work in a fourth. Trellis runs in the hub, and nobody works there. Everything you see goes through the real functions, state machines and policies, on an AWS that is embedded in this process.',
  );
  const mesh = await bootMesh({ log: progress });
  endProgress();
  try {
    await playStory(mesh.endpoint);
  } finally {
    await mesh.stop();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log();
  good(
    `That was all of it, in ${seconds} s. Try it yourself: npm run local -- --port 4566, then README.md, "Try it by hand".`,
  );
} catch (error) {
  endProgress();
  console.error(error);
  process.exitCode = 1;
}
