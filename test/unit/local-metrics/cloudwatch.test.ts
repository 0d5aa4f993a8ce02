import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OrderedFaults } from '../../../local/core/ordered-faults.ts';
import { type Access, administrator, type Wire } from '../../../local/core/service.ts';
import { createFront, type Front } from '../../../local/front/server.ts';
import { createCloudWatch } from '../../../local/metrics/cloudwatch.ts';
import { MetricStore } from '../../../local/metrics/metric-store.ts';

const HUB = '111111111111';
const SPOKE = '222222222222';
const NOON = Date.parse('2030-01-01T12:00:00Z');
const Namespace = 'Trellis';

/** A line of one metric, with the dimension `service`. */
function line(value: unknown, at = NOON, more: Wire = {}): string {
  const { root = {}, ...directive } = more;
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        { Namespace, Dimensions: [['service']], Metrics: [{ Name: 'Granted', Unit: 'Count' }], ...directive },
      ],
    },
    service: 'access',
    Granted: value,
    ...root,
  });
}

function rig(store?: MetricStore) {
  const { service, takeLine } = createCloudWatch(store);
  const call = async (operation: string, input: Wire, account = HUB): Promise<Wire> =>
    service.operations[operation]!.run(input, administrator(account));
  const ask = async (input: Wire = {}) =>
    (
      await call('GetMetricStatistics', {
        Namespace,
        MetricName: 'Granted',
        Dimensions: [{ Name: 'service', Value: 'access' }],
        StartTime: NOON / 1000,
        EndTime: NOON / 1000 + 600,
        Period: 60,
        Statistics: ['Sum'],
        ...input,
      })
    ).Datapoints;
  return { service, takeLine, call, ask };
}

describe('a line in embedded metric format', () => {
  it('is what Powertools prints: each metric by its dimensions', async () => {
    const { takeLine, call } = rig();
    const metrics = new Metrics({ namespace: Namespace, serviceName: 'access' });
    metrics.addDimension('account', SPOKE);
    metrics.addMetric('Granted', MetricUnit.Count, 1);
    metrics.addMetric('Granted', MetricUnit.Count, 2);
    metrics.addMetric('Seconds', MetricUnit.Seconds, 0.5);
    metrics.addMetadata('requestId', 'r-1');
    expect(takeLine(HUB, JSON.stringify(metrics.serializeMetrics()))).toBe(true);
    const Dimensions = [
      { Name: 'account', Value: SPOKE },
      { Name: 'service', Value: 'access' },
    ];
    expect((await call('ListMetrics', {})).Metrics).toEqual([
      { Namespace, MetricName: 'Granted', Dimensions },
      { Namespace, MetricName: 'Seconds', Dimensions },
    ]);
    const now = Date.now() / 1000;
    const { Datapoints } = await call('GetMetricStatistics', {
      Namespace,
      MetricName: 'Granted',
      Dimensions: Dimensions.toReversed(),
      StartTime: now - 600,
      EndTime: now + 600,
      Period: 3600,
      Statistics: ['SampleCount', 'Sum'],
    });
    expect(Datapoints).toEqual([{ Timestamp: expect.any(Number), SampleCount: 2, Sum: 3, Unit: 'Count' }]);
  });

  it.each([
    ['a log line', 'all is well'],
    ['a log in JSON', '{"message":"all is well"}'],
    ['a log about metrics', '{"message":"what is \\"_aws\\"?"}'],
    ['half a line', line(1).slice(0, -5)],
    ['a metric without its value', line(undefined)],
    ['a metric that is text', line('1')],
    ['more values than 100', line(Array(101).fill(1))],
    ['a dimension without its value', line(1, NOON, { Dimensions: [['tenant']] })],
    ['a dimension that is a number', line(1, NOON, { root: { service: 3 } })],
    ['no dimensions', line(1, NOON, { Dimensions: undefined })],
    ['no namespace', line(1, NOON, { Namespace: '' })],
    ['no metrics', line(1, NOON, { Metrics: [] })],
    ['no time', line(1, Number.NaN)],
  ])('is not %s, which stays in the log', async (_what, text) => {
    const { takeLine, call } = rig();
    expect(takeLine(HUB, text)).toBe(false);
    expect((await call('ListMetrics', {})).Metrics).toEqual([]);
  });
});

describe('GetMetricStatistics', () => {
  it('sums up the values of each period, by the time that the lines say', async () => {
    const { takeLine, ask } = rig();
    takeLine(HUB, line([5, 1], NOON + 1000));
    takeLine(HUB, line(3, NOON + 59_999));
    takeLine(HUB, line(7, NOON + 60_000));
    takeLine(HUB, line(100, NOON - 1));
    takeLine(HUB, line(100, NOON + 600_000));
    const Statistics = ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum'];
    expect(await ask({ Statistics })).toEqual([
      { Timestamp: NOON / 1000, SampleCount: 3, Sum: 9, Average: 3, Minimum: 1, Maximum: 5, Unit: 'Count' },
      { Timestamp: NOON / 1000 + 60, SampleCount: 1, Sum: 7, Average: 7, Minimum: 7, Maximum: 7, Unit: 'Count' },
    ]);
    expect(await ask({ Period: 300 })).toEqual([{ Timestamp: NOON / 1000, Sum: 16, Unit: 'Count' }]);
  });

  it('has a metric only with all its dimensions, in its namespace, in its account', async () => {
    const { takeLine, ask, call } = rig();
    takeLine(HUB, line(1, NOON, { Dimensions: [['service'], ['service', 'tenant'], []], root: { tenant: 't' } }));
    expect(await ask()).toHaveLength(1);
    expect(await ask({ Dimensions: [] })).toHaveLength(1);
    expect(await ask({ Dimensions: [{ Name: 'tenant', Value: 't' }] })).toEqual([]);
    expect(await ask({ Namespace: 'Other' })).toEqual([]);
    expect((await call('ListMetrics', {}, SPOKE)).Metrics).toEqual([]);
  });

  it('keeps units apart', async () => {
    const { takeLine, ask } = rig();
    takeLine(HUB, line(1));
    takeLine(HUB, line(2, NOON, { Metrics: [{ Name: 'Granted' }] }));
    expect((await ask()).map((point: Wire) => [point.Unit, point.Sum])).toEqual([
      ['Count', 1],
      ['None', 2],
    ]);
    expect(await ask({ Unit: 'None' })).toHaveLength(1);
  });

  it.each([
    [{ Statistics: ['p99'] }, 'InvalidParameterValueException'],
    [{ Namespace: undefined }, 'MissingRequiredParameterException'],
    [{ EndTime: NOON / 1000 }, 'InvalidParameterValueException'],
    [{ Period: 0 }, 'InvalidParameterValueException'],
    [{ Period: 10 }, 'NotImplementedInLocalMesh'],
    [{ ExtendedStatistics: ['p99'] }, 'NotImplementedInLocalMesh'],
    [{ EndTime: NOON / 1000 + 86_400 + 60 }, 'InvalidParameterCombinationException'],
  ])('refuses %j: %s', async (input, code) => {
    await expect(rig().ask(input)).rejects.toMatchObject({ code });
  });
});

describe('ListMetrics', () => {
  it('finds by namespace, name and dimensions, in pages', async () => {
    const { takeLine, call } = rig();
    const names = Array.from({ length: 501 }, (_, n) => `m${n}`);
    for (const name of names)
      takeLine(HUB, line(1, NOON, { Metrics: [{ Name: name }], root: { [name]: 1, service: `s${name}` } }));
    const first = await call('ListMetrics', { Namespace });
    expect(first.Metrics).toHaveLength(500);
    const second = await call('ListMetrics', { Namespace, NextToken: first.NextToken });
    expect(second).toEqual({ Metrics: [expect.objectContaining({ MetricName: 'm500' })] });
    const count = async (input: Wire) => (await call('ListMetrics', input)).Metrics.length;
    expect(await count({ MetricName: 'm7' })).toBe(1);
    expect(await count({ Dimensions: [{ Name: 'service', Value: 'sm7' }] })).toBe(1);
    expect(await count({ Dimensions: [{ Name: 'service' }] })).toBe(500);
    expect(await count({ Dimensions: [{ Name: 'tenant' }] })).toBe(0);
    await expect(call('ListMetrics', { RecentlyActive: 'PT3H' })).rejects.toMatchObject({
      code: 'NotImplementedInLocalMesh',
    });
  });
});

describe('the metrics kept', () => {
  it('are the latest minutes', async () => {
    const { takeLine, ask, call } = rig(new MetricStore(2));
    for (const minute of [0, 1, 1, 2]) takeLine(HUB, line(1, NOON + minute * 60_000));
    expect((await ask()).map((point: Wire) => point.Sum)).toEqual([2, 1]);
    takeLine(HUB, line([1, 1], NOON, { Namespace: 'Other' }));
    takeLine(HUB, line(1, NOON + 60_000, { Namespace: 'Other' }));
    expect((await call('ListMetrics', {})).Metrics.map((metric: Wire) => metric.Namespace)).toEqual(['Other']);
  });
});

describe('over HTTP', () => {
  let front: Front;
  let endpoint: string;
  const asked: Access[] = [];
  beforeEach(async () => {
    const { service, takeLine } = createCloudWatch();
    takeLine(HUB, line(4));
    front = createFront({
      services: [service],
      callerOf: account => administrator(account).caller,
      authorize: (_caller, access) => asked.push(access),
      controls: { advance: async () => '', settle: async () => [], calls: () => [], faults: new OrderedFaults() },
      log: () => {},
    });
    endpoint = await front.listen(0);
  });
  afterEach(() => front.stop());

  /** As the SDK for JavaScript and boto3 ask: AWS JSON 1.0, signed for `monitoring`. */
  const send = async (operation: string, input: Wire) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `GraniteServiceVersion20100801.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${HUB}/20300101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=x`,
      },
      body: JSON.stringify(input),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Wire };
  };

  it('answers the protocol of the SDKs, with the errors that boto3 knows by their old names', async () => {
    const { body } = await send('ListMetrics', { Namespace });
    expect(body.Metrics).toHaveLength(1);
    expect(asked).toEqual([{ action: 'cloudwatch:ListMetrics', resource: '*' }]);
    const { status, headers, body: error } = await send('GetMetricStatistics', { Namespace });
    expect(status).toBe(400);
    expect(error.__type).toBe('MissingRequiredParameterException');
    expect(headers.get('x-amzn-query-error')).toBe('MissingRequiredParameter;Sender');
  });
});
