/** What the hub's bus lets in: every source and kind of event, from every kind of account, forwarded or put straight on it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { administrator, type Caller, type PolicyDocument, type PolicyStatement } from '../../local/core/service.ts';
import { Iam } from '../../local/iam/iam.ts';
import type { Mesh } from '../../shared/mesh/mesh.ts';
import { stackSettings } from '../../shared/mesh/stack-settings.ts';
import { ROOT } from './source-files.ts';
import { hub, mesh } from './stacks.ts';

const AVIATION = mesh.domains.aviation!.account;
const CLIMATE = mesh.domains.climate!.account;
const ANALYTICS = mesh.consumers.analytics!.account;
const UNKNOWN = '999999999999';
const bus = hub.ofType('AWS::Events::EventBus')[0]!.arn;
const allowed = hub.ofType('AWS::Events::EventBusPolicy').map(one => one.properties.Statement as PolicyStatement);

/** The statements for `decisions: direct` as `serverless package` writes them for a mesh; the journey of direct decisions has them from the whole stack. */
function directStatements(changed: Mesh): PolicyStatement[] {
  const template = JSON.parse(
    readFileSync(join(ROOT, '.serverless/cloudformation-template-update-stack.json'), 'utf8'),
  );
  const { directRoots, directStewards } = stackSettings(changed);
  return Object.values<{ Condition?: string; Properties: { Statement: PolicyStatement } }>(template.Resources)
    .filter(({ Condition }) => Condition === 'DecisionsAreDirect')
    .map(({ Properties: { Statement } }) => {
      const Condition = { ...Statement.Condition };
      if (Condition.ArnNotEquals) Condition.ArnNotEquals = { 'aws:PrincipalArn': directStewards };
      return { ...Statement, Resource: bus, Principal: { AWS: directRoots }, Condition };
    });
}

const iam = new Iam(() => undefined);

type Path = 'forwarded' | 'put';
interface Attempt {
  account: string;
  /** A role of the account; its administrator unless given. */
  role?: string;
  path: Path;
  source: string;
  types: string[];
}

function isLetIn(statements: PolicyStatement[], { account, role, path, source, types }: Attempt): boolean {
  const resourcePolicy: PolicyDocument = { Version: '2012-10-17', Statement: statements };
  const context = { 'events:source': [source], 'events:detail-type': types };
  const access = { action: 'events:PutEvents', resource: bus, resourcePolicy };
  if (path === 'forwarded') {
    const forward = `arn:aws:iam::${account}:role/trellis-local-forward`;
    return iam.mayPutEvents({ ...access, context: { ...context, 'aws:PrincipalArn': role ?? forward } }, account, true);
  }
  const principal = `arn:aws:iam::${account}:role/${role}`;
  // By its own account's policies it may: what the bus says is under test.
  const caller: Caller = role
    ? { account, arn: principal, principal, isAdministrator: true }
    : administrator(account).caller;
  try {
    iam.authorize(caller, { ...access, context: { ...context, 'events:eventBusInvocation': 'false' } });
    return true;
  } catch {
    return false;
  }
}

const EVENTS: [source: string, type: string][] = [
  ['aws.glue', 'Glue Data Catalog Table State Change'],
  ['aws.glue-dataquality', 'Data Quality Evaluation Results Available'],
  ['aws.lakeformation', 'AWS API Call via CloudTrail'],
  ['trellis.pipeline', 'Pipeline Run Completed'],
  ['trellis.contract', 'Contract Submitted'],
  ['trellis.access', 'Access Requested'],
  ['trellis.access', 'Access Decision Made'],
  ['trellis.access', 'Access Extension Requested'],
  ['trellis.access', 'Access Revocation Requested'],
  ['trellis.access', 'Access Wished For'],
  ['trellis', 'Access Granted'],
  ['trellis', 'Catalog Table Synced'],
  ['com.example', 'Access Requested'],
];
const ACCOUNTS: Record<string, { account: string; sources: (source: string) => boolean }> = {
  'a domain': { account: AVIATION, sources: source => /^aws\.|^trellis\./.test(source) },
  'a consumer': { account: ANALYTICS, sources: source => /^aws\.|^trellis\.access$/.test(source) },
  'an account that nobody knows': { account: UNKNOWN, sources: () => false },
};
const table = Object.entries(ACCOUNTS).flatMap(([who, { account, sources }]) =>
  EVENTS.flatMap(([source, type]) =>
    (['forwarded', 'put'] as const).map(path => ({ who, account, source, type, path, isMeant: sources(source) })),
  ),
);

describe("what the hub's bus lets in", () => {
  it.each(table)('$source $type of $who, $path: $isMeant', ({ account, source, type, path, isMeant }) => {
    expect(isLetIn(allowed, { account, path, source, types: [type] })).toBe(isMeant);
  });

  it('has no statement about decisions where no domain has decisions: direct', () => {
    expect(JSON.stringify(allowed)).not.toContain('Access Decision Made');
    expect(stackSettings(mesh)).toMatchObject({ isAnyDirect: 'false', directMarks: 'none' });
  });
});

describe("what the hub's bus lets in of a domain with decisions: direct", () => {
  const steward = 'aws-reserved/sso.amazonaws.com/AWSReservedSSO_Steward_0123456789abcdef';
  const stewards = [`arn:aws:iam::${AVIATION}:role/${steward}`, `arn:aws:iam::${AVIATION}:role/Steward`];
  const changed: Mesh = {
    ...mesh,
    domains: { ...mesh.domains, aviation: { ...mesh.domains.aviation!, decisions: 'direct', stewards } },
  };
  const direct = [...allowed, ...directStatements(changed)];
  const decision = { source: 'trellis.access', types: ['Access Decision Made'] };

  it.each<[string, Omit<Attempt, 'source' | 'types'>, boolean]>([
    ["a steward's own put", { account: AVIATION, role: 'Steward', path: 'put' }, true],
    ['the own put of a steward whose role has a path', { account: AVIATION, role: steward, path: 'put' }, true],
    ["its administrator's put", { account: AVIATION, path: 'put' }, false],
    ["another role's put", { account: AVIATION, role: 'Steward2', path: 'put' }, false],
    ['what its rule forwards', { account: AVIATION, path: 'forwarded' }, false],
    ["what a rule forwards with a steward's role", { account: AVIATION, role: stewards[1]!, path: 'forwarded' }, false],
    ["another domain's put", { account: CLIMATE, path: 'put' }, true],
    ['what the rule of another domain forwards', { account: CLIMATE, path: 'forwarded' }, true],
  ])('decisions: %s', (_, attempt, isIn) => {
    expect(isLetIn(direct, { ...attempt, ...decision })).toBe(isIn);
  });

  it('is stopped with every other event of the same call, and whatever its source', () => {
    const attempt: Attempt = { account: AVIATION, path: 'put', ...decision };
    expect(isLetIn(direct, { ...attempt, types: ['Access Requested', 'Access Decision Made'] })).toBe(false);
    expect(isLetIn(direct, { ...attempt, source: 'trellis.pipeline' })).toBe(false);
  });

  it('is as before for all other events', () => {
    const others = table.filter(({ type }) => type !== 'Access Decision Made');
    for (const { account, source, type, path, isMeant } of others)
      expect(isLetIn(direct, { account, path, source, types: [type] }), `${account} ${source} ${type}`).toBe(isMeant);
  });

  it('has room in a policy of ten thousand characters for fifty stewards', () => {
    const many = Array.from({ length: 50 }, (_, index) => `arn:aws:iam::${AVIATION}:role/Steward-${index}`);
    const large: Mesh = {
      ...changed,
      domains: { ...changed.domains, aviation: { ...changed.domains.aviation!, stewards: many } },
    };
    // Source: EventBridge quotas, "Event bus policy size".
    expect(JSON.stringify([...allowed, ...directStatements(large)]).length).toBeLessThan(10_240);
  });
});
