/** `npm run local`: keeps a local mesh running until it is told to end. */
import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run local -- [--port <number>] [--empty]

  --port <number>  the port on 127.0.0.1; 4566 unless given, 0 for a free one
  --empty          without the sample's data and tables
  --help           this text`;

class UsageError extends Error {}

function readOptions(args: string[]): { port: number; empty: boolean } | 'help' {
  const { port, empty, help } = parse(args);
  if (help) return 'help';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new UsageError(`--port takes a number from 0 to 65535, not "${port}".`);
  return { port: Number(port), empty };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4566' },
        empty: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  // The services take a second to load: a mistake in the flags is told before.
  const { bootMesh } = await import('./mesh.ts');
  const booting = bootMesh({ ...options, log: line => console.error(line) });
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal does not wait.
      if (isEnding) process.exit(1);
      isEnding = true;
      const stopped = booting.then(mesh => mesh.stop());
      stopped.then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
  const mesh = await booting;
  if (!isEnding) console.log(`ready ${mesh.endpoint}`);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    const { code, port } = error as { code?: string; port?: number };
    console.error(code === 'EADDRINUSE' ? `Port ${port} is in use: choose another with --port.` : error);
    process.exitCode = 1;
  }
}
