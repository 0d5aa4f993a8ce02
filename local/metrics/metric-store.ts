import type { MetricData } from './embedded-metrics.ts';

/** What is kept of a metric's values in one minute. */
export interface Statistics {
  count: number;
  sum: number;
  minimum: number;
  maximum: number;
}

/** The values of one metric, with one set of dimensions and one unit. */
export interface Series extends Pick<MetricData, 'namespace' | 'name' | 'dimensions' | 'unit'> {
  account: string;
  /** By their minute's beginning, milliseconds since 1970. */
  minutes: Map<number, Statistics>;
}

export const MINUTE_MS = 60_000;

/**
 * Minutes kept, of all metrics together. Simplification: CloudWatch keeps a minute for 15 days, and sums of it for 15 months; here the oldest
 * goes when there are too many, so that a mesh that plays years fits in memory.
 */
const MINUTES_KEPT = 100_000;

/** Metrics by account, summed up by the minute. */
export class MetricStore {
  readonly #series = new Map<string, Series>();
  /** In the order of their first value. */
  readonly #kept = new Set<{ key: string; minute: number }>();
  readonly #minutesKept: number;

  constructor(minutesKept = MINUTES_KEPT) {
    this.#minutesKept = minutesKept;
  }

  add(account: string, { namespace, name, dimensions, unit, at, values }: MetricData): void {
    const key = JSON.stringify([account, namespace, name, unit, dimensions]);
    const series = this.#series.get(key) ?? { account, namespace, name, dimensions, unit, minutes: new Map() };
    this.#series.set(key, series);
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    let statistics = series.minutes.get(minute);
    if (!statistics) {
      statistics = nothing();
      series.minutes.set(minute, statistics);
      this.#kept.add({ key, minute });
    }
    for (const value of values) join(statistics, { count: 1, sum: value, minimum: value, maximum: value });
    if (this.#kept.size > this.#minutesKept) this.#dropOldest();
  }

  of(account: string): Series[] {
    return [...this.#series.values()].filter(series => series.account === account);
  }

  #dropOldest(): void {
    const [oldest] = this.#kept;
    this.#kept.delete(oldest!);
    const series = this.#series.get(oldest!.key)!;
    series.minutes.delete(oldest!.minute);
    if (series.minutes.size === 0) this.#series.delete(oldest!.key);
  }
}

export function nothing(): Statistics {
  return { count: 0, sum: 0, minimum: Number.POSITIVE_INFINITY, maximum: Number.NEGATIVE_INFINITY };
}

/** Adds the second to the first. */
export function join(all: Statistics, more: Statistics): void {
  all.count += more.count;
  all.sum += more.sum;
  all.minimum = Math.min(all.minimum, more.minimum);
  all.maximum = Math.max(all.maximum, more.maximum);
}
