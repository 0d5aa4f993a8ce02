import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { administrator } from '../../../local/core/service.ts';
import { failedMessages } from '../../../local/functions/batch-response.ts';
import type { FunctionConfiguration } from '../../../local/functions/function-configuration.ts';
import { ACCOUNT, startLambda } from './lambda.ts';

/** Sends what it is given to the log; fails or reports as the bodies say. */
const SOURCE = `
  let running = 0;
  export const handler = async ({ Records }) => {
    const bodies = Records.map(record => JSON.parse(record.body));
    console.log('batch', ++running, JSON.stringify(bodies.map(body => body.n)));
    await new Promise(done => setTimeout(done, 5));
    running--;
    if (bodies.some(body => body.throws)) throw new Error('no');
    const failed = Records.filter((record, i) => bodies[i].fails).map(record => ({ itemIdentifier: record.messageId }));
    return { batchItemFailures: failed };
  };`;

async function withMapping(
  options: {
    mapping?: Wire;
    more?: Partial<FunctionConfiguration>;
    queue?: Record<string, string>;
    source?: string;
    maxEnvironments?: number;
  } = {},
) {
  const started = startLambda({ maxEnvironments: options.maxEnvironments ?? 1 });
  const dead = await started.createQueue('dead');
  const work = await started.createQueue('work', {
    VisibilityTimeout: '30',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 3 }),
    ...options.queue,
  });
  started.deploy('worker', options.source ?? SOURCE, options.more);
  const map = () =>
    started.functions.mapQueue(ACCOUNT, { EventSourceArn: work, FunctionName: 'worker', ...options.mapping });
  const send = (body: Wire) => started.queues.send(work, JSON.stringify(body));
  const left = async (arn = work) => {
    const QueueUrl = `http://x/${ACCOUNT}/${arn.split(':').at(-1)}`;
    const { Attributes } = (await started.queues.service.operations.GetQueueAttributes!.run(
      { QueueUrl, AttributeNames: ['All'] },
      administrator(ACCOUNT),
    )) as Wire;
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    };
  };
  return { ...started, dead, work, map, send, left };
}

const REPORTS = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

describe('a queue’s messages', () => {
  it('come together when the batching window is over, and wait for it without being under way', async () => {
    const mapping = { BatchSize: 100, MaximumBatchingWindowInSeconds: 60, ...REPORTS };
    const { map, send, clock, activity, lines, left } = await withMapping({ mapping });
    map();
    await clock.advance(61);
    await send({ n: 1 });
    await clock.advance(30);
    await send({ n: 2 });
    expect(await activity.idle(5_000)).toBe(true);
    expect(lines).toEqual([]);
    await clock.advance(31);
    expect(await activity.idle(5_000)).toBe(true);
    await expect.poll(() => lines).toEqual(['worker: batch 1 [1,2]']);
    expect(await left()).toEqual({ visible: 0, hidden: 0 });
  });

  it('reach the function in AWS’s form, and are gone when it succeeds', async () => {
    const source = 'export const handler = async event => { console.log(JSON.stringify(event)); };';
    const { map, queues, work, activity, left, lines } = await withMapping({ source });
    map();
    await queues.send(work, '{"n":1}', { RULE_ARN: 'arn:aws:events:us-east-1:1:rule/x' });
    expect(await activity.idle(5_000)).toBe(true);
    await expect.poll(() => lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!.replace('worker: ', ''))).toEqual({
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          receiptHandle: expect.any(String),
          body: '{"n":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: ACCOUNT,
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            RULE_ARN: {
              stringValue: 'arn:aws:events:us-east-1:1:rule/x',
              stringListValues: [],
              binaryListValues: [],
              dataType: 'String',
            },
          },
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          md5OfBody: '082c26c8a6bc75226a31da5495cc9292',
          eventSource: 'aws:sqs',
          eventSourceARN: work,
          awsRegion: 'us-east-1',
        },
      ],
    });
    expect(await left()).toEqual({ visible: 0, hidden: 0 });
  });

  it('come in batches of the mapping’s size, also those that were there before it', async () => {
    const { map, send, activity, lines } = await withMapping({ mapping: { BatchSize: 2 } });
    for (const n of [1, 2, 3]) await send({ n });
    map();
    await activity.idle();
    await expect.poll(() => lines).toEqual(['worker: batch 1 [1,2]', 'worker: batch 1 [3]']);
  });

  it('are activity from the moment they are sent until they were handled', async () => {
    const { map, send, activity, left } = await withMapping();
    map();
    await activity.idle();
    await send({ n: 1 });
    expect(activity.labels()).toEqual(['sqs work to lambda worker']);
    await activity.idle();
    expect(await left()).toEqual({ visible: 0, hidden: 0 });
  });

  it('that the function reports come back when their visibility ends; the others are gone', async () => {
    const { map, send, activity, clock, left, lines } = await withMapping({ mapping: REPORTS });
    map();
    for (const n of [1, 2, 3]) await send({ n, fails: n === 2 });
    // Hidden messages that wait for another attempt are not activity.
    expect(await activity.idle(5_000)).toBe(true);
    expect(await left()).toEqual({ visible: 0, hidden: 1 });
    await clock.advance(29);
    await expect.poll(() => lines).toEqual(['worker: batch 1 [1,2,3]']);
    await clock.advance(1);
    await expect.poll(() => lines).toEqual(['worker: batch 1 [1,2,3]', 'worker: batch 1 [2]']);
  });

  it('are gone although they are reported when the mapping does not ask for reports', async () => {
    const { map, send, activity, left } = await withMapping();
    map();
    await send({ n: 1, fails: true });
    await activity.idle();
    expect(await left()).toEqual({ visible: 0, hidden: 0 });
  });

  it('all come back when the function throws, and end as dead letters after maxReceiveCount attempts', async () => {
    const { map, send, clock, left, lines, dead, bodiesOf } = await withMapping({ mapping: REPORTS });
    await send({ n: 1, throws: true });
    await send({ n: 2 });
    map();
    await clock.advance(0);
    expect(await left()).toEqual({ visible: 0, hidden: 2 });
    await clock.advance(60);
    expect(bodiesOf(dead)).toEqual([]);
    await clock.advance(31);
    expect(bodiesOf(dead).map(body => body.n)).toEqual([1, 2]);
    expect(await left()).toEqual({ visible: 0, hidden: 0 });
    await expect.poll(() => lines).toHaveLength(3);
  });

  it('are handled by as many environments at a time as the mapping allows', async () => {
    const source = `
      const id = Math.random();
      export const handler = async () => { console.log(id); await new Promise(done => setTimeout(done, 300)); };`;
    const { map, send, activity, lines } = await withMapping({
      source,
      maxEnvironments: 3,
      mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    });
    map();
    for (const n of [1, 2, 3, 4]) await send({ n });
    await activity.idle();
    await expect.poll(() => lines).toHaveLength(4);
    expect(new Set(lines).size).toBe(2);
  });

  it.each([
    ['the mapping is disabled', { mapping: { Enabled: false } }],
    ['the function may not run', { more: { ReservedConcurrentExecutions: 0 } }],
  ])('stay, and are no activity, when %s', async (_title, options) => {
    const { map, send, activity, left } = await withMapping(options);
    map();
    await send({ n: 1 });
    expect(await activity.idle(1_000)).toBe(true);
    expect(await left()).toEqual({ visible: 1, hidden: 0 });
  });

  it('of a deleted queue end the mapping, and say so', async () => {
    const { map, send, queues, activity, lines } = await withMapping();
    await send({ n: 1 });
    map();
    await queues.service.operations.DeleteQueue!.run({ QueueUrl: `http://x/${ACCOUNT}/work` }, administrator(ACCOUNT));
    expect(await activity.idle(1_000)).toBe(true);
    expect(lines).toContainEqual(expect.stringContaining('The specified queue does not exist'));
  });
});

describe('a batch response', () => {
  const ids = ['a', 'b'];
  it.each(['null', '""', '{}', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    'of %s is complete success',
    answer => {
      expect(failedMessages(answer, ids)).toEqual([]);
    },
  );
  it.each([
    '[]',
    '"done"',
    '{"batchItemFailures":"b"}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"identifier":"b"}]}',
    '{"batchItemFailures":[null]}',
    '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"unknown"}]}',
  ])('of %s is complete failure', answer => {
    expect(failedMessages(answer, ids)).toEqual(ids);
  });
  it('that names messages keeps those', () => {
    expect(failedMessages('{"batchItemFailures":[{"itemIdentifier":"b"}]}', ids)).toEqual(['b']);
  });
});

describe('a mapping', () => {
  it.each(['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])(
    'is refused to a role without sqs:%s',
    async action => {
      const { functions, deploy, createQueue } = startLambda({ denied: [`sqs:${action}`] });
      const EventSourceArn = await createQueue('work');
      deploy('worker', SOURCE);
      expect(() => functions.mapQueue(ACCOUNT, { EventSourceArn, FunctionName: 'worker' })).toThrow(
        `does not have permissions to call ${action} on SQS`,
      );
    },
  );

  it.each([
    [{ BatchSize: 11 }, 'batch window in seconds must be greater than 0'],
    [{ ScalingConfig: { MaximumConcurrency: 1 } }, 'MaximumConcurrency must be between 2 and 1000'],
    [{ FilterCriteria: { Filters: [] } }, 'local mesh does not have filter criteria'],
    [
      { EventSourceArn: 'arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/1' },
      'local mesh does not have event source mappings of',
    ],
    [{ FunctionName: 'missing' }, 'Function not found'],
  ])('is refused with %j', async (mapping, message) => {
    const { map } = await withMapping({ mapping });
    expect(map).toThrow(message);
  });

  it('is refused to a queue whose messages would come back while the function still works', async () => {
    const { map } = await withMapping({ queue: { VisibilityTimeout: '4' } });
    expect(map).toThrow('Queue visibility timeout: 4 seconds is less than Function timeout: 5 seconds');
  });

  it('is listed once, and not made twice', async () => {
    const { map, lambda, work } = await withMapping({ mapping: REPORTS });
    map();
    expect(map).toThrow('already exists');
    const { EventSourceMappings } = await lambda('ListEventSourceMappings', { FunctionName: 'worker' });
    expect(EventSourceMappings).toMatchObject([{ EventSourceArn: work, BatchSize: 10, State: 'Enabled', ...REPORTS }]);
    expect(await lambda('ListEventSourceMappings', { FunctionName: 'other' })).toEqual({ EventSourceMappings: [] });
    expect(await lambda('ListEventSourceMappings', {}, '222222222222')).toEqual({ EventSourceMappings: [] });
  });
});
