/** The alarms against what is measured: an alarm on a metric that nobody publishes never goes off. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { measure, measuring } from '../../shared/lambda/metrics.ts';
import { METRIC_UNITS, type MetricName } from '../../shared/telling/measure.ts';
import { hub } from './stacks.ts';

const alarms = hub
  .ofType('AWS::CloudWatch::Alarm')
  .filter(alarm => alarm.properties.Namespace === 'Trellis')
  .map(alarm => [alarm.id, alarm.properties] as const);
const names = Object.keys(METRIC_UNITS) as MetricName[];

interface EmbeddedMetrics {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  [dimension: string]: unknown;
}

/** All metrics, as a function of the hub writes them. */
let line: EmbeddedMetrics;

beforeAll(async () => {
  // Each function has the stage from the stack.
  const [stage] = new Set(
    hub.ofType('AWS::Lambda::Function').map(one => one.properties.Environment.Variables.TRELLIS_STAGE),
  );
  vi.stubEnv('TRELLIS_STAGE', stage);
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await measuring(async () => {
    for (const name of names) measure(name, 1);
  });
  line = JSON.parse(String(write.mock.calls[0]?.[0]));
  write.mockRestore();
});
afterAll(() => void vi.unstubAllEnvs());

describe('alarms on what Trellis measures', () => {
  it('are on those that call for people', () => {
    expect(alarms.map(([, { MetricName }]) => MetricName).toSorted()).toEqual([
      'CatalogDrift',
      'CatalogQuarantines',
      'ForeignPermissions',
      'ProvisioningFailures',
      'RemovalsHeldBack',
      'RevocationLatenessMilliseconds',
      'SyncLagMilliseconds',
      'UnsettledPairs',
    ]);
  });

  it.each(alarms)('%s looks at a metric that the functions publish', (_, alarm) => {
    const [metrics] = line._aws.CloudWatchMetrics;
    expect(metrics?.Namespace).toBe(alarm.Namespace);
    expect(metrics?.Metrics.map(({ Name }) => Name)).toContain(alarm.MetricName);
    const dimensions = metrics?.Dimensions.map(set => set.map(Name => ({ Name, Value: line[Name] })));
    expect(dimensions).toEqual([alarm.Dimensions]);
  });

  it.each(alarms)('%s is quiet when nothing was measured, and says where to read on', (_, alarm) => {
    expect(alarm.TreatMissingData).toBe('notBreaching');
    expect(alarm.AlarmDescription).toMatch(/\. See docs\/operations\.md, "[^"]+"\.$/);
  });

  it.each(alarms)(
    '%s is one that CloudWatch takes',
    (_, { Period, EvaluationPeriods, Statistic, ExtendedStatistic }) => {
      // Source: CloudWatch API reference, PutMetricAlarm: a day at most, seven days for periods of an hour and more; one kind of statistic.
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual(Period < 3600 ? 86_400 : 604_800);
      expect([Statistic, ExtendedStatistic].filter(Boolean)).toHaveLength(1);
    },
  );
});
