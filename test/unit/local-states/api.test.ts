import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { administrator, type Wire } from '../../../local/core/service.ts';
import { callback, lambda, rig } from './rig.ts';

/** Has no types of its own. */
const aslValidator: (definition: unknown) => { errors: unknown[] } = createRequire(import.meta.url)('asl-validator');

const DAY = 86_400;
const PASS = { Only: { Type: 'Pass', End: true } };
const WAIT = { Only: { Type: 'Wait', Seconds: 60, End: true } };

describe('starting executions', () => {
  it('is idempotent by name and input while it runs, and refuses the name otherwise until 90 days after the end', async () => {
    const { machine, call, clock, start } = rig();
    const stateMachineArn = await machine(WAIT);
    const ask = (input: string) => call('StartExecution', { stateMachineArn, name: 'once', input });
    const first = await ask('{"a":1}');
    expect(first.executionArn).toMatch(/^arn:aws:states:us-east-1:111111111111:execution:machine-[\w-]+:once$/);
    expect(await ask('{"a":1}')).toEqual(first);
    await expect(ask('{"a":2}')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    await clock.advance(61);
    await expect(ask('{"a":1}')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
    expect((await call('ListExecutions', { stateMachineArn })).executions).toHaveLength(1);
    await clock.advance(90 * DAY);
    await expect(call('DescribeExecution', first)).rejects.toMatchObject({ code: 'ExecutionDoesNotExist' });
    expect(await start(stateMachineArn, { a: 1 }, 'once')).toBe(first.executionArn);
  });

  it.each([
    [{ input: '{' }, 'InvalidExecutionInput'],
    [{ input: JSON.stringify('é'.repeat(131_072)) }, 'InvalidExecutionInput'],
    [{ name: 'a b' }, 'InvalidName'],
    [{ name: 'x'.repeat(81) }, 'InvalidName'],
    [{ stateMachineArn: 'arn:aws:states:us-east-1:111111111111:stateMachine:none' }, 'StateMachineDoesNotExist'],
  ])('refuses %#', async (input, code) => {
    const { machine, call } = rig();
    const stateMachineArn = await machine(PASS);
    await expect(call('StartExecution', { stateMachineArn, ...input })).rejects.toMatchObject({ code });
  });

  it('lists the newest first, by status, in pages', async () => {
    const { machine, call, start, clock } = rig();
    const stateMachineArn = await machine({
      Sleep: { Type: 'Wait', Seconds: '{% $states.input %}', End: true },
    });
    for (const [index, seconds] of [10, 1000, 10, 1000, 1000].entries())
      await start(stateMachineArn, seconds, `e${index}`);
    await clock.advance(20);
    const names = async (input: Wire) => {
      const found: string[] = [];
      let nextToken: string | undefined;
      do {
        const answer = await call('ListExecutions', {
          stateMachineArn,
          maxResults: 2,
          ...input,
          ...(nextToken && { nextToken }),
        });
        found.push(...answer.executions.map((execution: Wire) => execution.name));
        nextToken = answer.nextToken;
      } while (nextToken);
      return found;
    };
    expect(await names({})).toEqual(['e4', 'e3', 'e2', 'e1', 'e0']);
    expect(await names({ statusFilter: 'SUCCEEDED' })).toEqual(['e2', 'e0']);
    await expect(call('ListExecutions', { stateMachineArn, nextToken: 'x' })).rejects.toMatchObject({
      code: 'InvalidToken',
    });
  });

  it('answers history in order, in pages and reversed', async () => {
    const { run, call } = rig();
    const { executionArn } = await run(
      { A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' }, B: { Type: 'Succeed' } },
      { in: 1 },
    );
    const { events } = await call('GetExecutionHistory', { executionArn });
    expect(events.map((event: Wire) => [event.id, event.previousEventId, event.type])).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 1, 'PassStateEntered'],
      [3, 2, 'PassStateExited'],
      [4, 3, 'SucceedStateEntered'],
      [5, 4, 'SucceedStateExited'],
      [6, 5, 'ExecutionSucceeded'],
    ]);
    expect(events[1].stateEnteredEventDetails).toEqual({ name: 'A', input: '{"in":1}' });
    expect(events[2].stateExitedEventDetails.assignedVariables).toEqual({ x: '1' });
    const last = await call('GetExecutionHistory', { executionArn, reverseOrder: true, maxResults: 1 });
    expect(last.events[0].type).toBe('ExecutionSucceeded');
    const next = await call('GetExecutionHistory', {
      executionArn,
      reverseOrder: true,
      maxResults: 1,
      nextToken: last.nextToken,
    });
    expect(next.events[0].type).toBe('SucceedStateExited');
  });
});

describe('state machines', () => {
  it('runs what has started with the old definition after an update', async () => {
    const { machine, call, start, clock, describe: describeExecution } = rig();
    const stateMachineArn = await machine({ Only: { Type: 'Wait', Seconds: 60, Output: 'old', End: true } });
    const old = await start(stateMachineArn);
    const definition = JSON.stringify({
      QueryLanguage: 'JSONata',
      StartAt: 'Only',
      States: { Only: { Type: 'Pass', Output: 'new', End: true } },
    });
    await call('UpdateStateMachine', { stateMachineArn, definition });
    expect((await call('DescribeStateMachine', { stateMachineArn })).definition).toBe(definition);
    const next = await start(stateMachineArn);
    await clock.advance(61);
    expect((await describeExecution(old)).output).toBe('old');
    expect((await describeExecution(next)).output).toBe('new');
  });

  it('creates once, lists per account, and deletes with its executions', async () => {
    const { machine, call, start, states, clock, invoked, activity } = rig();
    const stateMachineArn = await machine({ Ask: callback({ End: true }) });
    const described = await call('DescribeStateMachine', { stateMachineArn });
    const again = { name: described.name, roleArn: described.roleArn, definition: described.definition };
    expect((await call('CreateStateMachine', again)).creationDate).toBe(described.creationDate);
    await expect(call('CreateStateMachine', { ...again, definition: '{}' })).rejects.toMatchObject({
      code: 'StateMachineAlreadyExists',
    });
    const list = states.service.operations.ListStateMachines!;
    expect(list.run({}, administrator('222222222222'))).toEqual({ stateMachines: [] });
    const executionArn = await start(stateMachineArn);
    await activity.idle();
    await call('DeleteStateMachine', { stateMachineArn });
    await clock.advance(1);
    await expect(call('DescribeExecution', { executionArn })).rejects.toMatchObject({ code: 'ExecutionDoesNotExist' });
    await expect(call('SendTaskSuccess', { taskToken: invoked[0]!.payload.token, output: '1' })).rejects.toMatchObject({
      code: 'TaskDoesNotExist',
    });
    await expect(call('StartExecution', { stateMachineArn })).rejects.toMatchObject({
      code: 'StateMachineDoesNotExist',
    });
  });

  it('says what each operation touches', async () => {
    const { run, call, invoked, states } = rig();
    const execution = await run({ Ask: callback({ End: true }) });
    const access = (operation: string, input: Wire) =>
      states.service.operations[operation]!.access(input, administrator('111111111111'));
    expect(access('StartExecution', { stateMachineArn: 'm' })).toEqual([
      { action: 'states:StartExecution', resource: 'm' },
    ]);
    expect(access('StopExecution', { executionArn: 'e' })).toEqual([{ action: 'states:StopExecution', resource: 'e' }]);
    expect(access('SendTaskSuccess', { taskToken: invoked[0]!.payload.token })).toEqual([
      { action: 'states:SendTaskSuccess', resource: execution.stateMachineArn },
    ]);
    await call('SendTaskSuccess', { taskToken: invoked[0]!.payload.token, output: '1' });
    expect(access('SendTaskSuccess', { taskToken: invoked[0]!.payload.token })).toEqual([
      { action: 'states:SendTaskSuccess', resource: execution.stateMachineArn },
    ]);
    expect(access('SendTaskSuccess', { taskToken: 'x' })).toEqual([
      { action: 'states:SendTaskSuccess', resource: '*' },
    ]);
  });
});

describe('definitions', () => {
  const refused: [string, Wire, string, RegExp][] = [
    ['JSONPath', { QueryLanguage: 'JSONPath' }, 'InvalidDefinition', /JSONata/],
    ['no query language', { QueryLanguage: undefined }, 'InvalidDefinition', /JSONPath/],
    ['an unknown start', { StartAt: 'None' }, 'InvalidDefinition', /None/],
    ['an unknown state type', { States: { Only: { Type: 'Dance', End: true } } }, 'InvalidDefinition', /Dance/],
    [
      'a JSONPath field',
      { States: { Only: { Type: 'Pass', InputPath: '$', End: true } } },
      'InvalidDefinition',
      /InputPath/,
    ],
    [
      'a broken expression',
      { States: { Only: { Type: 'Pass', Output: '{% 1 + %}', End: true } } },
      'InvalidDefinition',
      /does not compile/,
    ],
    [
      'an unqualified field',
      { States: { Only: { Type: 'Pass', Output: '{% $sum(a.b) %}', End: true } } },
      'InvalidDefinition',
      /\$states\.input\.a/,
    ],
    [
      '$eval',
      { States: { Only: { Type: 'Pass', Output: "{% $eval('1') %}", End: true } } },
      'InvalidDefinition',
      /\$eval/,
    ],
    [
      '$states.result in a Pass',
      { States: { Only: { Type: 'Pass', Output: '{% $states.result %}', End: true } } },
      'InvalidDefinition',
      /\$states\.result/,
    ],
    ['no way on', { States: { Only: { Type: 'Pass' } } }, 'InvalidDefinition', /Next/],
    ['a missing target', { States: { Only: { Type: 'Pass', Next: 'Gone' } } }, 'InvalidDefinition', /Gone/],
    [
      'an unreachable state',
      { States: { Only: { Type: 'Pass', End: true }, Lost: { Type: 'Succeed' } } },
      'InvalidDefinition',
      /Lost/,
    ],
    [
      'States.ALL among others',
      { States: { Only: lambda('f', { Retry: [{ ErrorEquals: ['States.ALL', 'A'] }], End: true }) } },
      'InvalidDefinition',
      /States\.ALL/,
    ],
    [
      'an asynchronous invocation',
      {
        States: {
          Only: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Arguments: { InvocationType: 'Event' },
            End: true,
          },
        },
      },
      'InvalidDefinition',
      /Event/,
    ],
    [
      'an integration only AWS has',
      { States: { Only: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask', End: true } } },
      'NotImplementedInLocalMesh',
      /ecs:runTask/,
    ],
    [
      'an SDK service only AWS has',
      { States: { Only: { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:ec2:runInstances', End: true } } },
      'NotImplementedInLocalMesh',
      /ec2/,
    ],
    [
      '.sync',
      { States: { Only: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', End: true } } },
      'NotImplementedInLocalMesh',
      /sync:2/,
    ],
    [
      'a distributed Map without the type of its children',
      { States: { Only: { Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' } }, End: true } } },
      'InvalidDefinition',
      /ExecutionType/,
    ],
    [
      'an inner assignment of an outer variable',
      {
        States: {
          Only: { Type: 'Pass', Assign: { x: 1 }, Next: 'Each' },
          Each: {
            Type: 'Map',
            ItemProcessor: { StartAt: 'In', States: { In: { Type: 'Pass', Assign: { x: 2 }, End: true } } },
            End: true,
          },
        },
      },
      'InvalidDefinition',
      /outer scope/,
    ],
  ];

  it.each(refused)('refuses %s, saying what', async (_, change, code, message) => {
    const { call } = rig();
    const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'Only', States: PASS, ...change });
    const creation = call('CreateStateMachine', { name: 'm', roleArn: 'arn:aws:iam::111111111111:role/r', definition });
    await expect(creation).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses EXPRESS machines by name', async () => {
    const { call } = rig();
    await expect(call('CreateStateMachine', { name: 'm', type: 'EXPRESS' })).rejects.toMatchObject({
      code: 'NotImplementedInLocalMesh',
      message: expect.stringContaining('EXPRESS'),
    });
  });

  it('accepts what asl-validator accepts of all state types', async () => {
    const { machine } = rig();
    const states = {
      Check: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.ok %}', Next: 'Each' }], Default: 'No' },
      Each: {
        Type: 'Map',
        Items: '{% $states.input.items[$.x > 1].y %}',
        ItemSelector: { v: '{% $states.context.Map.Item.Value %}' },
        MaxConcurrency: 2,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'In',
          States: { In: { Type: 'Pass', End: true } },
        },
        Next: 'Apart',
      },
      Apart: {
        Type: 'Map',
        Label: 'Apart',
        MaxConcurrency: 100,
        ToleratedFailurePercentage: 10,
        ToleratedFailureCount: 5,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Child',
          States: { Child: { Type: 'Pass', End: true } },
        },
        Next: 'Both',
      },
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Ask', States: { Ask: callback({ TimeoutSeconds: 60, HeartbeatSeconds: 30, End: true }) } },
        ],
        Retry: [
          {
            ErrorEquals: ['States.TaskFailed'],
            IntervalSeconds: 2,
            MaxAttempts: 3,
            BackoffRate: 1.5,
            MaxDelaySeconds: 9,
            JitterStrategy: 'FULL',
          },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'No', Output: '{% $states.errorOutput %}' }],
        Next: 'Sleep',
      },
      Sleep: { Type: 'Wait', Timestamp: '{% $states.input[0].until %}', Next: 'Yes' },
      Yes: { Type: 'Succeed', Output: '{% $map([1,2], function($v) { $v * 2 }) ~> $sum %}' },
      No: { Type: 'Fail', Error: 'No', Cause: '{% $string($states.input) %}' },
    };
    const definition = { QueryLanguage: 'JSONata', StartAt: 'Check', States: structuredClone(states) };
    expect(aslValidator(definition).errors).toEqual([]);
    expect(await machine(states)).toContain(':stateMachine:');
  });
});
