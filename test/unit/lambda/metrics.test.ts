import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { logger } from '../../../shared/lambda/logger.ts';
import { measure, measuring } from '../../../shared/lambda/metrics.ts';
import { onInvoke } from '../../../shared/lambda/on-invoke.ts';
import { onQueue } from '../../../shared/lambda/on-queue.ts';
import { lambdaContext, sqsEvent, sqsRecord } from './deliveries.ts';

const warn = vi.spyOn(logger, 'warn').mockReturnValue();
const write = vi.spyOn(process.stdout, 'write');
/** What was written to standard output, where Lambda looks for metrics. */
let lines: string[];

beforeAll(() => {
  vi.stubEnv('TRELLIS_STAGE', 'prod');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-21T09:00:00Z') });
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  write.mockRestore();
});
beforeEach(() => {
  lines = [];
  warn.mockClear();
  write.mockImplementation(text => lines.push(String(text)) > 0);
});
afterEach(() => measuring(async () => {}));

const published = () => lines.map(line => JSON.parse(line));

describe('what an invocation measures', () => {
  it("is one line of CloudWatch's embedded metric format, under two dimensions", async () => {
    await measuring(async () => {
      measure('CatalogChanges', 1);
      measure('SyncLagMilliseconds', 1200);
    });
    expect(published()).toEqual([
      {
        _aws: {
          Timestamp: Date.parse('2026-11-21T09:00:00Z'),
          CloudWatchMetrics: [
            {
              Namespace: 'Trellis',
              Dimensions: [['service', 'stage']],
              Metrics: [
                { Name: 'CatalogChanges', Unit: 'Count' },
                { Name: 'SyncLagMilliseconds', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
        service: 'trellis',
        stage: 'prod',
        CatalogChanges: 1,
        SyncLagMilliseconds: 1200,
      },
    ]);
  });

  it('is nothing when nothing was measured', async () => {
    await measuring(async () => {});
    expect(lines).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('is added up where it counts, however often, and kept apart where it takes time', async () => {
    await measuring(async () => {
      for (let table = 0; table < 1000; table++) measure('CatalogDrift', 2);
      measure('SyncLagMilliseconds', 10);
      measure('SyncLagMilliseconds', 30);
    });
    expect(published()).toMatchObject([{ CatalogDrift: 2000, SyncLagMilliseconds: [10, 30] }]);
  });

  it('is in more lines where one does not hold it, and nothing of it is lost', async () => {
    // Where the library warns.
    const complain = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await measuring(async () => {
      for (let change = 0; change < 200; change++) measure('SyncLagMilliseconds', change);
    });
    expect(complain).not.toHaveBeenCalled();
    complain.mockRestore();
    expect(published().flatMap(line => line.SyncLagMilliseconds)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(lines).toHaveLength(2);
  });

  it('is published also when the invocation fails, with the fault that it failed with', async () => {
    const failing = measuring(async () => {
      measure('CatalogQuarantines', 1);
      throw new Error('Glue is away');
    });
    await expect(failing).rejects.toThrow('Glue is away');
    expect(published()).toMatchObject([{ CatalogQuarantines: 1 }]);
  });

  it('is not published again by the next one', async () => {
    await measuring(async () => measure('CatalogChanges', 1));
    await measuring(async () => measure('CatalogReleases', 1));
    expect(published()[1]).not.toHaveProperty('CatalogChanges');
  });

  it('never fails it: a value that is none is reported, a line that cannot be written too', async () => {
    await measuring(async () => measure('SyncLagMilliseconds', Number.NaN));
    expect(lines).toEqual([]);
    expect(warn).toHaveBeenCalledExactlyOnceWith('Not measured: SyncLagMilliseconds', expect.anything());

    write.mockImplementation(() => {
      throw new Error('no room');
    });
    await expect(measuring(async () => measure('CatalogChanges', 1)).then(() => 'done')).resolves.toBe('done');
  });
});

describe('every handler publishes', () => {
  it("of a queue's messages: once for all of them, also of those that fail", async () => {
    const handler = onQueue(async record => {
      measure('CatalogChanges', 1);
      if (record.body === 'fail') throw new Error('no');
    }, 'by-itself');
    await handler(sqsEvent(sqsRecord('a'), sqsRecord('b', 'fail')), lambdaContext());
    expect(published()).toMatchObject([{ CatalogChanges: 2 }]);
  });

  it('of an invocation, whose answer it gives, and whose fault it lets pass', async () => {
    const handler = onInvoke(async ({ table }: { table: string }) => {
      measure('PartitionChanges', 300);
      if (table === 'bad') throw new Error('no');
      return `${table} done`;
    });
    await expect(handler({ table: 'flights' }, lambdaContext())).resolves.toBe('flights done');
    await expect(handler({ table: 'bad' }, lambdaContext())).rejects.toThrow('no');
    expect(published()).toMatchObject([{ PartitionChanges: 300 }, { PartitionChanges: 300 }]);
  });
});
