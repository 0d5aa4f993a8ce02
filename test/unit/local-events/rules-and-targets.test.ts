import { beforeEach, describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { busArn, type EventBridgeFixture, HUB, queue, SPOKE, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
beforeEach(() => {
  bridge = startEventBridge();
});

const EventPattern = '{"source":["test"]}';
const ROLE = `arn:aws:iam::${HUB}:role/forward`;

describe('rules', () => {
  it('are made, described and listed', () => {
    bridge.call('CreateEventBus', { Name: 'orders' });
    const { RuleArn } = bridge.call('PutRule', { Name: 'r', EventBusName: 'orders', EventPattern, Description: 'd' });
    expect(RuleArn).toBe(`arn:aws:events:us-east-1:${HUB}:rule/orders/r`);
    const rule = { Name: 'r', Arn: RuleArn, EventBusName: 'orders', EventPattern, State: 'ENABLED', Description: 'd' };
    expect(bridge.call('DescribeRule', { Name: 'r', EventBusName: busArn('orders') })).toEqual({
      ...rule,
      CreatedBy: HUB,
    });
    expect(bridge.call('ListRules', { EventBusName: 'orders' })).toEqual({ Rules: [rule] });
    expect(bridge.call('PutRule', { Name: 'r', EventPattern }).RuleArn).toBe(`arn:aws:events:us-east-1:${HUB}:rule/r`);
  });

  it('are put again as a whole and keep their targets', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q') });
    bridge.call('PutRule', { Name: 'r', EventPattern: '{"source":["other"]}', Description: 'd' });
    await bridge.put({ Source: 'test' });
    await bridge.put({ Source: 'other' });
    expect(bridge.delivered.map(({ event }) => event.source)).toEqual(['other']);
    bridge.call('PutRule', { Name: 'r', EventPattern });
    expect(bridge.call('DescribeRule', { Name: 'r' }).Description).toBeUndefined();
  });

  it('match nothing while they are disabled', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q') });
    bridge.call('DisableRule', { Name: 'r' });
    expect(bridge.call('DescribeRule', { Name: 'r' }).State).toBe('DISABLED');
    await bridge.put({});
    expect(bridge.delivered).toEqual([]);
    bridge.call('EnableRule', { Name: 'r' });
    await bridge.put({});
    expect(bridge.delivered).toHaveLength(1);
  });

  it('are matched whether or not their source is exact', async () => {
    bridge.rule('exact', { source: ['test', 'other'] }, { Arn: queue('exact') });
    bridge.rule('prefix', { source: [{ prefix: 'te' }] }, { Arn: queue('prefix') });
    bridge.rule('any', { 'detail-type': ['Test'] }, { Arn: queue('any') });
    bridge.rule('not', { source: ['third'] }, { Arn: queue('not') });
    await bridge.put({});
    expect(bridge.delivered.map(({ targetArn }) => targetArn.split(':').at(-1)).sort()).toEqual([
      'any',
      'exact',
      'prefix',
    ]);
  });

  it('are listed by prefix, by page and by target', () => {
    for (const name of ['a1', 'a2', 'a3', 'b1']) bridge.rule(name, { source: ['s'] }, { Arn: queue(name[0]!) });
    const first = bridge.call('ListRules', { NamePrefix: 'a', Limit: 2 });
    expect(first.Rules.map((rule: Wire) => rule.Name)).toEqual(['a1', 'a2']);
    const second = bridge.call('ListRules', { NamePrefix: 'a', Limit: 2, NextToken: first.NextToken });
    expect(second.Rules.map((rule: Wire) => rule.Name)).toEqual(['a3']);
    expect(bridge.call('ListRuleNamesByTarget', { TargetArn: queue('b') }).RuleNames).toEqual(['b1']);
  });

  it('are deleted once they have no targets', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q') });
    expect(bridge.refusal('DeleteRule', { Name: 'r' })).toMatchObject({
      code: 'ValidationException',
      message: "Rule can't be deleted since it has targets.",
    });
    bridge.call('RemoveTargets', { Rule: 'r', Ids: ['one'] });
    bridge.call('DeleteRule', { Name: 'r' });
    bridge.call('DeleteRule', { Name: 'r' });
    expect(bridge.refusal('DescribeRule', { Name: 'r' }).message).toBe('Rule r does not exist on EventBus default.');
  });

  it.each([
    [{ Name: 'r' }, 'ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.'],
    [{ Name: 'a b', EventPattern }, 'ValidationException', 'regular expression'],
    [{ Name: 'x'.repeat(65), EventPattern }, 'ValidationException', 'less than or equal to 64'],
    [{ Name: 'r', EventPattern: '{"source":"test"}' }, 'InvalidEventPatternException', 'must be an object or an array'],
    [{ Name: 'r', EventPattern, State: 'ON' }, 'ValidationException', 'enum value set'],
    [{ Name: 'r', EventPattern, EventBusName: 'none' }, 'ResourceNotFoundException', 'Event bus none does not exist.'],
    [
      { Name: 'r', EventPattern: `{"source":["${'x'.repeat(4096)}"]}` },
      'ValidationException',
      'less than or equal to 4096',
    ],
  ])('PutRule %j is refused', (input, code, message) => {
    const refusal = bridge.refusal('PutRule', input);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
  });

  it('number 300 on a bus at most', () => {
    for (let at = 0; at < 300; at++) bridge.call('PutRule', { Name: `r${at}`, EventPattern });
    expect(bridge.refusal('PutRule', { Name: 'more', EventPattern }).code).toBe('LimitExceededException');
    bridge.call('PutRule', { Name: 'r1', EventPattern });
  });

  it.each(['DescribeRule', 'EnableRule', 'DisableRule'])('%s of a rule that is not there is refused', operation => {
    expect(bridge.refusal(operation, { Name: 'none' }).code).toBe('ResourceNotFoundException');
  });

  it('say what they touch, with the policy of the bus they are on', () => {
    bridge.allow('default', SPOKE);
    const [access] = bridge.access('PutRule', { Name: 'r', EventBusName: busArn('default') }, SPOKE);
    expect(access).toMatchObject({ action: 'events:PutRule', resource: `arn:aws:events:us-east-1:${HUB}:rule/r` });
    expect(access!.resourcePolicy).toBeDefined();
  });
});

describe('targets', () => {
  const put = (target: Wire) => bridge.refusal('PutTargets', { Rule: 'r', Targets: [{ Id: 't', ...target }] });
  beforeEach(() => {
    bridge.call('PutRule', { Name: 'r', EventPattern });
  });

  it('are put, listed by page, replaced by id and removed', () => {
    const Targets = ['a', 'b', 'c'].map(Id => ({ Id, Arn: queue(Id) }));
    expect(bridge.call('PutTargets', { Rule: 'r', Targets })).toEqual({ FailedEntryCount: 0, FailedEntries: [] });
    bridge.call('PutTargets', { Rule: 'r', Targets: [{ Id: 'a', Arn: queue('z') }] });
    const first = bridge.call('ListTargetsByRule', { Rule: 'r', Limit: 2 });
    expect(first.Targets).toEqual([{ Id: 'a', Arn: queue('z') }, Targets[1]]);
    bridge.call('RemoveTargets', { Rule: 'r', Ids: ['a', 'b'] });
    expect(bridge.call('ListTargetsByRule', { Rule: 'r', NextToken: first.NextToken }).Targets).toEqual([Targets[2]]);
  });

  it('number five at most', () => {
    const Targets = Array.from({ length: 5 }, (_, at) => ({ Id: `t${at}`, Arn: queue('q') }));
    bridge.call('PutTargets', { Rule: 'r', Targets });
    bridge.call('PutTargets', { Rule: 'r', Targets });
    expect(bridge.refusal('PutTargets', { Rule: 'r', Targets: [{ Id: 'more', Arn: queue('q') }] }).code).toBe(
      'LimitExceededException',
    );
  });

  it.each([
    [{ Id: '!@#' }, 'ValidationException', "'targets.1.member.id' failed to satisfy constraint"],
    [{ Arn: 'queue' }, 'ValidationException', 'Provided Arn is not in correct format.'],
    [
      { Arn: `arn:aws:states:us-east-1:${HUB}:stateMachine:m` },
      'ValidationException',
      'RoleArn is required for target',
    ],
    [{ Arn: queue('q.fifo') }, 'ValidationException', 'Parameter(s) SqsParameters must be specified for target: t.'],
    [
      { Arn: queue('q'), Input: '{}', InputPath: '$.a' },
      'ValidationException',
      'Only one of Input, InputPath, or InputTransformer',
    ],
    [{ Arn: queue('q'), Input: '{' }, 'ValidationException', 'JSON syntax error'],
    [{ Arn: queue('q'), InputPath: 'detail' }, 'ValidationException', 'Invalid path'],
    [{ Arn: queue('q'), InputPath: '$.a[*]' }, 'ValidationException', 'Invalid path'],
    [
      { Arn: queue('q'), InputTransformer: { InputTemplate: '"<a>"' } },
      'ValidationException',
      'Placeholder a is not defined',
    ],
    [{ Arn: queue('q'), InputTransformer: { InputTemplate: '{"a": }' } }, 'ValidationException', 'not valid JSON'],
    [
      { Arn: queue('q'), RetryPolicy: { MaximumRetryAttempts: 186 } },
      'ValidationException',
      'less than or equal to 185',
    ],
    [
      { Arn: queue('q'), RetryPolicy: { MaximumEventAgeInSeconds: 59 } },
      'ValidationException',
      'greater than or equal to 60',
    ],
    [{ Arn: queue('q'), DeadLetterConfig: { Arn: queue('dead.fifo') } }, 'ValidationException', 'standard SQS queue'],
    [
      { Arn: busArn('default'), Input: '{}' },
      'ValidationException',
      'Modifying the input for target t is not supported.',
    ],
    [{ Arn: queue('q'), EcsParameters: {} }, 'NotImplementedInLocalMesh', 'EcsParameters'],
  ])('%j is refused', (target, code, message) => {
    const refusal = put({ Arn: queue('q'), ...target });
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
    expect(bridge.call('ListTargetsByRule', { Rule: 'r' }).Targets).toEqual([]);
  });

  it.each(['PutTargets', 'RemoveTargets', 'ListTargetsByRule'])(
    '%s of a rule that is not there is refused',
    operation => {
      const input = { Rule: 'none', Targets: [{ Id: 't', Arn: queue('q') }], Ids: ['t'] };
      expect(bridge.refusal(operation, input).code).toBe('ResourceNotFoundException');
    },
  );

  it('need the right to pass their roles', () => {
    const access = bridge.access('PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: queue('q'), RoleArn: ROLE }] });
    expect(access).toMatchObject([
      { action: 'events:PutTargets', context: { 'events:TargetArn': [queue('q')] } },
      { action: 'iam:PassRole', resource: ROLE, context: { 'iam:PassedToService': 'events.amazonaws.com' } },
    ]);
  });
});

describe('what a target gets', () => {
  const Detail = JSON.stringify({ name: 'say "hi"', list: [{ n: 1 }, { n: 2 }], 'a b': true });
  const payload = async (target: Wire) => {
    bridge.rule('input', { source: ['test'] }, { Arn: queue('q'), ...target });
    await bridge.put({ Detail });
    return bridge.delivered[0]!.payload;
  };

  it('is a constant', async () => expect(await payload({ Input: '{"a": 1}' })).toBe('{"a": 1}'));
  it('is a part of the event', async () => expect(await payload({ InputPath: '$.detail.list[1]' })).toBe('{"n":2}'));
  it('is a part with a quoted name', async () => expect(await payload({ InputPath: "$.detail['a b']" })).toBe('true'));
  it('is null for a part that is missing', async () =>
    expect(await payload({ InputPath: '$.detail.none.more' })).toBe('null'));
  it('is the whole event for the path $', async () =>
    expect(JSON.parse(await payload({ InputPath: '$' })).source).toBe('test'));

  it('is a template filled in', async () => {
    const InputPathsMap = { name: '$.detail.name', list: '$.detail.list', none: '$.detail.none' };
    const InputTemplate =
      '{"v": <name>, "in": "<name> by <aws.events.rule-name>", "l": <list>, "no": <none>, "s": "<list>"}';
    expect(JSON.parse(await payload({ InputTransformer: { InputPathsMap, InputTemplate } }))).toEqual({
      v: 'say "hi"',
      in: 'say "hi" by input',
      l: [{ n: 1 }, { n: 2 }],
      no: '',
      s: '[{"n":1},{"n":2}]',
    });
  });

  it('is a text for a template that is a text', async () => {
    const InputTransformer = { InputPathsMap: { name: '$.detail.name' }, InputTemplate: 'It is <name>.' };
    expect(JSON.parse(await payload({ InputTransformer }))).toBe('It is say "hi".');
  });

  it('is the event itself, without and with its detail', async () => {
    const InputTemplate = '{"all": <aws.events.event.json>, "head": <aws.events.event>, "rule": <aws.events.rule-arn>}';
    const { all, head, rule } = JSON.parse(await payload({ InputTransformer: { InputTemplate } }));
    expect(all.detail.name).toBe('say "hi"');
    expect(head).toEqual({ ...all, detail: undefined });
    expect(rule).toBe(`arn:aws:events:us-east-1:${HUB}:rule/input`);
  });

  it('carries the message group and the role', async () => {
    await payload({ Arn: queue('q.fifo'), SqsParameters: { MessageGroupId: 'g' }, RoleArn: ROLE });
    expect(bridge.delivered[0]).toMatchObject({ messageGroupId: 'g', roleArn: ROLE });
  });
});
