import type { Consumer, Domain } from './mesh.ts';

/** What is wrong between the parts of a stage, at its path within the stage. */
export interface StageProblem {
  path: (string | number)[];
  message: string;
}

/** The parts of a stage that are well-formed each by itself; what is malformed is left out and told elsewhere. */
export interface StageParts {
  hub: string | undefined;
  domains: Record<string, Domain>;
  consumers: Record<string, Consumer>;
}

/** Longest name of a Glue database. Source: Glue API reference, Database. */
const LONGEST_DATABASE_NAME = 255;

const TAKEN_NAMES = new Map([
  ['trellis', 'databases trellis_* hold the links that Trellis makes'],
  ['guardrail', "the @id of the council's policies begins with it"],
]);

/** Checks the parts of a stage against each other. Pure; the answer is empty when nothing is wrong. */
export function checkStage(stage: StageParts): StageProblem[] {
  const domains = Object.entries(stage.domains);
  const problems = domains.flatMap(([name, domain]) => checkDomain(name, domain, stage.hub));
  for (const [index, [name, domain]] of domains.entries()) {
    for (const [other, earlier] of domains.slice(0, index))
      problems.push(...checkTwoDomains(name, domain, other, earlier));
  }
  return [...problems, ...checkConsumers(stage)];
}

function checkDomain(name: string, domain: Domain, hub: string | undefined): StageProblem[] {
  const at = (...rest: (string | number)[]) => ['domains', name, ...rest];
  const problems: StageProblem[] = [];
  const taken = TAKEN_NAMES.get(name);
  if (taken) problems.push({ path: at(), message: `${name} is taken: ${taken}` });
  if (domain.account === hub) {
    problems.push({ path: at('account'), message: "the hub's account holds the central catalog and can be no domain" });
  }
  for (const [list, who] of [
    ['stewards', 'a steward'],
    ['shareBack', 'who gets the governed copy'],
  ] as const) {
    for (const [index, arn] of (domain[list] ?? []).entries()) {
      const account = arn.split(':')[4];
      if (account === domain.account) continue;
      const message = `${who} of ${name} must be of its account ${domain.account}, not of ${account}`;
      problems.push({ path: at(list, index), message });
    }
  }
  for (const list of ['databases', 'stewards', 'shareBack'] as const) {
    const values = domain[list];
    if (values === '*' || values === undefined) continue;
    for (const [index, value] of values.entries()) {
      if (values.indexOf(value) < index) problems.push({ path: at(list, index), message: `${value} is listed twice` });
    }
  }
  for (const [index, prefix] of domain.prefixes.entries()) {
    const wider = domain.prefixes.find((other, place) => place < index && overlap(prefix, other));
    if (wider) problems.push({ path: at('prefixes', index), message: overlapMessage(prefix, wider, 'this domain') });
  }
  for (const [index, database] of domain.databases === '*' ? [] : domain.databases.entries()) {
    const link = `trellis_${name}_${database}`;
    if (link.length <= LONGEST_DATABASE_NAME) continue;
    const message = `too long: ${link} has ${link.length} characters, a Glue database at most ${LONGEST_DATABASE_NAME}`;
    problems.push({ path: at('databases', index), message });
  }
  return problems;
}

function checkTwoDomains(name: string, domain: Domain, other: string, earlier: Domain): StageProblem[] {
  const at = (...rest: (string | number)[]) => ['domains', name, ...rest];
  const problems: StageProblem[] = [];
  for (const [index, prefix] of domain.prefixes.entries()) {
    const taken = earlier.prefixes.find(theirs => overlap(prefix, theirs));
    if (taken)
      problems.push({ path: at('prefixes', index), message: overlapMessage(prefix, taken, `domain ${other}`) });
  }
  if (overlap(`${domain.policies}/`, `${earlier.policies}/`)) {
    problems.push({
      path: at('policies'),
      message: `the folder is also domain ${other}'s: each domain keeps its own rules`,
    });
  }
  if (domain.account !== earlier.account) return problems;
  problems.push(...checkSharedDecisions(name, domain, other, earlier));
  if (domain.databases === '*' || earlier.databases === '*') {
    const message = `domain ${other} has the same account ${domain.account}: name the databases of both, without '*'`;
    return [...problems, { path: at('databases'), message }];
  }
  for (const [index, database] of domain.databases.entries()) {
    if (!earlier.databases.includes(database)) continue;
    problems.push({
      path: at('databases', index),
      message: `database ${database} of account ${domain.account} already belongs to domain ${other}`,
    });
  }
  return problems;
}

/** The bus knows accounts, not domains: it can hold an account's decisions to one list of stewards alone. */
function checkSharedDecisions(name: string, domain: Domain, other: string, earlier: Domain): StageProblem[] {
  if (domain.decisions !== earlier.decisions) {
    const message = `domain ${other} has the same account ${domain.account}: its decisions arrive the same way, ${earlier.decisions}`;
    return [{ path: ['domains', name, 'decisions'], message }];
  }
  const isSame =
    domain.stewards.length === earlier.stewards.length && domain.stewards.every(one => earlier.stewards.includes(one));
  if (domain.decisions === 'events' || isSame) return [];
  const message = `domain ${other} has the same account ${domain.account}: with decisions: direct both have the same stewards`;
  return [{ path: ['domains', name, 'stewards'], message }];
}

function checkConsumers({ hub, domains, consumers }: StageParts): StageProblem[] {
  const problems: StageProblem[] = [];
  const names = Object.keys(consumers);
  for (const [index, name] of names.entries()) {
    const { account } = consumers[name]!;
    const path = ['consumers', name, 'account'];
    if (account === hub) problems.push({ path, message: "the hub's account governs and can be no consumer" });
    const other = names.slice(0, index).find(earlier => consumers[earlier]!.account === account);
    if (other) problems.push({ path, message: `consumer ${other} has the same account ${account}` });
    const domain = Object.keys(domains).find(key => domains[key]!.account === account);
    if (domain && consumers[name]!.outsideOrganization) {
      const message = `the account is also domain ${domain}'s, which belongs to the organization`;
      problems.push({ path: ['consumers', name, 'outsideOrganization'], message });
    }
  }
  return problems;
}

/** Both end with a slash, so a common beginning is a common folder. */
function overlap(left: string, right: string): boolean {
  return left.startsWith(right) || right.startsWith(left);
}

function overlapMessage(prefix: string, other: string, whose: string): string {
  return prefix === other
    ? `${prefix} is already a prefix of ${whose}`
    : `${prefix} overlaps with ${other} of ${whose}`;
}
