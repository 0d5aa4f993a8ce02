import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { createPolicyEngine } from '../shared/access/policy.ts';
import { parsePolicyCases } from '../shared/mesh/policy-cases.ts';
import { readMeshFolder, type StageOfFolder } from '../shared/mesh/read-mesh-folder.ts';
import { type CaseResult, runPolicyCase } from '../shared/mesh/run-policy-cases.ts';
import { type Environment, UsageError } from './connection.ts';
import type { Terminal } from './terminal.ts';

export interface PolicyParts {
  terminal: Terminal;
  environment: Environment;
}

export interface PolicyTestOptions {
  stage?: string;
  json?: true;
}

/** What came of one file of cases on one stage. */
interface FileResult {
  stage: string;
  domain: string;
  /** From where the command runs. */
  file: string;
  cases: CaseResult[];
}

/** `trellis policy test`. */
export function policyTestCommand(program: Command): Command {
  const policy = program.command('policy').description("domains' policies");
  return policy
    .command('test')
    .summary("run domains' own cases against their policies")
    .description(
      "Runs the cases that lie beside a domain's policies (tests.yml, *.test.yml): requests and what must come of them, by the policies, the guardrails and the mesh.yml of this folder. Checks those first. Needs no AWS. Exit code 1 when a case fails.",
    )
    .argument('[folder]', 'a folder with mesh.yml, or one within it: then the cases of the domains that lie there', '.')
    .option('--stage <name>', 'one stage of mesh.yml (default: each)')
    .option('--json', 'one JSON document');
}

/** Gives the exit code. @throws UsageError, MeshFileError, PolicyInvalidError, PolicyCasesError */
export function runPolicyTest(folder: string, { stage, json }: PolicyTestOptions, { terminal }: PolicyParts): number {
  const root = findRoot(folder);
  const stages = readMeshFolder(root).filter(({ mesh }) => stage === undefined || mesh.stage === stage);
  if (stages.length === 0) throw new UsageError(`mesh.yml has no stage ${stage}.`);
  const results = stages.flatMap(each => testStage(each, root, resolve(folder)));
  const cases = results.flatMap(file => file.cases);
  const failed = cases.filter(({ mismatches }) => mismatches.length > 0).length;
  if (json) terminal.out(JSON.stringify({ passed: cases.length - failed, failed, files: results }, null, 2));
  else for (const line of [...results.flatMap(file => writeFile(terminal, file))]) terminal.out(line);
  // A check that checks nothing would be taken for one that passed.
  if (cases.length === 0) {
    terminal.err(`There are no cases in ${folder}: put them beside a domain's policies, as tests.yml or *.test.yml.`);
    return 1;
  }
  const count = cases.length === 1 ? '1 case' : `${cases.length} cases`;
  if (!json) terminal.out(failed === 0 ? `${count}, all as expected.` : `${count}, ${failed} not as expected.`);
  return failed === 0 ? 0 : 1;
}

/** The folder itself or the nearest above it that has a mesh.yml. */
function findRoot(folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`There is no folder ${folder}.`);
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, 'mesh.yml'))) return at;
    if (at === dirname(at)) throw new UsageError(`There is no mesh.yml in ${folder}, nor in a folder above it.`);
  }
}

function testStage({ mesh, policies }: StageOfFolder, root: string, within: string): FileResult[] {
  const engine = createPolicyEngine(policies);
  return Object.entries(mesh.domains).flatMap(([domain, { policies: folder }]) => {
    const path = join(root, folder);
    if (!isWithin(path, within) && !isWithin(within, path)) return [];
    return caseFiles(path).map(file => {
      const shown = relative(process.cwd(), file);
      const cases = parsePolicyCases(readFileSync(file, 'utf8'), shown, domain, mesh);
      return { stage: mesh.stage, domain, file: shown, cases: cases.map(each => runPolicyCase(engine, each)) };
    });
  });
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}

function caseFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => /^tests\.ya?ml$|\.test\.ya?ml$/.test(name))
    .sort()
    .map(name => join(folder, name));
}

/** A line for each case; of one that is not as expected, what is different and why. */
function writeFile({ style }: Pick<Terminal, 'style'>, { stage, domain, file, cases }: FileResult): string[] {
  const lines = cases.flatMap(({ name, line, mismatches, found }) => {
    if (mismatches.length === 0) return [`  ${style('green', 'ok')}    ${name}`];
    return [
      `  ${style('red', 'FAILS')} ${style('bold', name)} ${style('dim', `(${file}:${line})`)}`,
      ...mismatches.flatMap(({ what, expected, found: got }) => [
        `          ${style('red', `- ${what}: ${expected}`)}`,
        `          ${style('green', `+ ${what}: ${got}`)}`,
      ]),
      ...found.reasons.map(reason => `            ${reason}`),
      ...(mismatches.some(({ what }) => what === 'policies')
        ? []
        : [style('dim', `            decided by ${found.policies.join(', ') || 'no policy'}`)]),
    ];
  });
  return [style('bold', `${domain}, stage ${stage}`), ...lines];
}
