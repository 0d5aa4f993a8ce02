/** Where things are, and who may import whom. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, type SourceFile, sourceFile, sourceFiles } from './source-files.ts';

/** What the layout names. */
const LAYOUT = [
  'cli',
  'events',
  'functions',
  'local',
  'mesh.yml',
  'policies',
  'serverless.yml',
  'shared',
  'spoke.yml',
  'statemachines',
  'test',
];

/** What its readers, npm and the tools look for at the top. */
const BESIDE_IT = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'docs',
  // npm
  'package.json',
  'package-lock.json',
  '.npmrc',
  // git, and what has to hold before a change lands
  '.git',
  '.gitignore',
  '.ci',
  // One configuration a tool
  'tsconfig.json',
  'biome.json',
  'knip.json',
  'vitest.config.ts',
  // Makes dist/ and .serverless/
  'build.mjs',
];

/** The folders of code that is deployed, run by people, or stands for AWS. */
const CODE = ['functions', 'shared', 'events', 'cli', 'local'];
const MOST_LINES = 300;

/** Files outside shared/aws and shared/lambda that touch more than their arguments. */
const READS_FILES: Record<string, string> = {
  'shared/mesh/read-mesh-folder.ts': 'mesh.yml and its policies lie in a folder',
  'shared/access/policy-wasm.ts': 'Cedar is a WebAssembly file beside the bundle',
};

/** Always the same, whoever reads it and when: who uses it computes all the same. */
const NEVER_CHANGES = 'shared/access/policy-wasm.ts';

/** What the local mesh takes from what it runs: the meaning of mesh.yml, and `trellis apply` as people run it. Everything else it knows from AWS alone. */
const LOCAL_IMPORTS = [
  // The story shows what was told, by its types.
  'events/told.ts',
  'shared/aws/apply-services.ts',
  'shared/mesh/apply-mesh.ts',
  'shared/mesh/mesh.ts',
  'shared/mesh/read-mesh-folder.ts',
];

const code = sourceFiles(...CODE);
const within = (folder: string) => code.filter(file => file.path.startsWith(folder));
/** Pure core and use cases: what is neither the SDK's side nor the function's edge. */
const capabilities = within('shared/').filter(file => !/^shared\/(aws|lambda)\//.test(file.path));

/** `file → import` of every import that is not allowed. */
function strays(files: SourceFile[], isAllowed: (target: string, isTypeOnly: boolean) => boolean): string[] {
  return files.flatMap(file =>
    file.imports
      .filter(({ target, isTypeOnly }) => !isAllowed(target, isTypeOnly))
      .map(({ target }) => `${file.path} → ${target}`),
  );
}

function filesWith(files: SourceFile[], pattern: RegExp): string[] {
  return files.filter(file => pattern.test(file.code)).map(file => file.path);
}

describe('the top level', () => {
  const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8')
    .split('\n')
    .map(line => line.replace(/\/$/, ''));

  it('has all that the layout names', () => {
    expect(LAYOUT.filter(name => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('has nothing else but what readers and tools look for there', () => {
    const known = new Set([...LAYOUT, ...BESIDE_IT, ...ignored]);
    expect(readdirSync(ROOT).filter(name => !known.has(name) && !name.endsWith('.log'))).toEqual([]);
  });

  it('keeps entry points flat: one file a function', () => {
    expect(globSync('functions/*', { cwd: ROOT }).filter(path => !path.endsWith('.ts'))).toEqual([]);
  });
});

describe('shared', () => {
  it('names the SDK in shared/aws alone', () => {
    const files = within('shared/').filter(
      file =>
        !file.path.startsWith('shared/aws/') && file.imports.some(({ target }) => /^@(aws-sdk|smithy)\//.test(target)),
    );
    expect(files.map(file => file.path)).toEqual([]);
  });

  it('reads the environment, and knows Powertools, in shared/lambda alone', () => {
    const others = within('shared/').filter(file => !file.path.startsWith('shared/lambda/'));
    expect(filesWith(others, /\bprocess\b/)).toEqual([]);
    expect(
      strays(others, target => !target.startsWith('@aws-lambda-powertools/') && target !== 'node:process'),
    ).toEqual([]);
  });

  it('has no clock, no chance and no way out in a capability: they are handed in', () => {
    const hidden =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bMath\.random\b|\brandomUUID\b|\bset(Timeout|Interval)\b|\bfetch\(/;
    expect(filesWith(capabilities, hidden)).toEqual([]);
  });

  it('has capabilities that import no gateway, no edge, and of Node only what computes', () => {
    const isAllowed = (target: string) =>
      !/^shared\/(aws|lambda)\//.test(target) &&
      (!target.startsWith('node:') || ['node:crypto', 'node:util'].includes(target));
    const readers = new Set(Object.keys(READS_FILES));
    expect(
      strays(
        capabilities.filter(file => !readers.has(file.path)),
        isAllowed,
      ),
    ).toEqual([]);
    const fileImports = strays(
      capabilities.filter(file => readers.has(file.path)),
      isAllowed,
    );
    expect(new Set(fileImports.map(stray => stray.split(' → ')[0]))).toEqual(readers);
  });

  it('takes from the rest of the project events only', () => {
    expect(strays(within('shared/'), isPackageOr('shared/', 'events/'))).toEqual([]);
  });
});

describe('planners', () => {
  /** By their names: what plans, decides, checks, parses and describes. */
  const PLANNER =
    /\/((plan|decide|check|parse|write|normalize|tokenize|apply-diff|apply-plan|apply-policy-diff|request|stack)(-[a-z-]+)?|next-step|entitlement|pair-record|record-step|central-content|labels|policy-question|table-snapshot|told-event|mesh|mesh-schema)\.ts$/;
  const planners = capabilities.filter(file => PLANNER.test(file.path));
  const isWaiting = (file: SourceFile) => /\b(async|await)\b/.test(file.code);

  it('are there', () => {
    expect(planners.map(file => basename(file.path))).toEqual(
      expect.arrayContaining([
        'plan-table-sync.ts',
        'plan-converge.ts',
        'decide-request.ts',
        'next-step.ts',
        'entitlement.ts',
      ]),
    );
  });

  it('wait for nothing: what they need they are given', () => {
    expect(planners.filter(isWaiting).map(file => file.path)).toEqual([]);
  });

  it('use nothing that waits, however far down', () => {
    const byPath = new Map(code.map(file => [file.path, file]));
    const reached = new Map<string, string>(planners.map(file => [file.path, file.path]));
    for (const [path, way] of reached) {
      for (const { target, isTypeOnly } of byPath.get(path)?.imports ?? [])
        if (!isTypeOnly && byPath.has(target) && !reached.has(target)) reached.set(target, `${way} → ${target}`);
    }
    const impure = [...reached].filter(
      ([path]) => path !== NEVER_CHANGES && (path in READS_FILES || isWaiting(byPath.get(path) as SourceFile)),
    );
    expect(impure.map(([, way]) => way)).toEqual([]);
  });
});

function isPackageOr(...folders: string[]): (target: string) => boolean {
  const places = [...CODE, 'test'].map(folder => `${folder}/`);
  return target => folders.some(folder => target.startsWith(folder)) || !places.some(place => target.startsWith(place));
}

describe('functions, events, the command line and the local mesh', () => {
  it('functions import shared and events, types of Lambda, and never another function', () => {
    expect(
      strays(
        within('functions/'),
        (target, isTypeOnly) => /^(shared|events)\//.test(target) || (target === 'aws-lambda' && isTypeOnly),
      ),
    ).toEqual([]);
  });

  it('events import zod and each other', () => {
    expect(strays(within('events/'), target => target === 'zod' || target.startsWith('events/'))).toEqual([]);
  });

  it('the command line imports shared and events', () => {
    expect(strays(within('cli/'), isPackageOr('cli/', 'shared/', 'events/'))).toEqual([]);
  });

  it('nothing but tests and the local mesh itself imports the local mesh', () => {
    const build = sourceFile('build.mjs', readFileSync(join(ROOT, 'build.mjs'), 'utf8'));
    const others = [...code.filter(file => !file.path.startsWith('local/')), build];
    expect(strays(others, target => !target.startsWith('local/'))).toEqual([]);
  });

  it('the local mesh knows of the project only what is listed', () => {
    const taken = new Set(
      within('local/').flatMap(file =>
        file.imports.map(({ target }) => target).filter(target => !isPackageOr('local/')(target)),
      ),
    );
    expect([...taken].sort()).toEqual(LOCAL_IMPORTS);
  });

  it('no code imports a test', () => {
    expect(strays(code, target => !target.startsWith('test/'))).toEqual([]);
  });
});

describe('files', () => {
  it('are no barrels', () => {
    expect(code.filter(file => /(^|\/)index\.\w+$/.test(file.path)).map(file => file.path)).toEqual([]);
    expect(filesWith(code, /^\s*export\s+\*/m)).toEqual([]);
  });

  it('say what they do: nothing is called utils, helpers, common or misc', () => {
    const names = /(^|[/-])(utils?|helpers?|common|misc|lib)([/.-]|$)/;
    expect([...code, ...sourceFiles('test')].filter(file => names.test(file.path)).map(file => file.path)).toEqual([]);
  });

  it(`have at most ${MOST_LINES} lines`, () => {
    const long = code
      .map(file => `${file.path}: ${file.text.split('\n').length}`)
      .filter(line => Number(line.split(': ')[1]) > MOST_LINES);
    expect(long).toEqual([]);
  });

  it('say nothing about the machine that they were written on', () => {
    const places = new RegExp(
      ['work', 'home', 'root', 'Users'].map(folder => `(^|[\\s'"\`(=])/${folder}/`).join('|'),
      'm',
    );
    const texts = globSync(
      [...CODE, 'test', 'docs', 'policies', 'statemachines', '.ci'].map(folder => `${folder}/**/*.*`).concat('*.*'),
      { cwd: ROOT, withFileTypes: true },
    ).filter(entry => entry.isFile());
    expect(texts.length).toBeGreaterThan(100);
    const found = texts
      .map(entry => join(entry.parentPath, entry.name))
      .filter(path => places.test(readFileSync(path, 'utf8')));
    expect(found).toEqual([]);
  });
});

describe('imports, as these tests read them', () => {
  const read = (text: string) => sourceFile('shared/access/a.ts', text).imports;

  it('are found however they are written', () => {
    const text = [
      "import {\n  type A,\n  b,\n} from '../../local/x.ts';",
      "export * from './c.ts';",
      "import '@aws-sdk/client-glue/effect';",
      "const d = await import('node:fs');",
      "const e = require('dynalite/db/index.js');",
    ].join('\n');
    expect(read(text).map(({ target }) => target)).toEqual([
      'local/x.ts',
      'shared/access/c.ts',
      '@aws-sdk/client-glue',
      'node:fs',
      'dynalite',
    ]);
  });

  it('are of types only when nothing of them is left at run time', () => {
    const text =
      "import type { A } from './a.ts';\nimport { type B } from './b.ts';\nimport { type C, d } from './c.ts';";
    expect(read(text).map(({ isTypeOnly }) => isTypeOnly)).toEqual([true, true, false]);
  });

  it('are not those that a comment speaks of', () => {
    expect(read("// import { a } from './a.ts';\n * import { b } from './b.ts';")).toEqual([]);
  });
});
