import { describe, expect, it } from 'vitest';
import { callback, lambda, NotYet, rig } from './rig.ts';

const DAY = 86_400;

describe('waits', () => {
  it('sleeps 300 days on the virtual clock without counting as activity', async () => {
    const { run, clock, describe: describeExecution, activity } = rig();
    const execution = await run({ Long: { Type: 'Wait', Seconds: 300 * DAY, End: true } }, { kept: true });
    expect(execution.status).toBe('RUNNING');
    expect(activity.labels()).toEqual([]);
    await clock.advance(300 * DAY - 60);
    expect((await describeExecution(execution.executionArn)).status).toBe('RUNNING');
    await clock.advance(61);
    expect(await describeExecution(execution.executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: { kept: true },
    });
  });

  it('waits until a timestamp, and not at all for one that has passed', async () => {
    const { run, clock, describe: describeExecution } = rig();
    const states = { Until: { Type: 'Wait', Timestamp: '{% $states.input.at %}', End: true } };
    expect((await run(states, { at: new Date(clock.now() - 1000).toISOString() })).status).toBe('SUCCEEDED');
    expect(await run(states, { at: 'tomorrow' })).toMatchObject({ error: 'States.QueryEvaluationError' });
    const execution = await run(states, { at: new Date(clock.now() + 3600_000).toISOString() });
    await clock.advance(3599 - 2);
    expect((await describeExecution(execution.executionArn)).status).toBe('RUNNING');
    await clock.advance(3);
    expect((await describeExecution(execution.executionArn)).status).toBe('SUCCEEDED');
  });

  it('does all the steps between two waits before the clock moves on', async () => {
    const { run, clock, invoked } = rig({
      functions: { slow: () => new Promise(resolve => setTimeout(resolve, 20)) },
    });
    const begin = clock.now();
    await run({
      First: { Type: 'Wait', Seconds: 100, Next: 'Work' },
      Work: lambda('slow', { Next: 'Second' }),
      Second: { Type: 'Wait', Seconds: 100, Next: 'Again' },
      Again: lambda('slow', { End: true }),
    });
    await clock.advance(1000);
    const offsets = invoked.map(call => Math.round((call.at - begin) / 1000));
    expect(offsets).toEqual([100, 200]);
  });

  it('keeps 5,000 executions waiting at little cost', async () => {
    const { machine, start, clock, activity, call } = rig();
    const arn = await machine({ Long: { Type: 'Wait', Seconds: 30 * DAY, End: true } });
    const before = process.cpuUsage();
    for (let index = 0; index < 5000; index++) await start(arn, { index });
    await activity.idle();
    for (let day = 0; day < 29; day++) await clock.advance(DAY);
    expect(
      (await call('ListExecutions', { stateMachineArn: arn, statusFilter: 'RUNNING', maxResults: 1 })).executions,
    ).toHaveLength(1);
    await clock.advance(2 * DAY);
    expect((await call('ListExecutions', { stateMachineArn: arn, statusFilter: 'RUNNING' })).executions).toEqual([]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(5000);
  });
});

describe('retries', () => {
  const failing = (times: number) => (_: unknown, attempt: number) => {
    if (attempt <= times) throw new NotYet(`attempt ${attempt}`);
    return attempt;
  };

  it('tries again with growing delays, counts the retries, then goes on', async () => {
    const { run, clock, invoked, describe: describeExecution } = rig({ functions: { flaky: failing(3) } });
    const begin = clock.now();
    const execution = await run({
      Flaky: lambda('flaky', {
        Arguments: { retry: '{% $states.context.State.RetryCount %}' },
        Retry: [
          {
            ErrorEquals: ['NotYet'],
            IntervalSeconds: 10,
            BackoffRate: 3,
            MaxAttempts: 5,
            MaxDelaySeconds: 60,
            JitterStrategy: 'FULL',
          },
        ],
        End: true,
      }),
    });
    await clock.advance(1000);
    expect(invoked.map(call => [Math.round((call.at - begin) / 1000), call.payload.retry])).toEqual([
      [0, 0],
      [10, 1],
      [40, 2],
      [100, 3],
    ]);
    expect(await describeExecution(execution.executionArn)).toMatchObject({ status: 'SUCCEEDED', output: 4 });
  });

  it('gives up after MaxAttempts and catches, with the error’s name and the payload as cause', async () => {
    const { run, clock, invoked, history, describe: describeExecution } = rig({ functions: { flaky: failing(99) } });
    const execution = await run(
      {
        Flaky: lambda('flaky', {
          Retry: [
            { ErrorEquals: ['Other'], MaxAttempts: 9 },
            { ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 2 },
          ],
          Catch: [
            { ErrorEquals: ['Other'], Next: 'End' },
            {
              ErrorEquals: ['States.TaskFailed'],
              Next: 'End',
              Output: {
                error: '{% $states.errorOutput.Error %}',
                cause: '{% $parse($states.errorOutput.Cause) %}',
                input: '{% $states.input %}',
              },
            },
          ],
          Next: 'End',
        }),
        End: { Type: 'Succeed' },
      },
      { a: 1 },
    );
    await clock.advance(100);
    expect(invoked).toHaveLength(3);
    expect((await describeExecution(execution.executionArn)).output).toEqual({
      error: 'NotYet',
      cause: { errorType: 'NotYet', errorMessage: 'attempt 3' },
      input: { a: 1 },
    });
    const types = (await history(execution.executionArn)).map(event => event.type);
    expect(types.filter(type => type === 'LambdaFunctionFailed')).toHaveLength(3);
    expect(types.slice(-4)).toEqual([
      'TaskStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('retries a whole Map', async () => {
    const { run, clock, describe: describeExecution } = rig({ functions: { flaky: failing(1) } });
    const execution = await run(
      {
        Each: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'Flaky', States: { Flaky: lambda('flaky', { End: true }) } },
          Retry: [{ ErrorEquals: ['NotYet'] }],
          End: true,
        },
      },
      ['a', 'b'],
    );
    await clock.advance(10);
    expect((await describeExecution(execution.executionArn)).status).toBe('SUCCEEDED');
  });
});

describe('task tokens', () => {
  it('goes on with what SendTaskSuccess brings, and takes a token once', async () => {
    const { run, invoked, call, describe: describeExecution, activity, history } = rig();
    const execution = await run({ Ask: callback({ End: true }) });
    expect(execution.status).toBe('RUNNING');
    expect(activity.labels()).toEqual([]);
    const taskToken = invoked[0]!.payload.token;
    await expect(call('SendTaskSuccess', { taskToken, output: '{' })).rejects.toMatchObject({ code: 'InvalidOutput' });
    await call('SendTaskSuccess', { taskToken, output: '{"answer":42}' });
    await activity.idle();
    expect(await describeExecution(execution.executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: { answer: 42 },
    });
    for (const operation of ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']) {
      await expect(call(operation, { taskToken, output: '1' })).rejects.toMatchObject({ code: 'TaskTimedOut' });
    }
    await expect(call('SendTaskSuccess', { taskToken: `${taskToken}x`, output: '1' })).rejects.toMatchObject({
      code: 'InvalidToken',
    });
    expect((await history(execution.executionArn)).map(event => event.type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('goes on at once when the token comes back before the function has answered', async () => {
    const mesh = rig({
      functions: { ask: ({ token }) => mesh.call('SendTaskSuccess', { taskToken: token, output: '"early"' }) },
    });
    const execution = await mesh.run({ Ask: callback({ End: true }) });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'early' });
  });

  it('fails with the error that SendTaskFailure names', async () => {
    const { run, invoked, call, describe: describeExecution, activity } = rig();
    const execution = await run({ Ask: callback({ End: true }) });
    await call('SendTaskFailure', { taskToken: invoked[0]!.payload.token, error: 'Denied', cause: 'no' });
    await activity.idle();
    expect(await describeExecution(execution.executionArn)).toMatchObject({
      status: 'FAILED',
      error: 'Denied',
      cause: 'no',
    });
  });

  it('times out at TimeoutSeconds, an expression here, and the token is dead then', async () => {
    const { run, invoked, call, clock, describe: describeExecution } = rig();
    const execution = await run(
      {
        Ask: callback({
          TimeoutSeconds: '{% $states.input.days * 86400 %}',
          Catch: [
            { ErrorEquals: ['States.TaskFailed'], Next: 'End', Output: 'wrong' },
            { ErrorEquals: ['States.Timeout'], Next: 'End', Output: 'late' },
          ],
          Next: 'End',
        }),
        End: { Type: 'Succeed' },
      },
      { days: 7 },
    );
    await clock.advance(7 * DAY - 5);
    expect((await describeExecution(execution.executionArn)).status).toBe('RUNNING');
    await clock.advance(6);
    expect(await describeExecution(execution.executionArn)).toMatchObject({ status: 'SUCCEEDED', output: 'late' });
    await expect(call('SendTaskSuccess', { taskToken: invoked[0]!.payload.token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
  });

  it('fails without a heartbeat, which a time-out catcher takes too', async () => {
    const { run, invoked, call, clock, describe: describeExecution } = rig();
    const execution = await run({
      Ask: callback({
        HeartbeatSeconds: 60,
        Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'End', Output: '{% $states.errorOutput.Error %}' }],
        Next: 'End',
      }),
      End: { Type: 'Succeed' },
    });
    const taskToken = invoked[0]!.payload.token;
    for (let beat = 0; beat < 3; beat++) {
      await clock.advance(50);
      await call('SendTaskHeartbeat', { taskToken });
    }
    expect((await describeExecution(execution.executionArn)).status).toBe('RUNNING');
    await clock.advance(61);
    expect((await describeExecution(execution.executionArn)).output).toBe('States.HeartbeatTimeout');
  });

  it('fails at once when the function that should get the token fails', async () => {
    const { run } = rig({
      functions: {
        ask: () => {
          throw new NotYet('down');
        },
      },
    });
    expect(await run({ Ask: callback({ End: true }) })).toMatchObject({ status: 'FAILED', error: 'NotYet' });
  });
});

describe('the end of an execution from outside', () => {
  it('times out at the machine’s TimeoutSeconds, which nothing catches', async () => {
    const { run, clock, describe: describeExecution, history, activity } = rig();
    const execution = await run(
      {
        Ask: callback({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }], Next: 'End' }),
        End: { Type: 'Succeed' },
      },
      {},
      { TimeoutSeconds: 3600 },
    );
    await clock.advance(3601);
    expect((await describeExecution(execution.executionArn)).status).toBe('TIMED_OUT');
    expect((await history(execution.executionArn)).at(-1)!.type).toBe('ExecutionTimedOut');
    expect(activity.labels()).toEqual([]);
  });

  it('stops a waiting execution: what it waited for no longer matters', async () => {
    const { run, clock, call, describe: describeExecution, invoked, history, activity } = rig();
    const execution = await run({
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Ask', States: { Ask: callback({ End: true }) } },
          {
            StartAt: 'Sleep',
            States: { Sleep: { Type: 'Wait', Seconds: 60, Next: 'Work' }, Work: lambda('work', { End: true }) },
          },
        ],
        End: true,
      },
    });
    await call('StopExecution', { executionArn: execution.executionArn, error: 'Stopped', cause: 'test' });
    await clock.advance(120);
    expect(await describeExecution(execution.executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Stopped',
      cause: 'test',
    });
    expect(invoked.map(({ name }) => name)).toEqual(['ask']);
    await expect(call('SendTaskSuccess', { taskToken: invoked[0]!.payload.token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
    expect((await history(execution.executionArn)).at(-1)!.type).toBe('ExecutionAborted');
    expect(activity.labels()).toEqual([]);
  });
});
