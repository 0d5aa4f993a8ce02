import type { Metrics } from '@aws-lambda-powertools/metrics';
import { METRIC_UNITS, type Measure, type MetricName } from '../telling/measure.ts';
import { setting } from './environment.ts';
import { report } from './logger.ts';

/** Alarms name these (serverless.yml). The same dimensions for every metric: CloudWatch bills each combination as a metric of its own. */
const NAMESPACE = 'Trellis';
const SERVICE = 'trellis';

/** What this invocation measured. A process has one invocation at a time. Source: Lambda Developer Guide, execution environments. */
const measured = new Map<MetricName, number[]>();
let metrics: Metrics | undefined;

/** For use cases, by way of their services. What it takes is published when the invocation ends, by `onQueue` or `onInvoke`. */
export const measure: Measure = (name, value) => {
  if (!Number.isFinite(value)) {
    report(`Not measured: ${name}`, new RangeError(`${value} is no number.`));
    return;
  }
  const values = measured.get(name) ?? [];
  // One invocation of a reconcile counts thousands of times, and a line takes 100 values of a metric.
  if (METRIC_UNITS[name] === 'Count') measured.set(name, [(values[0] ?? 0) + value]);
  else measured.set(name, [...values, value]);
};

/**
 * Runs an invocation, and publishes what it measured, also when it fails: one line in CloudWatch's embedded metric format on standard output
 * (one more for each further 100 times that were measured), none when nothing was measured.
 *
 * What an invocation measured that is cut off at the function's timeout is lost: nothing runs after that.
 */
export async function measuring<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    await publish();
  }
}

async function publish(): Promise<void> {
  if (measured.size === 0) return;
  const taken = [...measured];
  measured.clear();
  try {
    metrics ??= await makeMetrics();
    for (const [name, values] of taken) for (const value of values) metrics.addMetric(name, METRIC_UNITS[name], value);
    // At 100 values it has published already, and would warn of nothing.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  } catch (fault) {
    report('What was measured could not be published', fault);
  }
}

/** Loads the library with the first measurement: most functions never measure anything. */
async function makeMetrics(): Promise<Metrics> {
  const powertools = await import('@aws-lambda-powertools/metrics');
  const defaultDimensions = { stage: setting('TRELLIS_STAGE') };
  return new powertools.Metrics({ namespace: NAMESPACE, serviceName: SERVICE, defaultDimensions });
}
