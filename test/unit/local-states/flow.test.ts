import { describe, expect, it } from 'vitest';
import { lambda, NotYet, rig } from './rig.ts';

describe('the flow of states', () => {
  it('passes input, output, variables and the context object along', async () => {
    const { run } = rig({ functions: { double: ({ n }) => ({ twice: n * 2 }) } });
    const execution = await run(
      {
        Remember: {
          Type: 'Pass',
          Assign: { first: '{% $states.input.n %}', list: [1, '{% $states.input.n %}'] },
          Next: 'Double',
        },
        Double: lambda('double', {
          Arguments: { n: '{% $first %}' },
          Assign: { twice: '{% $states.result.twice %}' },
          Output: { id: '{% $states.context.Execution.Id %}', state: '{% $states.context.State.Name %}' },
          Next: 'Sum',
        }),
        Sum: {
          Type: 'Pass',
          Output: {
            sum: '{% $sum($list) + $twice %}',
            from: '{% $states.input.state %}',
            was: '{% $states.context.Execution.Input.n %}',
          },
          Next: 'Done',
        },
        Done: { Type: 'Succeed' },
      },
      { n: 21 },
    );
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { sum: 64, from: 'Double', was: 21 } });
  });

  it('sees the old variables while it assigns new ones', async () => {
    const { run } = rig();
    const execution = await run({
      One: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'Swap' },
      Swap: { Type: 'Pass', Assign: { a: '{% $b %}', b: '{% $a %}' }, Output: '{% $a %}', Next: 'Show' },
      Show: { Type: 'Pass', Output: '{% [$states.input, $a, $b] %}', End: true },
    });
    expect(execution.output).toEqual([1, 2, 1]);
  });

  it('takes the first rule that holds, with its own Output, else the default with the state’s', async () => {
    const { run } = rig();
    const states = {
      Which: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'End', Output: 'large' },
          { Condition: '{% $states.input.n > 5 %}', Next: 'End', Assign: { seen: 'medium' } },
        ],
        Default: 'End',
        Output: 'small',
      },
      End: { Type: 'Pass', Output: '{% [$states.input, $exists($seen)] %}', End: true },
    };
    expect((await run(states, { n: 11 })).output).toEqual(['large', false]);
    expect((await run(states, { n: 6 })).output).toEqual([{ n: 6 }, true]);
    expect((await run(states, { n: 1 })).output).toEqual(['small', false]);
  });

  it('fails a choice without a match, and one whose condition is no boolean', async () => {
    const { run } = rig();
    const states = (condition: string) => ({
      Which: { Type: 'Choice', Choices: [{ Condition: condition, Next: 'End' }] },
      End: { Type: 'Succeed' },
    });
    expect(await run(states('{% false %}'))).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
    expect(await run(states('{% 1 %}'))).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });

  it('fails with the error and cause of a Fail state', async () => {
    const { run } = rig();
    expect(
      await run(
        { No: { Type: 'Fail', Error: 'Refused', Cause: "{% 'because ' & $states.input.why %}" } },
        { why: 'x' },
      ),
    ).toMatchObject({
      status: 'FAILED',
      error: 'Refused',
      cause: 'because x',
    });
  });

  it('maps over items in order, with at most MaxConcurrency at once', async () => {
    let running = 0;
    let most = 0;
    const { run } = rig({
      functions: {
        work: async ({ value }) => {
          most = Math.max(most, ++running);
          await new Promise(resolve => setTimeout(resolve, 5 - value));
          running--;
          return value * 10;
        },
      },
    });
    const execution = await run(
      {
        Each: {
          Type: 'Map',
          Items: '{% $states.input.items %}',
          MaxConcurrency: 2,
          ItemSelector: {
            value: '{% $states.context.Map.Item.Value %}',
            index: '{% $states.context.Map.Item.Index %}',
          },
          ItemProcessor: {
            StartAt: 'Work',
            States: { Work: lambda('work', { Output: '{% [$states.input.index, $states.result] %}', End: true }) },
          },
          End: true,
        },
      },
      { items: [1, 2, 3, 4] },
    );
    expect(execution.output).toEqual([
      [0, 10],
      [1, 20],
      [2, 30],
      [3, 40],
    ]);
    expect(most).toBe(2);
  });

  it('runs branches side by side, each reading outer variables and keeping its own', async () => {
    const { run } = rig();
    const branch = (name: string) => ({
      StartAt: name,
      States: {
        [name]: { Type: 'Pass', Assign: { [`own${name}`]: 1 }, Next: `${name}2` },
        [`${name}2`]: { Type: 'Pass', Output: `{% $outer & $string($own${name}) & $states.input.x %}`, End: true },
      },
    });
    const execution = await run({
      First: { Type: 'Pass', Assign: { outer: 'o' }, Next: 'Both' },
      Both: {
        Type: 'Parallel',
        Arguments: { x: 'i' },
        Branches: [branch('A'), branch('B')],
        Output: { results: '{% $states.result %}', leaked: '{% $exists($ownA) %}' },
        End: true,
      },
    });
    expect(execution.output).toEqual({ results: ['o1i', 'o1i'], leaked: false });
  });

  it('fails a Parallel with its first failure and cancels the waiting sibling, which can be caught', async () => {
    const { run, clock } = rig({
      functions: {
        bad: () => {
          throw new NotYet('no');
        },
      },
    });
    const execution = await run({
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Bad', States: { Bad: lambda('bad', { End: true }) } },
          { StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 1000, End: true } } },
        ],
        Catch: [{ ErrorEquals: ['NotYet'], Next: 'Caught', Output: '{% $states.errorOutput.Error %}' }],
        Next: 'Caught',
      },
      Caught: { Type: 'Succeed' },
    });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'NotYet' });
    await clock.advance(2000);
  });

  it('stops an endless loop at 25,000 events', async () => {
    const { run } = rig();
    const execution = await run({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(execution.cause).toContain('25000');
  });

  it('fails with States.DataLimitExceeded, which no wildcard catches, above 256 KiB', async () => {
    const { run } = rig({ functions: { large: () => 'x'.repeat(300_000) } });
    const execution = await run({
      Large: lambda('large', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }], Next: 'End' }),
      End: { Type: 'Succeed' },
    });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('expressions', () => {
  it('has the functions that Step Functions adds', async () => {
    const { run } = rig();
    const { output } = await run({
      All: {
        Type: 'Pass',
        Output: {
          parts: '{% $partition([1,2,3,4,5], 2) %}',
          range: '{% $range(0, 10, 5) %}',
          down: '{% $range(3, 1, -1) %}',
          hash: "{% $hash('abc', 'SHA-256') %}",
          isSame: '{% $random(7) = $random(7) and $random() < 1 %}',
          uuid: '{% $length($uuid()) %}',
          parsed: '{% $parse(\'{"a":[1]}\').a %}',
          text: 'not {% an expression %}.',
        },
        End: true,
      },
    });
    expect(output).toEqual({
      parts: [[1, 2], [3, 4], [5]],
      range: [0, 5, 10],
      down: [3, 2, 1],
      hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      isSame: true,
      uuid: 36,
      parsed: [1],
      text: 'not {% an expression %}.',
    });
  });

  it('tells the virtual time', async () => {
    const { run, clock } = rig();
    await clock.advance(400 * 86_400);
    const { output } = await run({
      Now: { Type: 'Pass', Output: "{% [$millis(), $toMillis($now()), $now('[Y0001]')] %}", End: true },
    });
    expect(Math.abs(output[0] - clock.now())).toBeLessThan(5000);
    expect(output[1]).toBe(output[0]);
    expect(output[2]).toBe(String(new Date(clock.now()).getUTCFullYear()));
  });

  it.each([
    ['{% $states.input.nothing %}', 'returned nothing (undefined)'],
    ["{% $states.input.n + 'a' %}", 'threw an error'],
    ['{% $now %}', 'returned nothing'],
  ])('fails the state with States.QueryEvaluationError: %s', async (expression, cause) => {
    const { run } = rig();
    const execution = await run({ Bad: { Type: 'Pass', Output: expression, End: true } }, { n: 1 });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(execution.cause).toContain(cause);
  });

  it('lets a task catch an evaluation error of its own', async () => {
    const { run } = rig({ functions: { ok: () => 1 } });
    const execution = await run({
      Ask: lambda('ok', {
        Output: '{% $states.result.nothing %}',
        Catch: [
          {
            ErrorEquals: ['States.QueryEvaluationError'],
            Next: 'End',
            Assign: { e: '{% $states.errorOutput.Error %}' },
          },
        ],
        Next: 'End',
      }),
      End: { Type: 'Pass', Output: '{% $e %}', End: true },
    });
    expect(execution.output).toBe('States.QueryEvaluationError');
  });
});
