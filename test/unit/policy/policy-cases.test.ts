import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTrellis } from '../../../cli/program.ts';
import { parsePolicyCases } from '../../../shared/mesh/policy-cases.ts';
import { mesh } from '../access/access-sample.ts';
import { FakeTerminal, NO_CATALOG } from '../cli/fake-terminal.ts';
import { PROJECT } from './sample-policies.ts';

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const applyServices = () => {
    throw new Error('AWS is not needed for this');
  };
  const exitCode = await runTrellis(['policy', 'test', ...args], {
    terminal,
    environment: {},
    applyServices,
    ...NO_CATALOG,
  });
  return { exitCode, output: terminal.output, errors: terminal.errorOutput };
}

const MESH = `stages:
  first: &stage
    hub: '111111111111'
    domains:
      aviation:
        account: '222222222222'
        databases: '*'
        prefixes: [s3://aviation/]
        stewards: [arn:aws:iam::222222222222:role/Steward]
        policies: policies/aviation
    consumers: { analytics: { account: '444444444444' } }
    piiPurposes: [safety-investigation]
  second:
    <<: *stage
    piiPurposes: [route study]
`;
const CREW =
  'tables:\n  ops.crew: { flight: public, name: "confidential, pii", year: { labels: public, partitionKey: true } }\n';
const caseOf = (request: string, expected: string) =>
  `${CREW}cases:\n  - case: crew\n    request: { team: analytics, table: ops.crew, purpose: route study, days: 30${request} }\n    expect: ${expected}\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trellis-cases-'));
  mkdirSync(join(folder, 'policies/aviation'), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('mesh.yml', MESH.replace('    <<: *stage\n', stageText()));
  write('policies/schema.cedarschema', PROJECT.schema);
  write('policies/guardrails.cedar', PROJECT.guardrails);
  write('policies/aviation/access.cedar', PROJECT.domains.aviation!);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** YAML 1.2 has no merge key. */
function stageText(): string {
  const lines = MESH.split('\n');
  return `${lines.slice(2, 11).join('\n')}\n`;
}

const cases = (text: string, name = 'tests.yml') => writeFileSync(join(folder, 'policies/aviation', name), text);

describe('trellis policy test', () => {
  it("passes this project's own cases", async () => {
    const { exitCode, output } = await run('.');
    expect({ exitCode, last: output.split('\n').at(-1) }).toMatchObject({ exitCode: 0, last: /all as expected/ });
    expect(output).toMatch(/aviation, stage local/);
    expect(output).toMatch(/climate, stage local/);
  });

  it('runs the cases of one domain, where its folder is named', async () => {
    const { output } = await run('policies/climate');
    expect(output).not.toMatch(/aviation/);
  });

  it('shows what is different and why, and fails', async () => {
    cases(caseOf('', '{ outcome: waits, keptBack: [], policies: [aviation.never] }'));
    const { exitCode, output } = await run(folder, '--stage', 'first');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/FAILS crew .*tests\.yml:4/);
    expect(output).toMatch(/- outcome: waits\n +\+ outcome: automatic/);
    expect(output).toMatch(/- kept back: none\n +\+ kept back: name/);
    expect(output).toMatch(/- policies: aviation\.never\n +\+ policies: aviation\.anyone-may-request, /);
    expect(output).toMatch(/name: personal data is read only for a purpose on the council's list/);
    expect(output).toMatch(/1 case, 1 not as expected\.$/);
  });

  it("goes by each stage's own list of purposes", async () => {
    cases(caseOf('', '{ outcome: automatic, keptBack: [name] }'));
    expect((await run(folder, '--stage', 'first')).exitCode).toBe(0);
    const { exitCode, output } = await run(folder);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/stage first\n {2}ok .*\naviation, stage second\n {2}FAILS/);
  });

  it('does not expect a column to be kept back unless the case says so', async () => {
    cases(caseOf('', 'automatic'));
    expect((await run(folder, '--stage', 'first')).exitCode).toBe(1);
    cases(caseOf(', columns: [flight]', 'automatic'));
    expect((await run(folder, '--stage', 'first')).exitCode).toBe(0);
  });

  it('denies what leaves nothing but partition keys, as requests are', async () => {
    cases(caseOf(', columns: [name]', 'denied'));
    expect((await run(folder, '--stage', 'first')).exitCode).toBe(0);
  });

  it('writes one JSON document', async () => {
    cases(caseOf('', 'denied'));
    const { exitCode, output } = await run(folder, '--stage', 'first', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      passed: 0,
      failed: 1,
      files: [
        {
          stage: 'first',
          domain: 'aviation',
          cases: [
            {
              name: 'crew',
              found: { outcome: 'automatic', keptBack: ['name'] },
              mismatches: [{ what: 'outcome', expected: 'denied', found: 'automatic' }],
            },
          ],
        },
      ],
    });
  });

  it('fails where there are no cases: a check that checks nothing is none', async () => {
    expect(await run(folder)).toMatchObject({ exitCode: 1, errors: expect.stringMatching(/There are no cases/) });
  });

  it('checks the policies first', async () => {
    cases(caseOf('', 'automatic'));
    writeFileSync(join(folder, 'policies/aviation/access.cedar'), 'permit (principal, action, resource);');
    expect(await run(folder)).toMatchObject({ exitCode: 1, errors: expect.stringMatching(/has no @id/) });
  });

  it.each([
    ['a folder that is not there', ['/nowhere/at/all'], /no folder/],
    ['a folder without a mesh', [tmpdir()], /no mesh\.yml/],
    ['a stage that mesh.yml has not', ['.', '--stage', 'prod'], /no stage prod/],
  ])('does not understand %s: exit code 2', async (_, args, message) => {
    expect(await run(...args)).toMatchObject({ exitCode: 2, errors: expect.stringMatching(message) });
  });
});

describe('a file of cases', () => {
  const problemsOf = (text: string) => {
    try {
      parsePolicyCases(text, 'tests.yml', 'aviation', mesh);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    ['YAML that is none', 'cases: [', /tests\.yml:1/],
    ['no case', 'cases: []', /at least one case/],
    ['an unknown key', caseOf(', day: 3', 'denied'), /tests\.yml:\d+ cases\.0\.request: unknown key day/],
    ['an outcome that is none', caseOf('', 'granted'), /tests\.yml:6 cases\.0\.expect/],
    [
      'a team that nobody knows',
      caseOf('', 'denied').replace('team: analytics', 'team: nobody'),
      /no domain or consumer nobody/,
    ],
    ['nobody who asks', caseOf('', 'denied').replace('team: analytics, ', ''), /name a team or a principal/],
    [
      'a principal of another team',
      caseOf(', principal: "arn:aws:iam::333333333333:role/A"', 'denied'),
      /not of team analytics/,
    ],
    [
      'a table that is not listed',
      caseOf('', 'denied').replace('table: ops.crew', 'table: ops.flights'),
      /lists no table ops\.flights/,
    ],
    [
      'a table without its database',
      caseOf('', 'denied').replace('table: ops.crew', 'table: crew'),
      /write <database>\.<table>/,
    ],
    ['a column that is not listed', caseOf(', columns: [pilot]', 'denied'), /no column pilot/],
    ['days that are none', caseOf('', 'denied').replace('days: 30', 'days: -1'), /request\.days/],
  ])('is refused with its line for %s', (_, text, message) => {
    expect(problemsOf(text)).toMatch(message);
  });

  it('tells all problems at once', () => {
    const [one, two] = [caseOf(', columns: [pilot]', 'denied'), caseOf(', columns: [tail]', 'denied')];
    const both = one + two.slice(two.indexOf('  - case'));
    expect(problemsOf(both)).toMatch(/2 problems:\n.*pilot.*\n.*tail/);
  });

  it('takes columns with their labels where no table is listed, lists of labels, and a principal', () => {
    const request = `{ principal: "arn:aws:iam::444444444444:role/Analyst", table: ops.new, columns: { a: [internal, pii], b: }, purpose: p, days: 1, rowFilter: true }`;
    const [first] = parsePolicyCases(
      `cases:\n  - { case: new, request: ${request}, expect: waits }`,
      'tests.yml',
      'aviation',
      mesh,
    );
    expect(first?.question).toMatchObject({
      principal: 'arn:aws:iam::444444444444:role/Analyst',
      account: '444444444444',
      teams: ['analytics'],
      database: 'ops',
      table: 'new',
      columns: [
        { name: 'a', labels: ['internal', 'pii'], isPartitionKey: false },
        { name: 'b', labels: [], isPartitionKey: false },
      ],
      hasRowFilter: true,
    });
  });
});
