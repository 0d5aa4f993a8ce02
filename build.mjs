/**
 * Builds what is deployed: one bundle a function in `dist/<function>/`, the mesh's accounts by stage for serverless.yml in `dist/mesh.json`, and
 * the hub's stack for the local mesh in `.serverless/`. A mesh.yml or a policy that is not valid stops it.
 *
 *     node build.mjs [--quiet]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { readMeshFolder } from './shared/mesh/read-mesh-folder.ts';
import { stackSettings } from './shared/mesh/stack-settings.ts';

const root = import.meta.dirname;
process.chdir(root);
const isQuiet = process.argv.includes('--quiet');
const say = text => isQuiet || console.log(text);

/** Made again only when something that it is made from has changed. */
const inputs = [
  'functions/*.ts',
  'shared/**/*.ts',
  'events/*.ts',
  'statemachines/*',
  'policies/**/*',
  '*.yml',
  'build.mjs',
  'package-lock.json',
];
const fingerprint = createHash('sha256');
for (const file of inputs.flatMap(pattern => globSync(pattern)).sort()) {
  if (/\.\w+$/.test(file)) fingerprint.update(file).update(readFileSync(file));
}
const digest = fingerprint.digest('hex');
const marker = 'dist/built-from.txt';
const template = '.serverless/cloudformation-template-update-stack.json';
const isBuilt = existsSync(marker) && readFileSync(marker, 'utf8') === digest;
// `serverless package` of another stage leaves that stage's stack there.
const isOfStageLocal = existsSync(template) && readFileSync(template, 'utf8').includes('"trellis-local"');
if (isBuilt && isOfStageLocal) {
  say('Nothing has changed since the last build.');
  process.exit(0);
}

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });

const stages = readMeshFolder(root);
writeFileSync(
  'dist/mesh.json',
  JSON.stringify(Object.fromEntries(stages.map(({ mesh }) => [mesh.stage, stackSettings(mesh)])), null, 2),
);
say(`mesh.yml: ${stages.map(({ mesh }) => mesh.stage).join(', ')}`);

const cedarWasm = join(
  dirname(createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs')),
  'cedar_wasm_bg.wasm',
);
for (const entry of readdirSync('functions').filter(file => file.endsWith('.ts'))) {
  const name = basename(entry, '.ts');
  const outdir = join('dist', name);
  const { metafile } = await build({
    entryPoints: { index: join('functions', entry) },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    splitting: true,
    // Names stay: `keepNames` would name every closure again each time that one is made, a seventh of what a call of the SDK takes.
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    // The packages' ES modules start in half the time of their CommonJS.
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    sourcemap: 'external',
    legalComments: 'none',
    banner: {
      js: "import { createRequire as topLevelRequire } from 'node:module'; const require = topLevelRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  if (Object.keys(metafile.inputs).some(path => path.includes('cedar-wasm')))
    cpSync(cedarWasm, join(outdir, 'cedar_wasm_bg.wasm'));
  const bytes = Object.entries(metafile.outputs).reduce(
    (sum, [path, { bytes }]) => sum + (path.endsWith('.map') ? 0 : bytes),
    0,
  );
  say(`dist/${name}: ${Math.round(bytes / 1024)} KiB`);
}

const packaged = spawnSync(
  process.execPath,
  [join('node_modules', 'serverless', 'bin', 'serverless.js'), 'package', '--stage', 'local'],
  {
    encoding: 'utf8',
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  },
);
if (packaged.status !== 0) {
  console.error(packaged.stdout, packaged.stderr);
  process.exit(1);
}
say('.serverless: the stack of stage local');
writeFileSync(marker, digest);
