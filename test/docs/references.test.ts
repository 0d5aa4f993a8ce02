/** What the pages name is there: files, headings, events, scripts, options, parameters, packages, queues and alarms. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventTypes } from '../../events/json-schemas.ts';
import { parseTemplate } from '../../local/stacks/template.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { PAGES, ROOT } from './pages.ts';

const FILES = new Set(
  globSync('**/*', { cwd: ROOT, exclude: path => /^(node_modules|dist|\.git|\.serverless|coverage)$/.test(path) }),
);
const shellBlocks = PAGES.flatMap(({ path, blocks }) =>
  blocks.filter(({ info }) => /^(sh|bash)\b/.test(info)).map(block => ({ page: path, ...block })),
);
const commands = shellBlocks.flatMap(({ page, code }) =>
  code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => ({ page, command: line.replace(/\s#.*$/, '').trim() })),
);
const namedIn = (pattern: RegExp) =>
  PAGES.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, name = '']) => ({ page: path, name })));

describe.each(PAGES)('$path', ({ path, links, words }) => {
  it('has no link that leads nowhere', () => {
    const lost = links.filter(({ target, anchor }) => {
      if (target === undefined) return false;
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !PAGES.find(page => page.path === target)?.anchors.has(anchor);
    });
    expect(lost.map(({ written }) => written)).toEqual([]);
  });

  it('names no file that is not there', () => {
    const named = words.filter(word => /^[\w.-]+(\/[\w.-]+)*\/?$/.test(word) && looksLikeFile(word));
    const lost = named.filter(word => !isThere(word.replace(/\/$/, ''), path));
    expect(lost).toEqual([]);
  });
});

/** A name with a slash that begins with a folder of the project, or one with the ending of a file of the project. */
function looksLikeFile(word: string): boolean {
  const [first = ''] = word.split('/');
  if (word.includes('/')) return FILES.has(first);
  return /\.(ts|mjs|md|ya?ml|json|cedar|cedarschema)$/.test(word);
}

/** Made by the build, or on another's machine. */
const MADE = /^(dist|\.serverless|node_modules)(\/|$)/;

function isThere(word: string, page: string): boolean {
  if (MADE.test(word) || FILES.has(word)) return true;
  const beside = join(page, '..', word);
  return FILES.has(beside) || [...FILES].some(file => file.endsWith(`/${word}`));
}

describe('what the pages name', () => {
  it('events: each has its schema, and each that has one is on the page of events', () => {
    const known = new Set(eventTypes.map(({ detailType }) => detailType));
    const page = PAGES.find(({ path }) => path === 'docs/events.md');
    expect([...known].filter(name => !page?.text.includes(`\`${name}\``))).toEqual([]);
    // Names of events are words with capitals; what looks like one and is none is a name that is not kept.
    const looksLikeEvent = /^(Access|Catalog|Event|Contract|SLO|Product|Pipeline|Glue)( [A-Z][A-Za-z]+)+$/;
    const unknown = PAGES.flatMap(({ path, words }) =>
      words.filter(word => looksLikeEvent.test(word) && !known.has(word)).map(word => `${path}: ${word}`),
    );
    expect(unknown.filter(entry => !NOT_TAKEN.some(name => entry.endsWith(`: ${name}`)))).toEqual([]);
  });

  it('npm scripts', () => {
    const scripts = new Set(Object.keys(packageFile.scripts));
    const named = namedIn(/\bnpm (?:run (?:--silent )?)([a-z]+)/g);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ name }) => !scripts.has(name))).toEqual([]);
    for (const name of ['start', 'test']) expect(scripts).toContain(name);
  });

  it('options of trellis apply', () => {
    const help = trellis('apply', '--help');
    const used = commands.filter(({ command }) => /\btrellis (-- )?apply\b/.test(command));
    expect(used.length).toBeGreaterThan(0);
    for (const { command } of used) {
      for (const [option] of command.matchAll(/--[a-z-]+\b/g)) expect(help, command).toContain(`  ${option}`);
    }
  });

  it('options of trellis catalog', () => {
    const used = commands.flatMap(({ command }) => {
      const [, name = ''] = /\btrellis (?:-- )?catalog ([a-z]+)\b/.exec(command) ?? [];
      return name === '' ? [] : [{ name, command }];
    });
    const helps = new Map(
      ['search', 'show', 'reconcile'].map(name => [name, trellis('catalog', name, '--help')] as const),
    );
    expect(new Set(used.map(({ name }) => name))).toEqual(new Set(helps.keys()));
    for (const { name, command } of used) {
      const help = helps.get(name);
      for (const [option] of command.matchAll(/--[a-z-]+\b/g)) expect(help, command).toContain(`  ${option}`);
    }
  });

  it('options of trellis access', () => {
    const used = commands.flatMap(({ command }) => {
      const [, name = ''] = /\btrellis (?:-- )?access ([a-z]+)\b/.exec(command) ?? [];
      return name === '' ? [] : [{ name, command }];
    });
    expect(used.length).toBeGreaterThan(0);
    for (const { name, command } of used) {
      const help = trellis('access', name, '--help');
      for (const [option] of command.matchAll(/--[a-z-]+\b/g)) expect(help, command).toContain(`  ${option}`);
    }
  });

  it('no command of trellis but those that it has', () => {
    const help = trellis('--help');
    const used = namedIn(/`?(?:npx )?trellis (?:-- )?([a-z]+)(?= mesh\.yml|`)/g);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter(({ name }) => !new RegExp(`^ {2}${name}\\b`, 'm').test(help))).toEqual([]);
  });

  it('options of npm run local', () => {
    const { stdout } = node('local/run.ts', '--help');
    const used = namedIn(/npm run local -- ([^\n`]*)/g);
    expect(used.length).toBeGreaterThan(0);
    for (const { name } of used) {
      for (const [option] of name.matchAll(/--[a-z-]+\b/g)) expect(stdout).toContain(`  ${option}`);
    }
  });

  it("parameters of spoke.yml, and the capability that its role's name needs", () => {
    const template = parseTemplate(readFileSync(join(ROOT, 'spoke.yml'), 'utf8'));
    const deploys = commands.filter(({ command }) => command.startsWith('aws cloudformation deploy'));
    expect(deploys.length).toBeGreaterThan(0);
    for (const { command } of deploys) {
      expect(command).toContain('--template-file spoke.yml');
      expect(command).toContain('--capabilities CAPABILITY_NAMED_IAM');
      const given = [...command.matchAll(/\b([A-Z]\w+)=/g)].map(([, name]) => name);
      expect(given.sort()).toEqual(Object.keys(template.Parameters ?? {}).sort());
    }
  });

  it('a deployment with the framework that CI packages with', () => {
    const deploys = commands.filter(({ command }) => /\bserverless deploy\b/.test(command));
    expect(deploys.length).toBeGreaterThan(0);
    for (const { command } of deploys)
      expect(command).toMatch(/^npx serverless deploy --stage [a-z]+( --region \S+)?$/);
    expect(packageFile.scripts.package).toMatch(/\bserverless package$/);
    expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toMatch(/npm run --silent package/);
  });

  it('every package that is depended on, in the README', () => {
    const readme = PAGES.find(({ path }) => path === 'README.md')!.text;
    const names = [...Object.keys(packageFile.dependencies), ...Object.keys(packageFile.devDependencies)];
    expect(names.filter(name => !isNamed(readme, name))).toEqual([]);
  });

  it('every dead-letter queue and every alarm, in the page that the alarms name', () => {
    const operations = PAGES.find(({ path }) => path === 'docs/operations.md')!;
    const stacks = readFileSync(join(ROOT, 'serverless.yml'), 'utf8') + readFileSync(join(ROOT, 'spoke.yml'), 'utf8');
    const alarms = [...stacks.matchAll(/^ +(\w+Alarm):$/gm)].map(([, name = '']) => name);
    const queues = [...stacks.matchAll(/QueueName:.*?-(\w+-dead)\b/g)].map(([, name = '']) => name);
    expect(queues.length).toBe(7);
    expect(alarms.filter(name => name.endsWith('DeadLettersAlarm')).length).toBe(queues.length);
    expect(alarms.length).toBeGreaterThan(queues.length);
    expect([...alarms, ...queues].filter(name => !operations.text.includes(name))).toEqual([]);
    // The alarms' descriptions send people to this heading, and must find it.
    const headings = [...stacks.matchAll(/See docs\/operations\.md, "([^"]+)"/g)];
    expect(headings.length).toBe(alarms.length);
    for (const [, heading = ''] of headings) {
      expect(operations.anchors).toContain(heading.toLowerCase().replaceAll(' ', '-'));
    }
  });

  it('every part of the local mesh that says where it is simpler than AWS, on its page', () => {
    const page = PAGES.find(({ path }) => path === 'docs/local-mesh.md')!.text;
    const section = page.slice(page.indexOf('## Simplifications'));
    const simpler = globSync('local/*/**/*.ts', { cwd: ROOT }).filter(path =>
      /\bSimplifications?:/.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    const folders = new Set(simpler.map(path => path.split('/').slice(0, 2).join('/')));
    expect(folders.size).toBeGreaterThan(5);
    expect([...folders].filter(folder => !section.includes(`[${folder}]`))).toEqual([]);
  });
});

/** Events that a design has and this version does not take or tell: pages say so of each. */
const NOT_TAKEN = [
  'Access Suspended',
  'Access Resumed',
  'Contract Submitted',
  'Contract Accepted',
  'Contract Rejected',
  'Pipeline Run Completed',
  'Product Suspended',
  'Product Restored',
  'SLO Breached',
  'SLO Recovered',
  'SLO Budget Exhausted',
  'Glue Job State Change',
];

/** A family such as `@aws-sdk/client-*` names all of its members. */
function isNamed(text: string, name: string): boolean {
  const [scope = '', rest = ''] = name.split('/');
  if (text.includes(`\`${name}\``)) return true;
  if (rest === '') return false;
  return ['client-*', '*', rest, `/${rest}`].some(short => {
    const isFamily = short === '*' || (short === 'client-*' && rest.startsWith('client-'));
    if (isFamily) return text.includes(`\`${scope}/${short}\``);
    return text.includes(`\`${short}\``) && text.includes(scope);
  });
}

function trellis(...args: string[]): string {
  return node('cli/trellis.ts', ...args).stdout;
}

function node(...args: string[]): { stdout: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { stdout };
}
