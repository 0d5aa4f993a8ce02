import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import type { Connection } from '../../../shared/aws/apply-services.ts';
import { MemoryHub } from '../apply/memory-hub.ts';
import { FakeTerminal, NO_CATALOG } from './fake-terminal.ts';

const ROOT = join(import.meta.dirname, '../../..');

let folder: string;
let file: string;
let hub: MemoryHub;
let terminal: FakeTerminal;
let connection: Connection | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trellis-apply-'));
  file = join(folder, 'mesh.yml');
  cpSync(join(ROOT, 'mesh.yml'), file);
  cpSync(join(ROOT, 'policies'), join(folder, 'policies'), { recursive: true });
  hub = new MemoryHub();
  terminal = new FakeTerminal();
  connection = undefined;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const apply = (...options: string[]) =>
  runTrellis(['apply', file, '--stage', 'local', ...options], {
    terminal,
    environment: {},
    applyServices: given => {
      connection = given;
      return hub.services();
    },
    ...NO_CATALOG,
  });

const edit = (name: string, from: string | RegExp, to: string) => {
  const path = join(folder, name);
  const before = readFileSync(path, 'utf8');
  expect(before).toMatch(from);
  writeFileSync(path, before.replace(from, to));
};

const leaves = () => edit('mesh.yml', /consumers:\s+analytics:\s+account: '444444444444'/, 'consumers: {}');

describe('trellis apply', () => {
  it('shows the changes in columns, makes them, and says so on the last line', async () => {
    expect(await apply('--yes')).toBe(0);
    const rows = terminal.written.filter(line => /^ {2}[+~-] /.test(line));
    expect(rows.length).toBeGreaterThan(10);
    const sentenceColumns = rows.map(
      row => /^ {2}[+~-] (?:settings|location|permission|mesh|save) +/.exec(row)?.[0].length,
    );
    expect(new Set(sentenceColumns)).toEqual(new Set(['  + permission  '.length]));
    expect(terminal.written.at(-1)).toMatch(/^Applied: \d+ changes made to stage local\.$/);
    expect(hub.applied?.mesh.stage).toBe('local');
    expect(terminal.questions).toEqual([]);
  });

  it('prints the statements that the new locations need, as JSON', async () => {
    await apply('--yes');
    const statements = terminal.written.filter(text => text.startsWith('[')).map(text => JSON.parse(text));
    expect(statements.map(([list]) => list.Resource)).toEqual([
      'arn:aws:s3:::trellis-aviation',
      'arn:aws:s3:::trellis-climate',
    ]);
  });

  it('changes nothing the second time', async () => {
    await apply('--yes');
    hub.log.length = 0;
    terminal = new FakeTerminal();
    expect(await apply()).toBe(0);
    expect(terminal.written.at(-1)).toBe('Nothing to change: the hub is as mesh.yml says.');
    expect(terminal.output).not.toContain('"Sid"');
    expect(hub.log).toEqual([]);
  });

  it('changes nothing in a dry run, and asks nothing', async () => {
    terminal.isInteractive = true;
    expect(await apply('--dry-run')).toBe(0);
    expect(terminal.written.at(-1)).toMatch(/^Dry run: \d+ changes would be made, none was\.$/);
    expect(hub.log).toEqual([]);
    expect(terminal.questions).toEqual([]);
  });

  it('asks on a terminal, and does what is answered', async () => {
    terminal.isInteractive = true;
    expect(await apply()).toBe(1);
    expect(terminal.written.at(-1)).toBe('Nothing was changed.');
    expect(hub.log).toEqual([]);
    terminal.answer = true;
    expect(await apply()).toBe(0);
    expect(terminal.questions).toHaveLength(2);
    expect(hub.log).toContain('save');
  });

  it('refuses to change anything when nobody can be asked', async () => {
    expect(await apply()).toBe(1);
    expect(terminal.errorOutput).toContain('--yes');
    expect(hub.log).toEqual([]);
  });

  it('refuses that an account leaves, after it has shown it, unless that is allowed', async () => {
    await apply('--yes');
    hub.log.length = 0;
    leaves();
    terminal = new FakeTerminal();
    expect(await apply('--yes')).toBe(1);
    expect(terminal.output).toContain('- mesh  account 444444444444 leaves the mesh');
    expect(terminal.errorOutput).toContain('--allow-removals');
    expect(hub.log).toEqual([]);
    expect(await apply('--dry-run')).toBe(0);
    expect(terminal.written.at(-1)).toContain('needs --allow-removals');
    expect(await apply('--yes', '--allow-removals')).toBe(0);
    expect(hub.log).toEqual(['save']);
  });

  it('says when it stopped before the end, and why', async () => {
    hub.failAt = 'save';
    expect(await apply('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/Stopped before the end.*\nsave failed/);
    expect(terminal.output).not.toContain('Applied');
  });

  it('writes one JSON document and nothing else', async () => {
    expect(await apply('--json', '--yes')).toBe(0);
    expect(terminal.written).toHaveLength(1);
    const document = JSON.parse(terminal.output);
    expect(document).toMatchObject({ stage: 'local', hub: '111111111111', applied: true });
    expect(document.changes[0]).toMatchObject({ kind: 'add-administrator', subject: expect.stringContaining('arn:') });
    expect(document.bucketStatements.map(({ bucket }: { bucket: string }) => bucket)).toEqual([
      'trellis-aviation',
      'trellis-climate',
    ]);
  });

  it('tells in JSON that nothing was applied: in a dry run, and when nothing was to do', async () => {
    await apply('--json', '--dry-run');
    expect(JSON.parse(terminal.output)).toMatchObject({ applied: false });
    expect(JSON.parse(terminal.output).changes).not.toEqual([]);
    await apply('--yes');
    terminal = new FakeTerminal();
    await apply('--json', '--yes');
    expect(JSON.parse(terminal.output)).toMatchObject({ applied: false, changes: [] });
  });

  it('does not ask in JSON: it wants --yes or --dry-run', async () => {
    terminal.isInteractive = true;
    expect(await apply('--json')).toBe(2);
    expect(hub.log).toEqual([]);
  });

  it('tells every mistake of mesh.yml with its line, under its own name', async () => {
    const other = join(folder, 'other.yml');
    edit('mesh.yml', "hub: '111111111111'", 'hub: 111');
    cpSync(file, other);
    file = other;
    expect(await apply('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/other\.yml:\d+:\d+ stages\.local\.hub: /);
    expect(connection).toBeUndefined();
  });

  it('tells what is wrong with the policies', async () => {
    edit('policies/guardrails.cedar', 'forbid', 'permit');
    expect(await apply('--yes')).toBe(1);
    expect(terminal.errorOutput).toMatch(/guardrails:\d+/);
  });

  it('says that a file is not there', async () => {
    file = join(folder, 'nothing.yml');
    expect(await apply('--yes')).toBe(1);
    expect(terminal.errorOutput).toBe(`There is no ${file}.`);
  });
});
