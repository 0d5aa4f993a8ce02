/** Everything that a stack names is there: handlers, targets, sources, destinations, substitutions, and what one stack says of the other. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source-files.ts';
import { hub, list, mesh, REGION, readStack, spokes, targetsOf } from './stacks.ts';
import { zipNames } from './zip-names.ts';

const functions = hub.ofType('AWS::Lambda::Function');
const place = { name: 'a-stack', account: '111111111111', parameters: {} };

describe('references', () => {
  it.each([
    ['a Ref', { Ref: 'Nowhere' }],
    ['a GetAtt', { 'Fn::GetAtt': ['Nowhere', 'Arn'] }],
    ['a Sub', { 'Fn::Sub': 'arn:${Nowhere.Arn}' }],
  ])('to nowhere are found: %s', (_, Name) => {
    const template = { Resources: { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name } } } };
    expect(() => readStack(JSON.stringify(template), place)).toThrow('Nowhere');
  });

  it('to an attribute that a type has not are found', () => {
    const Description = { 'Fn::GetAtt': ['Bus', 'Colour'] };
    const template = { Resources: { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'a', Description } } } };
    expect(() => readStack(JSON.stringify(template), place)).toThrow('Colour');
  });

  it('all lead somewhere, and leave nothing to work out', () => {
    for (const stack of [hub, ...spokes]) {
      // Step Functions works these out itself, by DefinitionSubstitutions.
      const properties = stack.resources.map(({ properties: { Definition, ...others } }) => others);
      // IAM works these out itself, for each request.
      const left = JSON.stringify([properties, stack.outputs]).replace(/\$\{aws:Principal(Account|Tag\/\w+)\}/g, '');
      expect(left.match(/.{0,40}(\$\{|Fn::|"Ref").{0,40}/g) ?? []).toEqual([]);
    }
  });
});

describe('functions', () => {
  it('are all in the stack, one for each file', () => {
    const handlers = functions.map(({ properties }) => String(properties.Handler)).sort();
    const files = globSync('functions/*.ts', { cwd: ROOT })
      .map(file => basename(file, '.ts'))
      .sort();
    expect(handlers).toEqual(files.map(name => `dist/${name}/index.handler`));
  });

  it.each(functions.map(({ id, properties }) => [id, properties] as const))(
    '%s starts with its settings, and has its handler',
    (_, { Handler, Environment }) => {
      const bundle = join(ROOT, `${String(Handler).replace(/\.handler$/, '')}.mjs`);
      const look = 'const found = await import(process.argv[1]); console.log(typeof found.handler); process.exit(0);';
      const env = { ...Environment.Variables, AWS_REGION: REGION, PATH: process.env.PATH };
      const told = execFileSync(process.execPath, ['--input-type=module', '-e', look, bundle], {
        encoding: 'utf8',
        env,
      });
      expect(told.trim()).toBe('function');
    },
  );

  it.each(functions.map(({ id, properties }) => [id, properties] as const))(
    '%s is given each setting that it reads',
    (_, properties) => {
      const { Handler, Environment } = properties;
      // AWS_REGION is Lambda's own.
      expect(
        settingsOf(dirname(String(Handler))).filter(name => !(name in Environment.Variables) && name !== 'AWS_REGION'),
      ).toEqual([]);
    },
  );

  it.each(functions.map(({ id, properties }) => [id, properties] as const))(
    '%s is packed with its bundle and nothing else',
    (_, properties) => {
      const { Handler, Code } = properties;
      const folder = dirname(String(Handler));
      const names = zipNames(readFileSync(join(ROOT, '.serverless', basename(String(Code.S3Key)))));
      const built = globSync(`${folder}/*`, { cwd: ROOT }).filter(name => !name.endsWith('.map'));
      expect(names).toContain(`${folder}/index.mjs`);
      expect(names.filter(name => !name.endsWith('/')).sort()).toEqual(built.sort());
    },
  );
});

/** The names of the settings that the parts of shared/lambda in a bundle ask for. */
function settingsOf(folder: string): string[] {
  const sources = globSync(`${folder}/*.map`, { cwd: ROOT }).flatMap(
    map => (JSON.parse(readFileSync(join(ROOT, map), 'utf8')) as { sources: string[] }).sources,
  );
  const edge = new Set(
    sources.filter(source => source.includes('/shared/lambda/')).map(source => source.replace(/^(\.\.\/)+/, '')),
  );
  const texts = [...edge].map(path => readFileSync(join(ROOT, path), 'utf8'));
  return texts.flatMap(text => [...text.matchAll(/\bsetting\('([A-Z_]+)'\)/g)].map(([, name = '']) => name));
}

describe('what delivers', () => {
  const hubTargets = targetsOf(hub).map(({ rule, target }) => [rule.id, rule, target] as const);

  it.each(hubTargets)('%s has targets in its stack that it may reach', (_, rule, target) => {
    const { type, ref, arn } = hub.byArn(target.Arn);
    expect([
      'AWS::SQS::Queue',
      'AWS::Lambda::Function',
      'AWS::Events::EventBus',
      'AWS::StepFunctions::StateMachine',
    ]).toContain(type);
    expect(hub.byArn(target.DeadLetterConfig.Arn).type).toBe('AWS::SQS::Queue');
    if (target.RoleArn) expect(hub.byArn(target.RoleArn).type).toBe('AWS::IAM::Role');
    if (type === 'AWS::Lambda::Function') {
      const permissions = hub
        .ofType('AWS::Lambda::Permission')
        .map(permission => permission.properties)
        .filter(({ FunctionName, SourceArn }) => [ref, arn].includes(FunctionName) && SourceArn === rule.arn);
      expect(permissions).toMatchObject([{ Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com' }]);
    }
  });

  it('lets nobody but its rules invoke a function', () => {
    const rules = new Set(hub.ofType('AWS::Events::Rule').map(rule => rule.arn));
    for (const { properties } of hub.ofType('AWS::Lambda::Permission')) expect(rules).toContain(properties.SourceArn);
  });

  it.each(hub.ofType('AWS::Lambda::EventSourceMapping').map(({ id, properties }) => [id, properties] as const))(
    '%s reads a queue of the stack for a function of the stack, and tells which messages failed',
    (_, { EventSourceArn, FunctionName, FunctionResponseTypes, Enabled }) => {
      expect(hub.byArn(EventSourceArn).type).toBe('AWS::SQS::Queue');
      expect(hub.byArn(FunctionName).type).toBe('AWS::Lambda::Function');
      expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect(Enabled).not.toBe(false);
    },
  );

  it.each(hub.ofType('AWS::Lambda::EventInvokeConfig').map(({ id, properties }) => [id, properties] as const))(
    '%s sends what failed to a queue of the stack',
    (_, { FunctionName, DestinationConfig }) => {
      expect(functions.map(one => one.ref)).toContain(FunctionName);
      expect(hub.byArn(DestinationConfig.OnFailure.Destination).type).toBe('AWS::SQS::Queue');
    },
  );

  it('sends from each spoke to the bus of the hub, of the same stage', () => {
    const bus = hub.ofType('AWS::Events::EventBus')[0]!;
    expect(spokes.length).toBeGreaterThan(0);
    for (const spoke of spokes) {
      const targets = targetsOf(spoke);
      expect(targets.map(({ target }) => target.Arn)).toEqual([bus.arn]);
      for (const { target } of targets) expect(spoke.byArn(target.RoleArn).type).toBe('AWS::IAM::Role');
    }
    expect(bus.ref).toBe(`trellis-${mesh.stage}`);
  });

  it('reaches in a spoke the role and the bus that spoke.yml has there, and no others', () => {
    const text = JSON.stringify(hub.ofType('AWS::IAM::Role').map(role => role.properties));
    const roles = new Set(text.match(/arn:aws:iam::\d+:role\/[\w-]+/g));
    expect(roles).toEqual(
      new Set(spokes.map(spoke => spoke.ofType('AWS::IAM::Role').find(role => role.id === 'SpokeRole')?.arn)),
    );
    const buses = new Set(text.match(/arn:aws:events:[\w-]*:\d+:event-bus\/default/g));
    expect(buses).toEqual(new Set(spokes.map(spoke => `arn:aws:events:${REGION}:${spoke.account}:event-bus/default`)));
  });

  it('is trusted in a spoke by the names that the roles have in the hub', () => {
    const roles = hub.ofType('AWS::IAM::Role').map(role => role.arn);
    for (const spoke of spokes) {
      const { AssumeRolePolicyDocument } = spoke
        .ofType('AWS::IAM::Role')
        .find(role => role.id === 'SpokeRole')!.properties;
      const [statement, ...others] = AssumeRolePolicyDocument.Statement;
      expect(others).toEqual([]);
      expect(statement.Principal).toEqual({ AWS: `arn:aws:iam::${mesh.hub}:root` });
      const named = list<string>(statement.Condition.ArnEquals['aws:PrincipalArn']);
      expect(named.filter(arn => !roles.includes(arn))).toEqual([]);
      // Who may assume it by its own policy is who is let in.
      const callers = hub
        .ofType('AWS::IAM::Role')
        .filter(role => JSON.stringify(role.properties.Policies).includes(':role/trellis-spoke'));
      expect(callers.map(role => role.arn).sort()).toEqual(named.toSorted());
    }
  });
});
