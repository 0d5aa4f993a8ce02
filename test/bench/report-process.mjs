/**
 * Loaded first into every Node.js process of a command (`NODE_OPTIONS=--import`): says into a file which process it is, and when it ends how much
 * memory it had at most. Plain JavaScript: it loads before anything else can.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.TRELLIS_BENCH_REPORT;
if (file && isMainThread) {
  const who = { pid: process.pid, script: process.argv[1] ?? '' };
  appendFileSync(file, `${JSON.stringify(who)}\n`);
  process.on('exit', () => {
    // Node.js gives KiB.
    const peakMb = (process.resourceUsage().maxRSS * 1024) / 1e6;
    appendFileSync(file, `${JSON.stringify({ ...who, peakMb })}\n`);
  });
}
