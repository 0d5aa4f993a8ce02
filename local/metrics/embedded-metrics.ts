import type { Wire } from '../core/service.ts';

/** One metric of one line, for one set of dimensions. */
export interface MetricData {
  namespace: string;
  name: string;
  /** Sorted by their names. */
  dimensions: { Name: string; Value: string }[];
  unit: string;
  /** Milliseconds since 1970, as the line says. */
  at: number;
  values: number[];
}

/** Source of the limits: CloudWatch User Guide, "Specification: Embedded metric format". */
const MOST_METRICS = 100;
const MOST_DIMENSIONS = 30;
const MOST_VALUES = 100;

/**
 * What a line in CloudWatch's embedded metric format says; undefined for any other line, and for one that breaks the format.
 * Simplification: one fault anywhere makes the whole line a log line; CloudWatch may still take a part of it.
 * Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export function readEmbeddedMetrics(line: string): MetricData[] | undefined {
  // Most lines are logs: no need to parse them.
  if (!line.startsWith('{') || !line.includes('"_aws"')) return undefined;
  let root: Wire;
  try {
    root = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { Timestamp: at, CloudWatchMetrics: directives } = root._aws ?? {};
  if (!Number.isFinite(at) || !isList(directives) || directives.length === 0) return undefined;
  const found: MetricData[] = [];
  for (const directive of directives) {
    const data = readDirective(directive, root, at);
    if (!data) return undefined;
    found.push(...data);
  }
  return found.length > 0 ? found : undefined;
}

function readDirective(directive: Wire, root: Wire, at: number): MetricData[] | undefined {
  const { Namespace: namespace, Dimensions: sets, Metrics: metrics } = directive ?? {};
  if (!isText(namespace, 1024) || !isList(sets) || sets.length === 0) return undefined;
  if (!isList(metrics) || metrics.length > MOST_METRICS) return undefined;
  const dimensionSets = sets.map(set => readDimensions(set, root));
  const found: MetricData[] = [];
  for (const metric of metrics) {
    const { Name: name, Unit: unit = 'None' } = metric ?? {};
    if (!isText(name, 1024) || !isText(unit, 64) || !Object.hasOwn(root, name)) return undefined;
    const values = isList(root[name]) ? root[name] : [root[name]];
    if (values.length === 0 || values.length > MOST_VALUES || !values.every(Number.isFinite)) return undefined;
    for (const dimensions of dimensionSets) {
      if (!dimensions) return undefined;
      found.push({ namespace, name, dimensions, unit, at, values });
    }
  }
  return found;
}

/** The members of the root that a set of dimensions names. */
function readDimensions(set: unknown, root: Wire): MetricData['dimensions'] | undefined {
  if (!isList(set) || set.length > MOST_DIMENSIONS) return undefined;
  const dimensions = [];
  for (const Name of [...set].sort()) {
    if (!isText(Name, 250) || !Object.hasOwn(root, Name) || !isText(root[Name], 1024)) return undefined;
    dimensions.push({ Name, Value: root[Name] });
  }
  return dimensions;
}

function isList(value: unknown): value is Wire[] {
  return Array.isArray(value);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= longest;
}
