/** A function's bundle, and beside it one that only makes the same SDK clients: what the SDK itself takes to start. */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** As in build.mjs. */
const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  splitting: true,
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  sourcemap: 'external',
  legalComments: 'none',
  banner: {
    js: "import { createRequire as topLevelRequire } from 'node:module'; const require = topLevelRequire(import.meta.url);",
  },
  logLevel: 'warning',
} satisfies BuildOptions;

export interface Bundles {
  own: string;
  /** Only makes the clients. */
  clients: string;
  /** Loads Cedar beside them, where the function does. */
  clientsAndCedar: string | undefined;
  clientNames: string[];
}

/**
 * @param name the function's file in `functions/`, without `.ts`
 * @param folder where the bundles beside the function's own go
 * @throws when build.mjs builds otherwise than this: the comparison would not be fair
 */
export async function bundles(name: string, folder: string): Promise<Bundles> {
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    entryPoints: { index: join('functions', `${name}.ts`) },
    outdir: join('dist', name),
    write: false,
  });
  const deployed = join(ROOT, 'dist', name);
  const files = await readdir(deployed);
  for (const { path, text } of outputFiles) {
    if (path.endsWith('.map')) continue;
    const isSame = files.includes(basename(path)) && (await readFile(path, 'utf8')) === text;
    if (!isSame) throw new Error(`build.mjs builds ${name} otherwise than this bench does: compare their options.`);
  }

  const clients = clientsIn(metafile, `dist/${name}/index.mjs`);
  const make = async (kind: string, contents: string) => {
    await build({ ...OPTIONS, stdin: { contents, resolveDir: ROOT }, outdir: join(folder, kind) });
    return join(folder, kind, 'stdin.mjs');
  };
  const hasCedar = files.includes(CEDAR_WASM);
  if (hasCedar) {
    await mkdir(join(folder, 'cedar'), { recursive: true });
    await copyFile(join(deployed, CEDAR_WASM), join(folder, 'cedar', CEDAR_WASM));
  }
  return {
    own: join(deployed, 'index.mjs'),
    clients: await make('clients', makingClients(clients)),
    clientsAndCedar: hasCedar
      ? await make('cedar', `import './shared/access/policy-wasm.ts';\n${makingClients(clients)}`)
      : undefined,
    clientNames: clients.map(({ name }) => name),
  };
}

/** What build.mjs puts beside a bundle that has Cedar. */
const CEDAR_WASM = 'cedar_wasm_bg.wasm';

interface ClientClass {
  package: string;
  name: string;
}

/** The SDK's clients whose code the bundle loads when it starts: not those that it imports later, if ever. */
function clientsIn({ outputs }: Metafile, entry: string): ClientClass[] {
  const paths = [...loadedAtStart(outputs, entry)].flatMap(output =>
    Object.entries(outputs[output]!.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const found = new Map<string, ClientClass>();
  for (const path of paths) {
    const name = /@aws-sdk\/(?:client|lib)-[a-z-]+\/dist-es\/(\w+Client)\.js$/.exec(path)?.[1];
    if (name) found.set(name, { package: `@aws-sdk/${basename(dirname(dirname(path)))}`, name });
  }
  return [...found.values()];
}

function loadedAtStart(outputs: Metafile['outputs'], entry: string, loaded = new Set<string>()): Set<string> {
  loaded.add(entry);
  for (const { path, kind, external } of outputs[entry]!.imports) {
    if (kind === 'import-statement' && !external && !loaded.has(path)) loadedAtStart(outputs, path, loaded);
  }
  return loaded;
}

function makingClients(clients: readonly ClientClass[]): string {
  const imports = clients.map(client => `import { ${client.name} } from '${client.package}';`);
  const makes = clients.map(({ name }) =>
    name === 'DynamoDBDocumentClient' ? `${name}.from(new DynamoDBClient({}))` : `new ${name}({})`,
  );
  return `${imports.join('\n')}\nexport const clients = [${makes.join(', ')}];\n`;
}
