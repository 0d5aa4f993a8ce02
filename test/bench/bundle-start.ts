import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundles } from './client-bundle.ts';
import { type Bench, type Figure, median } from './figure.ts';

const ROOT = join(import.meta.dirname, '../..');
const STARTS = 15;
const RUNNER = join(import.meta.dirname, 'bundle-runner.mjs');
/** How long each function's code takes to start, beside code that only makes the same SDK clients. */
export const bundleStart: Bench = {
  name: 'bundle-start',
  async run(tell) {
    const folder = await mkdtemp(join(tmpdir(), 'trellis-bench-'));
    try {
      const variables = await environments();
      const figures: Figure[] = [];
      for (const file of await readdir(join(ROOT, 'functions'))) {
        const name = file.replace(/\.ts$/, '');
        tell(`${name}, ${STARTS} starts`);
        figures.push(...(await compare(name, join(folder, name), variables.get(name) ?? {})));
      }
      return figures;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function compare(name: string, folder: string, variables: Record<string, string>): Promise<Figure[]> {
  const { clientNames, ...files } = await bundles(name, folder);
  const kinds = Object.entries(files).flatMap(([kind, file]) => (file ? [{ kind, file, starts: [] as Start[] }] : []));
  // By turns, so that what else the machine does strikes all. The first of each fills the file system's cache.
  for (let turn = 0; turn <= STARTS; turn++) {
    for (const { file, starts } of kinds) {
      const one = await start(file, variables);
      if (turn > 0) starts.push(one);
    }
  }
  const medians = (wanted: keyof typeof files) => {
    const starts = kinds.find(({ kind }) => kind === wanted)?.starts;
    if (!starts) return undefined;
    const importMs = median(starts.map(one => one.importMs));
    return {
      importMs,
      text: `${importMs.toFixed(0)} ms (process ${median(starts.map(one => one.processMs)).toFixed(0)} ms)`,
    };
  };
  const own = medians('own')!;
  const clients = medians('clients')!;
  const clientsAndCedar = medians('clientsAndCedar');
  const details = [`import ${own.text}; of ${clientNames.join(', ')} alone ${clients.text}`];
  const budget = { kind: 'most', value: 1.3 } as const;
  const besideClients = {
    name: `start of ${name}, beside its SDK clients`,
    value: own.importMs / clients.importMs,
    unit: '×',
  };
  if (!clientsAndCedar) return [{ ...besideClients, budget, details }];
  return [
    {
      name: `start of ${name}, beside its SDK clients and Cedar`,
      value: own.importMs / clientsAndCedar.importMs,
      unit: '×',
      budget,
      details: [...details, `of the clients and Cedar, which is 4 MB of WebAssembly, ${clientsAndCedar.text}`],
    },
    besideClients,
  ];
}

interface Start {
  importMs: number;
  processMs: number;
}

async function start(bundle: string, variables: Record<string, string>): Promise<Start> {
  const startedAt = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, [RUNNER, bundle], { env: variables });
  const processMs = performance.now() - startedAt;
  const importMs = Number(stdout);
  if (!(importMs > 0)) throw new Error(`${bundle} did not start: ${stdout}`);
  return { importMs, processMs };
}

/** Each function's variables as its stack names them; a reference's value is its own name: nothing is called here. */
async function environments(): Promise<Map<string, Record<string, string>>> {
  const template = JSON.parse(
    await readFile(join(ROOT, '.serverless/cloudformation-template-update-stack.json'), 'utf8'),
  ) as { Resources: Record<string, { Type: string; Properties: FunctionProperties }> };
  const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Map(
    functions.map(({ Properties: { Handler, Environment } }) => [
      // dist/<name>/index.handler
      Handler.split('/')[1]!,
      {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'none',
        AWS_SECRET_ACCESS_KEY: 'none',
        ...Object.fromEntries(
          Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : name,
          ]),
        ),
      },
    ]),
  );
}

interface FunctionProperties {
  Handler: string;
  Environment?: { Variables?: Record<string, unknown> };
}
