/** A function's bundle, and beside it one that only makes the same SDK clients: what the SDK itself takes to start. */
import { readdir, readFile } from 'node:fs/promises';
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
  minify: true,
  keepNames: true,
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

/**
 * @param name the function's file in `functions/`, without `.ts`
 * @param folder where the bundle of the clients goes
 * @returns the files of the two bundles
 * @throws when build.mjs builds otherwise than this: the comparison would not be fair
 */
export async function bundles(
  name: string,
  folder: string,
): Promise<{ own: string; clients: string; names: string[] }> {
  const { metafile, outputFiles } = await build({
    ...OPTIONS,
    entryPoints: { index: join('functions', `${name}.ts`) },
    outdir: join('dist', name),
    write: false,
  });
  const deployed = join(ROOT, 'dist', name);
  const files = (await readdir(deployed)).filter(file => file.endsWith('.mjs'));
  for (const { path, text } of outputFiles) {
    if (path.endsWith('.map')) continue;
    const isSame = files.includes(basename(path)) && (await readFile(path, 'utf8')) === text;
    if (!isSame) throw new Error(`build.mjs builds ${name} otherwise than this bench does: compare their options.`);
  }

  const clients = clientsIn(metafile);
  await build({ ...OPTIONS, stdin: { contents: makingClients(clients), resolveDir: ROOT }, outdir: folder });
  return {
    own: join(deployed, 'index.mjs'),
    clients: join(folder, 'stdin.mjs'),
    names: clients.map(({ name }) => name),
  };
}

interface ClientClass {
  package: string;
  name: string;
}

/** The SDK's clients whose code is in the bundle. */
function clientsIn({ outputs }: Metafile): ClientClass[] {
  const paths = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const found = new Map<string, ClientClass>();
  for (const path of paths) {
    const name = /@aws-sdk\/(?:client|lib)-[a-z-]+\/dist-es\/(\w+Client)\.js$/.exec(path)?.[1];
    if (name) found.set(name, { package: `@aws-sdk/${basename(dirname(dirname(path)))}`, name });
  }
  return [...found.values()];
}

function makingClients(clients: readonly ClientClass[]): string {
  const imports = clients.map(client => `import { ${client.name} } from '${client.package}';`);
  const makes = clients.map(({ name }) =>
    name === 'DynamoDBDocumentClient' ? `${name}.from(new DynamoDBClient({}))` : `new ${name}({})`,
  );
  return `${imports.join('\n')}\nexport const clients = [${makes.join(', ')}];\n`;
}
