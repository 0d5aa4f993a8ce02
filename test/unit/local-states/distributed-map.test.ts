import { describe, expect, it } from 'vitest';
import type { Access, Wire } from '../../../local/core/service.ts';
import { callback, lambda, rig } from './rig.ts';

/** A distributed Map over the input, with the states of one item; the first is the start. */
function distributed(states: Record<string, Wire>, more: Wire = {}): Record<string, Wire> {
  return {
    Each: {
      Type: 'Map',
      Label: 'Each',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: Object.keys(states)[0],
        States: states,
      },
      End: true,
      ...more,
    },
  };
}

const WAIT = { Sleep: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } };
/** Fails where the item is an odd number. */
const EVEN_ONLY = {
  Which: {
    Type: 'Choice',
    Choices: [{ Condition: '{% $states.input % 2 = 1 %}', Next: 'Odd' }],
    Default: 'Even',
  },
  Odd: { Type: 'Fail', Error: 'OddNumber', Cause: '{% $string($states.input) %}' },
  Even: { Type: 'Pass', End: true },
};

const types = (events: Wire[]) => events.map(event => event.type);

describe('a distributed Map', () => {
  it('runs each item as a child execution with its own history and input', async () => {
    const { run, history, call } = rig({ functions: { double: n => n * 2 } });
    const parent = await run(distributed({ Double: lambda('double', { End: true }) }), [1, 2, 3]);
    expect(parent).toMatchObject({ status: 'SUCCEEDED', output: [2, 4, 6] });
    const events = await history(parent.executionArn);
    expect(types(events)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    const { mapRunArn } = events[3]!.mapRunStartedEventDetails;
    const machineName = parent.stateMachineArn.split(':').at(-1);
    expect(mapRunArn).toMatch(
      new RegExp(`^arn:aws:states:us-east-1:111111111111:mapRun:${machineName}/Each:[0-9a-f-]{36}$`),
    );

    const { executions } = await call('ListExecutions', { mapRunArn });
    expect(executions).toHaveLength(3);
    const child = await call('DescribeExecution', { executionArn: executions.at(-1).executionArn });
    expect(child).toMatchObject({
      executionArn: `arn:aws:states:us-east-1:111111111111:execution:${machineName}/Each:${child.name}`,
      stateMachineArn: `${parent.stateMachineArn}/Each`,
      mapRunArn,
      input: '1',
      output: '2',
    });
    expect(types(await history(child.executionArn))).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    const ofMachine = await call('ListExecutions', { stateMachineArn: parent.stateMachineArn });
    expect(ofMachine.executions.map((execution: Wire) => execution.executionArn)).toEqual([parent.executionArn]);
  });

  it('has more events altogether than one execution may have', async () => {
    const { run } = rig();
    // Each child has 4,003 events; eight inline iterations would have more than 25,000.
    const loop = {
      Begin: { Type: 'Pass', Assign: { n: 0 }, Next: 'Count' },
      Count: { Type: 'Pass', Assign: { n: '{% $n + 1 %}' }, Next: 'Again' },
      Again: { Type: 'Choice', Choices: [{ Condition: '{% $n < 1000 %}', Next: 'Count' }], Default: 'Done' },
      Done: { Type: 'Succeed' },
    };
    const items = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(await run(distributed(loop), items)).toMatchObject({ status: 'SUCCEEDED', output: items });
    const inline = distributed(loop, { Label: undefined });
    inline.Each.ItemProcessor.ProcessorConfig = { Mode: 'INLINE' };
    expect(await run(inline, items)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('gives results in the order of the items, whatever ends first, with so many children at once', async () => {
    const { machine, start, describe: ask, clock, call, history } = rig();
    const executionArn = await start(
      await machine(distributed(WAIT, { MaxConcurrency: '{% 1 + 1 %}' })),
      [300, 100, 200, 50],
    );
    await clock.advance(1);
    const [, , , { mapRunStartedEventDetails }] = (await history(executionArn)) as [Wire, Wire, Wire, Wire];
    const running = async () =>
      (await call('ListExecutions', { ...mapRunStartedEventDetails, statusFilter: 'RUNNING' })).executions.length;
    expect(await running()).toBe(2);
    await clock.advance(100);
    expect(await running()).toBe(2);
    await clock.advance(250);
    expect(await ask(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: [300, 100, 200, 50] });
  });

  it('gives children what the ItemSelector makes, and neither variables nor the item of the Map', async () => {
    const { run } = rig();
    const selector = {
      ItemSelector: {
        n: '{% $states.context.Map.Item.Value %}',
        at: '{% $states.context.Map.Item.Index %}',
        seen: '{% $outer %}',
      },
    };
    const outer = (states: Record<string, Wire>) => ({
      Set: { Type: 'Pass', Assign: { outer: 'here' }, Next: 'Each' },
      ...distributed(states, selector),
    });
    const look = {
      Look: {
        Type: 'Pass',
        Output: { got: '{% $states.input %}', bare: '{% [$exists($outer), $exists($states.context.Map)] %}' },
        End: true,
      },
    };
    expect((await run(outer(look), ['a'])).output).toEqual([
      { got: { n: 'a', at: 0, seen: 'here' }, bare: [false, false] },
    ]);
  });

  it('has no children for no items', async () => {
    const { run } = rig();
    expect(await run(distributed(WAIT), [])).toMatchObject({ status: 'SUCCEEDED', output: [] });
  });

  it('waits for callbacks in its children, allowed by the machine itself', async () => {
    const asked: Wire[] = [];
    const {
      machine,
      start,
      describe: ask,
      activity,
      states,
      call,
    } = rig({
      functions: { ask: payload => void asked.push(payload) },
    });
    const stateMachineArn = await machine(distributed({ Ask: callback({ End: true }) }));
    const executionArn = await start(stateMachineArn, [1]);
    await activity.idle();
    const input = { taskToken: asked[0].token, output: '"yes"' };
    expect(await states.service.operations.SendTaskSuccess!.access(input, undefined as never)).toEqual([
      { action: 'states:SendTaskSuccess', resource: stateMachineArn },
    ]);
    await call('SendTaskSuccess', input);
    await activity.idle();
    expect(await ask(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: ['yes'] });
  });
});

describe('failed items', () => {
  it.each([
    [{}, [2, 4], 'SUCCEEDED'],
    [{}, [2, 1, 4], 'FAILED'],
    [{ ToleratedFailureCount: 1 }, [2, 1, 4], 'SUCCEEDED'],
    [{ ToleratedFailureCount: 1 }, [1, 2, 3], 'FAILED'],
    [{ ToleratedFailurePercentage: 50 }, [1, 2, 3, 4], 'SUCCEEDED'],
    [{ ToleratedFailurePercentage: 49.9 }, [1, 2, 3, 4], 'FAILED'],
    [{ ToleratedFailurePercentage: 100 }, [1, 3, 5], 'SUCCEEDED'],
    [{ ToleratedFailureCount: 1, ToleratedFailurePercentage: 100 }, [1, 3, 5], 'FAILED'],
    [{ ToleratedFailureCount: '{% 3 %}', ToleratedFailurePercentage: '{% 10 %}' }, [1, 2, 4], 'FAILED'],
  ])('with %j of %j: %s', async (tolerance, items, status) => {
    const { run } = rig();
    const execution = await run(distributed(EVEN_ONLY, tolerance), items);
    expect(execution.status).toBe(status);
    if (status === 'FAILED') expect(execution.error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it('that are tolerated stand in the results as their executions', async () => {
    const { run } = rig();
    const { output } = await run(distributed(EVEN_ONLY, { ToleratedFailurePercentage: 100 }), [2, 1, 4]);
    expect(output).toMatchObject([2, { Status: 'FAILED', Error: 'OddNumber', Cause: '1', Input: '1' }, 4]);
    expect(output[1].ExecutionArn).toMatch(/\/Each:[0-9a-f-]{36}$/);
  });

  it('above the threshold abort what still runs, and the Map can catch that', async () => {
    const { machine, start, describe: ask, clock, call, history } = rig();
    const slowOrOdd = {
      Wait: { Type: 'Wait', Seconds: 10, Next: 'Which' },
      ...EVEN_ONLY,
      Even: { Type: 'Wait', Seconds: 1000, End: true },
    };
    const executionArn = await start(
      await machine({
        ...distributed(slowOrOdd, {
          Catch: [
            {
              ErrorEquals: ['States.ExceedToleratedFailureThreshold'],
              Output: '{% $states.errorOutput.Error %}',
              Next: 'End',
            },
          ],
        }),
        End: { Type: 'Succeed' },
      }),
      [2, 1, 4],
    );
    await clock.advance(20);
    expect(await ask(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: 'States.ExceedToleratedFailureThreshold',
    });
    const events = await history(executionArn);
    expect(types(events).slice(3, 6)).toEqual(['MapRunStarted', 'MapRunFailed', 'MapStateFailed']);
    const { executions } = await call('ListExecutions', events[3]!.mapRunStartedEventDetails);
    expect(executions.map((child: Wire) => child.status).sort()).toEqual(['ABORTED', 'ABORTED', 'FAILED']);
  });

  it('are tried again with all the others when the Map retries', async () => {
    const seen: number[] = [];
    const {
      machine,
      start,
      describe: ask,
      clock,
    } = rig({
      functions: {
        once: n => {
          seen.push(n);
          if (seen.length === 1) throw new Error('not yet');
          return n;
        },
      },
    });
    const retry = [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], IntervalSeconds: 5, MaxAttempts: 1 }];
    const map = distributed({ Once: lambda('once', { End: true }) }, { MaxConcurrency: 1, Retry: retry });
    const executionArn = await start(await machine(map), [7, 8]);
    await clock.advance(6);
    expect(await ask(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: [7, 8] });
    expect(seen).toEqual([7, 7, 8]);
  });
});

describe('the children of a distributed Map', () => {
  it.each([
    ['is stopped', 'ABORTED', (call: Wire, executionArn: string) => call('StopExecution', { executionArn })],
    ['times out', 'TIMED_OUT', () => undefined],
  ])('are aborted when the parent %s', async (_how, status, end) => {
    const { machine, start, describe: ask, clock, call, history } = rig();
    const executionArn = await start(await machine(distributed(WAIT), { TimeoutSeconds: 60 }), [1000, 1000]);
    await clock.advance(1);
    const [, , , { mapRunStartedEventDetails }] = (await history(executionArn)) as [Wire, Wire, Wire, Wire];
    await end(call, executionArn);
    await clock.advance(60);
    expect((await ask(executionArn)).status).toBe(status);
    const { executions } = await call('ListExecutions', mapRunStartedEventDetails);
    expect(executions.map((child: Wire) => child.status)).toEqual(['ABORTED', 'ABORTED']);
  });

  it('need states:StartExecution on the machine for its role', async () => {
    const asked: Access[] = [];
    const { run } = rig({
      isAllowed(access) {
        asked.push(access);
        return false;
      },
    });
    const execution = await run(distributed(WAIT, { MaxConcurrency: 1 }), [1, 2]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'StepFunctions.AccessDeniedException' });
    expect(asked).toEqual([{ action: 'states:StartExecution', resource: execution.stateMachineArn }]);
  });
});

describe('a definition with a distributed Map', () => {
  it.each([
    ['ItemReader', { ItemReader: {} }, 'NotImplementedInLocalMesh'],
    ['ItemBatcher', { ItemBatcher: {} }, 'NotImplementedInLocalMesh'],
    ['ResultWriter', { ResultWriter: {} }, 'NotImplementedInLocalMesh'],
    ['a Label that is too long', { Label: 'x'.repeat(41) }, 'InvalidDefinition'],
    ['a Label with a colon', { Label: 'a:b' }, 'InvalidDefinition'],
  ])('is refused with %s', async (_what, more, code) => {
    await expect(rig().machine(distributed(WAIT, more))).rejects.toMatchObject({ code });
  });

  it('is refused with children of type EXPRESS, and with a tolerance of an inline Map', async () => {
    const express = distributed(WAIT);
    express.Each.ItemProcessor.ProcessorConfig.ExecutionType = 'EXPRESS';
    await expect(rig().machine(express)).rejects.toMatchObject({ code: 'NotImplementedInLocalMesh' });
    const inline = distributed(WAIT, { Label: undefined, ToleratedFailureCount: 1 });
    inline.Each.ItemProcessor.ProcessorConfig = { Mode: 'INLINE' };
    await expect(rig().machine(inline)).rejects.toMatchObject({ code: 'InvalidDefinition' });
  });

  it('is refused with the same Label twice', async () => {
    const [first, second] = [distributed({ A: { Type: 'Succeed' } }), distributed({ B: { Type: 'Succeed' } })];
    const { End: _, ...withoutEnd } = first.Each;
    const both = { First: { ...withoutEnd, Next: 'Second' }, Second: second.Each };
    await expect(rig().machine(both)).rejects.toMatchObject({ code: 'InvalidDefinition' });
  });
});
