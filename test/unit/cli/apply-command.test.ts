import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import type { Connection } from '../../../shared/aws/apply-services.ts';
import { SpokeCheckMissingError } from '../../../shared/mesh/spoke-checks.ts';
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
    await apply('--yes', '--no-checks');
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

  it('lets an account leave by the digest of a dry run, and by no other way', async () => {
    await apply('--yes');
    hub.log.length = 0;
    leaves();
    terminal = new FakeTerminal();
    expect(await apply('--yes')).toBe(1);
    expect(terminal.output).toMatch(/- mesh +account 444444444444 leaves the mesh/);
    expect(terminal.errorOutput).toContain('--dry-run');
    expect(await apply('--dry-run')).toBe(0);
    const digest = /--remove ([0-9a-f]{12})$/.exec(terminal.written.at(-1)!)![1]!;
    expect(terminal.output).toMatch(/- offboard +account 444444444444 is offboarded: .* \(2 grants, 1 table\)/);
    expect(terminal.errorOutput).not.toContain(digest);
    expect(await apply('--yes', '--remove', '000000000000')).toBe(1);
    expect(terminal.errorOutput).toContain('000000000000');
    expect(hub.log).toEqual([]);
    expect(await apply('--yes', '--remove', digest)).toBe(0);
    expect(hub.log).toEqual(['save', 'begin account 444444444444', 'kick', 'forget account 444444444444', 'save']);
    expect(terminal.told.filter(line => line.startsWith('Offboarding'))).toEqual([
      'Offboarding: account 444444444444: 2 grants left',
      'Offboarding: account 444444444444: 1 grant left',
      expect.stringContaining('Offboarding: account 444444444444: nothing left; certain within minutes'),
    ]);
    // The same command again changes nothing, and does not mind the digest.
    expect(await apply('--yes', '--remove', digest)).toBe(0);
    expect(terminal.written.at(-1)).toBe('Nothing to change: the hub is as mesh.yml says.');
  });

  it('gives the digest in JSON, and shows no progress there', async () => {
    await apply('--yes');
    leaves();
    terminal = new FakeTerminal();
    await apply('--json', '--dry-run');
    const { removal } = JSON.parse(terminal.output);
    terminal = new FakeTerminal();
    expect(await apply('--json', '--yes', '--remove', removal)).toBe(0);
    expect(JSON.parse(terminal.output)).toMatchObject({ removal, applied: true });
    expect(terminal.told).toEqual([]);
  });

  it('does not wait when it is told so, and the next apply finishes', async () => {
    await apply('--yes');
    leaves();
    await apply('--dry-run');
    const digest = /--remove ([0-9a-f]{12})$/.exec(terminal.written.at(-1)!)![1]!;
    expect(await apply('--yes', '--no-wait', '--remove', digest)).toBe(0);
    expect(terminal.errorOutput).toContain('Still leaving: account 444444444444');
    expect(terminal.written.at(-1)).toContain('still being offboarded');
    expect(hub.waited).toBe(0);
    expect(await apply('--yes')).toBe(0);
    expect(hub.applied?.leaving).toBeUndefined();
    expect(terminal.written.at(-1)).toMatch(/^Applied/);
  });

  describe('checks of the accounts', () => {
    const statements = [{ Sid: 'TrellisLocalRead' }];
    const broken = () => {
      hub.spokes = {
        check: async ({ account }) =>
          account === '222222222222'
            ? [
                { check: 'glue:GetTable', ok: true, found: 'allowed' },
                {
                  check: 'policy of bucket b',
                  ok: false,
                  found: 's3:GetObject is not allowed',
                  fix: 'Add it.',
                  missing: { policyOf: 'bucket b', statements: statements as never },
                },
              ]
            : [{ check: 'TrustedResourceOwners', ok: false, isAdvice: true, found: 'not listed', fix: 'List it.' }],
      };
    };

    it('show what is wrong, what to do and only the statements that are missing, and stop nothing', async () => {
      broken();
      expect(await apply('--yes')).toBe(0);
      expect(terminal.output).toContain('Account 222222222222 (aviation)');
      expect(terminal.output).toContain('policy of bucket b: s3:GetObject is not allowed\n      Add it.');
      expect(terminal.written.filter(text => text.startsWith('[')).map(text => JSON.parse(text))).toEqual([statements]);
      expect(terminal.output).not.toContain('glue:GetTable');
      expect(terminal.output).toContain('Checked 3 accounts: 1 check failed or could not be made.');
      expect(hub.applied).toBeDefined();
    });

    it('change nothing with --strict, and exit with 1', async () => {
      broken();
      expect(await apply('--yes', '--strict')).toBe(1);
      expect(terminal.written.at(-1)).toContain('Nothing was changed');
      expect(await apply('--dry-run', '--strict')).toBe(1);
      expect(hub.log).toEqual([]);
    });

    it('do not take advice for a fault', async () => {
      const check = async () => [{ check: 'a', ok: false, isAdvice: true as const, found: 'b' }];
      hub.spokes = { check };
      expect(await apply('--yes', '--strict')).toBe(0);
    });

    it('are left out with --no-checks, which --strict does not go with', async () => {
      const looked: string[] = [];
      hub.spokes = {
        check: async ({ account }) => {
          looked.push(account);
          return [];
        },
      };
      expect(await apply('--dry-run', '--no-checks')).toBe(0);
      expect(looked).toEqual([]);
      expect(await apply('--dry-run', '--no-checks', '--strict')).toBe(2);
      expect(await apply('--dry-run')).toBe(0);
      expect(looked).toEqual(['222222222222', '333333333333', '444444444444']);
    });

    it('are not there in an older stage: said, and --strict goes no further', async () => {
      hub.spokes = {
        check: async () => {
          throw new SpokeCheckMissingError('trellis-local-spoke-check');
        },
      };
      expect(await apply('--yes', '--strict')).toBe(1);
      expect(hub.log).toEqual([]);
      expect(await apply('--yes')).toBe(0);
      expect(terminal.errorOutput).toContain('no function trellis-local-spoke-check');
      // As nothing could be looked at, all that the buckets need is told.
      expect(terminal.output).toContain('"Sid"');
    });

    it('are in the JSON document', async () => {
      broken();
      await apply('--json', '--dry-run');
      const { checks } = JSON.parse(terminal.output);
      expect(checks.map(({ account }: { account: string }) => account)).toEqual([
        '222222222222',
        '333333333333',
        '444444444444',
      ]);
      expect(checks[0].findings[1]).toMatchObject({ ok: false, missing: { statements } });
    });
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
