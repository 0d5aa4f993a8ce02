import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Call, Operation, Service, Wire } from '../core/service.ts';
import { readEmbeddedMetrics } from './embedded-metrics.ts';
import { join, MetricStore, MINUTE_MS, nothing, type Series, type Statistics } from './metric-store.ts';

/** Metrics that one answer of ListMetrics has. Source: CloudWatch API Reference, ListMetrics. */
const METRICS_IN_A_PAGE = 500;

/** Data points that one answer of GetMetricStatistics has. Source: CloudWatch API Reference, GetMetricStatistics. */
const MOST_DATA_POINTS = 1440;

/** What each statistic is of a period's values. */
const STATISTICS: Record<string, (of: Statistics) => number> = {
  SampleCount: of => of.count,
  Sum: of => of.sum,
  Average: of => of.sum / of.count,
  Minimum: of => of.minimum,
  Maximum: of => of.maximum,
};

/**
 * CloudWatch, as far as the metrics that functions print: ListMetrics and GetMetricStatistics.
 * Simplification: no percentiles, periods below a minute or metrics of services themselves; alarms and dashboards do nothing.
 */
export function createCloudWatch(store = new MetricStore()): {
  service: Service;
  /** Keeps the metrics of a line that a function of the account printed. False: it is a log line. */
  takeLine(account: string, line: string): boolean;
} {
  return {
    service: {
      id: 'monitoring',
      operations: { ListMetrics: listMetrics(store), GetMetricStatistics: statistics(store) },
    },
    takeLine(account, line) {
      const found = readEmbeddedMetrics(line);
      for (const data of found ?? []) store.add(account, data);
      return found !== undefined;
    },
  };
}

function listMetrics(store: MetricStore): Operation {
  return {
    access: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
    run(input: Wire, { caller }: Call) {
      requireKnown('ListMetrics', input, ['Namespace', 'MetricName', 'Dimensions', 'NextToken']);
      const wanted: { Name: string; Value?: string }[] = input.Dimensions ?? [];
      const metrics = new Map<string, Wire>();
      for (const { namespace, name, dimensions } of store.of(caller.account)) {
        if ((input.Namespace ?? namespace) !== namespace || (input.MetricName ?? name) !== name) continue;
        const has = ({ Name, Value }: { Name: string; Value?: string }) =>
          dimensions.some(dimension => dimension.Name === Name && (Value ?? dimension.Value) === dimension.Value);
        if (!wanted.every(has)) continue;
        const metric = { Namespace: namespace, MetricName: name, Dimensions: dimensions };
        metrics.set(JSON.stringify(metric), metric);
      }
      const from = Number(input.NextToken ?? 0);
      if (!Number.isInteger(from) || from < 0) throw invalid('The value NextToken is invalid.');
      const next = from + METRICS_IN_A_PAGE;
      return {
        Metrics: [...metrics.values()].slice(from, next),
        ...(next < metrics.size && { NextToken: String(next) }),
      };
    },
  };
}

function statistics(store: MetricStore): Operation {
  return {
    access: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
    run(input: Wire, { caller }: Call) {
      const fields = ['Namespace', 'MetricName', 'Dimensions', 'StartTime', 'EndTime', 'Period', 'Statistics', 'Unit'];
      requireKnown('GetMetricStatistics', input, fields);
      const { Namespace, MetricName, Statistics: names } = input;
      for (const [field, value] of Object.entries({ Namespace, MetricName })) {
        if (typeof value !== 'string')
          throw new AwsError('MissingRequiredParameterException', `The parameter ${field} is required.`);
      }
      if (!Array.isArray(names) || names.length === 0 || !names.every(name => Object.hasOwn(STATISTICS, name)))
        throw invalid(`Statistics is a list of ${Object.keys(STATISTICS).join(', ')}.`);
      const range = readRange(input);
      const dimensions = JSON.stringify(
        [...(input.Dimensions ?? [])]
          .map(({ Name, Value }: Wire) => ({ Name, Value }))
          .sort((a, b) => (a.Name < b.Name ? -1 : 1)),
      );
      const isAsked = (series: Series) =>
        series.namespace === Namespace &&
        series.name === MetricName &&
        (input.Unit ?? series.unit) === series.unit &&
        JSON.stringify(series.dimensions) === dimensions;
      const asked = store.of(caller.account).filter(isAsked);
      return { Label: MetricName, Datapoints: asked.flatMap(series => dataPoints(series, range, names)) };
    },
  };
}

interface Range {
  /** Milliseconds since 1970; the start is in the range, the end is not. */
  start: number;
  end: number;
  periodMs: number;
}

function readRange({ StartTime, EndTime, Period }: Wire): Range {
  const start = Math.floor((Number(StartTime) * 1000) / MINUTE_MS) * MINUTE_MS;
  const end = Number(EndTime) * 1000;
  if (!Number.isFinite(start) || !Number.isFinite(end)) throw invalid('StartTime and EndTime are timestamps.');
  if (!(start < end)) throw invalid('The parameter StartTime must be less than the parameter EndTime.');
  if (!Number.isInteger(Period) || Period < 1) throw invalid('Period is a number of seconds.');
  if (Period % 60 !== 0) throw notInLocalMesh(`a Period of ${Period} seconds, which is not a multiple of 60`);
  const periodMs = Period * 1000;
  if ((end - start) / periodMs > MOST_DATA_POINTS) {
    throw new AwsError(
      'InvalidParameterCombinationException',
      `You have requested up to ${Math.ceil((end - start) / periodMs)} datapoints, which exceeds the limit of ${MOST_DATA_POINTS}. ` +
        'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    );
  }
  return { start, end, periodMs };
}

/** The periods that have values, the earliest first. */
function dataPoints({ minutes, unit }: Series, { start, end, periodMs }: Range, names: string[]): Wire[] {
  const periods = new Map<number, Statistics>();
  for (const [minute, kept] of minutes) {
    if (minute < start || minute >= end) continue;
    const begin = start + Math.floor((minute - start) / periodMs) * periodMs;
    const all = periods.get(begin) ?? nothing();
    join(all, kept);
    periods.set(begin, all);
  }
  return [...periods]
    .sort(([a], [b]) => a - b)
    .map(([begin, all]) => ({
      Timestamp: begin / 1000,
      ...Object.fromEntries(names.map(name => [name, STATISTICS[name]!(all)])),
      Unit: unit,
    }));
}

function requireKnown(operation: string, input: Wire, fields: string[]): void {
  const unknown = Object.keys(input).find(field => input[field] !== undefined && !fields.includes(field));
  if (unknown) throw notInLocalMesh(`the parameter ${unknown} of ${operation}`);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
