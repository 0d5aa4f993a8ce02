/**
 * `npm run bench`: measures what has a budget, and says which budgets are met. A missed budget is no failure: it exits with 1 only when a bench
 * could not run. Nothing here is a test: what a machine measures depends on what else it does.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { activeGrants } from './active-grants.ts';
import { awsCalls } from './aws-calls.ts';
import { bundleStart } from './bundle-start.ts';
import { busThroughput } from './bus-throughput.ts';
import { busyTable } from './busy-table.ts';
import { catalogRate } from './catalog-rate.ts';
import { partitionBatches, reconcilePages } from './catalog-scale.ts';
import { type Bench, type Figure, verdictOf, writeTable } from './figure.ts';
import { flood } from './flood.ts';
import { idleDay } from './idle-day.ts';
import { npmLocal } from './npm-local.ts';
import { npmStart } from './npm-start.ts';

const BENCHES: Bench[] = [
  npmStart,
  npmLocal,
  awsCalls,
  activeGrants,
  busyTable,
  flood,
  bundleStart,
  busThroughput,
  catalogRate,
  reconcilePages,
  partitionBatches,
  idleDay,
];
const NOT_MEASURED = ['npm ci: it depends on the registry and the network.'];

const USAGE = `Usage: npm run bench -- [--json] [--only <name>]

  --json          for programs
  --only <name>   one of ${BENCHES.map(({ name }) => name).join(', ')}; may be given again
  --help          this text`;

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const { json, only, help } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = only.find(name => !BENCHES.some(bench => bench.name === name));
  if (unknown) throw new TypeError(`There is no bench ${unknown}.\n\n${USAGE}`);

  const figures: Figure[] = [];
  const failures: { bench: string; error: string }[] = [];
  for (const bench of BENCHES) {
    if (only.length > 0 && !only.includes(bench.name)) continue;
    try {
      figures.push(...(await bench.run(text => console.error(`${bench.name}: ${text}`))));
    } catch (error) {
      failures.push({
        bench: bench.name,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  const machine = describeMachine();
  if (json) {
    const told = figures.map(figure => ({ ...figure, verdict: verdictOf(figure) || undefined }));
    console.log(JSON.stringify({ machine, figures: told, notMeasured: NOT_MEASURED, failures }, null, 2));
  } else {
    console.log(`\n${writeTable(figures)}\n\n${machine}`);
    for (const text of NOT_MEASURED) console.log(`Not measured: ${text}`);
    const missed = figures.filter(figure => verdictOf(figure) === 'missed').length;
    if (missed > 0) console.log(`${missed} of ${figures.length} figures missed their budget.`);
    for (const { bench, error } of failures) console.log(`${bench} could not run: ${error}`);
  }
  return failures.length > 0 ? 1 : 0;
}

/** What the figures depend on. */
function describeMachine(): string {
  const busy = loadavg()[0]?.toFixed(2);
  return `Node.js ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}); load of the last minute ${busy}, the benches' own included`;
}

// Clients of the SDK keep connections that nobody needs any more.
main(process.argv.slice(2)).then(
  code => process.exit(code),
  error => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
