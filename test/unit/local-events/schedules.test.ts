import { beforeEach, describe, expect, it } from 'vitest';
import { ratePeriod } from '../../../local/events/schedule.ts';
import { type EventBridgeFixture, HUB, queue, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
beforeEach(() => {
  bridge = startEventBridge();
});

const schedule = (ScheduleExpression: string, more = {}) => {
  const { RuleArn } = bridge.call('PutRule', { Name: 'sweep', ScheduleExpression, ...more });
  bridge.call('PutTargets', { Rule: 'sweep', Targets: [{ Id: 'one', Arn: queue('sweep') }] });
  return RuleArn;
};

describe('rates', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(12 hours)', 43_200_000],
    ['rate(1 day)', 86_400_000],
    ['rate(7 days)', 604_800_000],
  ])('%s is %i ms', (expression, period) => {
    expect(ratePeriod(expression)).toBe(period);
  });

  it.each([
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(0 minutes)',
    'rate(1 week)',
    'rate(1.5 hours)',
    'rate(-1 day)',
    'rate(5minutes)',
    'every minute',
    'at(2026-01-01T00:00:00)',
  ])('%s is refused', expression => {
    const refusal = bridge.refusal('PutRule', { Name: 'r', ScheduleExpression: expression });
    expect(refusal).toMatchObject({
      code: 'ValidationException',
      message: 'Parameter ScheduleExpression is not valid.',
    });
  });

  it('are for the default bus', () => {
    bridge.call('CreateEventBus', { Name: 'orders' });
    const refusal = bridge.refusal('PutRule', { Name: 'r', EventBusName: 'orders', ScheduleExpression: 'rate(1 day)' });
    expect(refusal.message).toBe('ScheduleExpression is supported only on the default event bus.');
  });
});

describe('scheduled rules', () => {
  it('fire one period after they are made, then every period from the due instant, without drift', async () => {
    const rule = schedule('rate(1 minute)');
    const made = bridge.clock.now();
    await bridge.clock.advance(59);
    expect(bridge.delivered).toEqual([]);
    await bridge.clock.advance(10 * 60 + 2);
    expect(bridge.delivered).toHaveLength(11);
    const first = bridge.delivered[0]!;
    expect(first).toMatchObject({ targetArn: queue('sweep'), ruleArn: rule });
    expect(first.event).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      account: HUB,
      resources: [rule],
      detail: {},
    });
    const times = bridge.delivered.map(({ event }) => Date.parse(event.time));
    expect(new Set(times.slice(1).map((time, at) => time - times[at]!))).toEqual(new Set([60_000]));
    expect(Math.abs(times[0]! - (made + 60_000))).toBeLessThan(2000);
  });

  it('go to their own targets alone, not over the bus', async () => {
    bridge.rule('all', { source: ['aws.events'] }, { Arn: queue('all') });
    schedule('rate(1 minute)');
    await bridge.clock.advance(61);
    expect(bridge.delivered.map(({ targetArn }) => targetArn)).toEqual([queue('sweep')]);
  });

  it('stop when disabled or deleted, and begin anew when enabled', async () => {
    schedule('rate(1 hour)', { State: 'DISABLED' });
    await bridge.clock.advance(7200);
    expect(bridge.delivered).toEqual([]);
    bridge.call('EnableRule', { Name: 'sweep' });
    await bridge.clock.advance(3599);
    expect(bridge.delivered).toEqual([]);
    await bridge.clock.advance(2);
    expect(bridge.delivered).toHaveLength(1);
    bridge.call('RemoveTargets', { Rule: 'sweep', Ids: ['one'] });
    bridge.call('DeleteRule', { Name: 'sweep' });
    await bridge.clock.advance(7200);
    expect(bridge.delivered).toHaveLength(1);
  });

  it('change their period, and keep their pace when put again unchanged', async () => {
    schedule('rate(1 hour)');
    await bridge.clock.advance(1800);
    schedule('rate(1 hour)');
    await bridge.clock.advance(1801);
    expect(bridge.delivered).toHaveLength(1);
    schedule('rate(1 minute)');
    await bridge.clock.advance(121);
    expect(bridge.delivered).toHaveLength(3);
  });

  it('pass an idle day in well under four seconds', async () => {
    schedule('rate(1 minute)');
    const start = performance.now();
    await bridge.clock.advance(86_400);
    expect(bridge.delivered).toHaveLength(1440);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('that have a cron expression fire once at every instant that a jump passes, in order, each with its own time', async () => {
    // At least a minute away: the clock runs on.
    const midnight = Math.ceil((bridge.clock.now() + 60_000) / 86_400_000) * 86_400_000;
    await bridge.clock.advance((midnight - bridge.clock.now()) / 1000 - 30);
    for (const [Name, ScheduleExpression] of [
      ['hourly', 'cron(0 * * * ? *)'],
      ['halves', 'cron(0/30 * * * ? *)'],
      ['noon', 'cron(0 12 * * ? *)'],
    ]) {
      bridge.call('PutRule', { Name, ScheduleExpression });
      bridge.call('PutTargets', { Rule: Name, Targets: [{ Id: 'one', Arn: queue(Name!) }] });
    }
    await bridge.clock.advance(86_400);
    const timesOf = (name: string) =>
      bridge.delivered
        .filter(({ targetArn }) => targetArn === queue(name))
        .map(({ event }) => Date.parse(event.time) - midnight);
    expect(timesOf('hourly')).toEqual(Array.from({ length: 24 }, (_, hour) => hour * 3_600_000));
    expect(timesOf('halves')).toEqual(Array.from({ length: 48 }, (_, half) => half * 1_800_000));
    expect(timesOf('noon')).toEqual([43_200_000]);
    const times = bridge.delivered.map(({ event }) => Date.parse(event.time));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { event, at } of bridge.delivered) expect(at - Date.parse(event.time)).toBeLessThan(1000);
  });

  it('that have a cron expression keep their instants when they are disabled for a while', async () => {
    schedule('cron(0 0 * * ? *)');
    bridge.call('DisableRule', { Name: 'sweep' });
    await bridge.clock.advance(10 * 86_400);
    expect(bridge.delivered).toEqual([]);
    bridge.call('EnableRule', { Name: 'sweep' });
    await bridge.clock.advance(86_400);
    expect(bridge.delivered.map(({ event }) => event.time.slice(10))).toEqual(['T00:00:00Z']);
  });

  it('that never fire are kept, and wait for nothing', async () => {
    schedule('cron(0 0 1 1 ? 2020)');
    await bridge.clock.advance(86_400);
    expect(bridge.delivered).toEqual([]);
    expect(bridge.call('DescribeRule', { Name: 'sweep' }).ScheduleExpression).toBe('cron(0 0 1 1 ? 2020)');
  });

  it.each([
    ['cron(0 20 * * * *)', 'ValidationException', 'Parameter ScheduleExpression is not valid.'],
    ['cron(0 20 LW * ? *)', 'NotImplementedInLocalMesh', 'the cron field LW'],
  ])('cannot be made with %s', (ScheduleExpression, code, message) => {
    const refusal = bridge.refusal('PutRule', { Name: 'r', ScheduleExpression });
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
    expect(bridge.call('ListRules').Rules).toEqual([]);
  });
});
