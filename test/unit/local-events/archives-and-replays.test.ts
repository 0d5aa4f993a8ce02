import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { ArchivedEvents } from '../../../local/events/archived-events.ts';
import { busArn, type EventBridgeFixture, HUB, queue, SPOKE, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
const ARCHIVE = `arn:aws:events:us-east-1:${HUB}:archive/all`;
const T0 = Date.UTC(2026, 0, 1) / 1000;

beforeEach(() => {
  bridge = startEventBridge();
});

const create = (input: Wire = {}) =>
  bridge.call('CreateArchive', { ArchiveName: 'all', EventSourceArn: busArn('default'), ...input });
const describeArchive = () => bridge.call('DescribeArchive', { ArchiveName: 'all' });

describe('archives', () => {
  it('are made, described, listed, updated and deleted', () => {
    const created = { ArchiveArn: ARCHIVE, State: 'ENABLED', CreationTime: expect.any(Number) };
    expect(create({ RetentionDays: 1, Description: 'd' })).toEqual(created);
    const summary = {
      ArchiveName: 'all',
      EventSourceArn: busArn('default'),
      State: 'ENABLED',
      RetentionDays: 1,
      EventCount: 0,
      SizeBytes: 0,
      CreationTime: expect.any(Number),
    };
    expect(describeArchive()).toEqual({ ...summary, ArchiveArn: ARCHIVE, Description: 'd' });
    expect(bridge.call('ListArchives', { NamePrefix: 'al' }).Archives).toEqual([summary]);
    expect(bridge.call('ListArchives', { EventSourceArn: busArn('default') }).Archives).toHaveLength(1);
    expect(bridge.call('ListArchives', { State: 'DISABLED' }).Archives).toEqual([]);
    bridge.call('UpdateArchive', { ArchiveName: 'all', RetentionDays: 2, EventPattern: '{"source":["x"]}' });
    expect(describeArchive()).toMatchObject({ RetentionDays: 2, EventPattern: '{"source":["x"]}', Description: 'd' });
    bridge.call('DeleteArchive', { ArchiveName: 'all' });
    expect(bridge.call('ListArchives').Archives).toEqual([]);
  });

  it.each([
    [
      'CreateArchive',
      { ArchiveName: 'all', EventSourceArn: busArn('default') },
      'ResourceAlreadyExistsException',
      'Archive all already exists.',
    ],
    [
      'CreateArchive',
      { ArchiveName: 'b', EventSourceArn: busArn('none') },
      'ResourceNotFoundException',
      'Event bus none does not exist.',
    ],
    ['CreateArchive', { ArchiveName: 'b', EventSourceArn: 'default' }, 'ValidationException', 'EventSourceArn'],
    [
      'CreateArchive',
      { ArchiveName: 'b', EventSourceArn: busArn('default', SPOKE) },
      'ValidationException',
      'EventSourceArn',
    ],
    ['CreateArchive', { ArchiveName: 'x'.repeat(49), EventSourceArn: busArn('default') }, 'ValidationException', '48'],
    [
      'CreateArchive',
      { ArchiveName: 'b', EventSourceArn: busArn('default'), EventPattern: '{}' },
      'InvalidEventPatternException',
      'Empty',
    ],
    [
      'CreateArchive',
      { ArchiveName: 'b', EventSourceArn: busArn('default'), RetentionDays: -1 },
      'ValidationException',
      'retentionDays',
    ],
    ['DescribeArchive', { ArchiveName: 'none' }, 'ResourceNotFoundException', 'Archive none does not exist.'],
    ['UpdateArchive', { ArchiveName: 'none' }, 'ResourceNotFoundException', 'Archive none does not exist.'],
    ['DeleteArchive', { ArchiveName: 'none' }, 'ResourceNotFoundException', 'Archive none does not exist.'],
    ['ListArchives', { EventSourceArn: busArn('none') }, 'ResourceNotFoundException', 'Event bus none does not exist.'],
    ['ListArchives', { NamePrefix: 'a', State: 'ENABLED' }, 'ValidationException', 'At most one filter'],
  ])('%s %j is refused', (operation, input, code, message) => {
    create();
    const refusal = bridge.refusal(operation, input);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
  });

  it('keep the events of their bus that match, from when they are made', async () => {
    await bridge.put({ Source: 'kept' });
    create({ EventPattern: '{"source":[{"anything-but":"trellis"}]}' });
    await bridge.put({ Source: 'trellis' });
    await bridge.put({ Source: 'kept', Detail: '{"text":"ä"}' });
    await bridge.put({ Source: 'kept' }, SPOKE);
    expect(describeArchive().EventCount).toBe(1);
    expect(describeArchive().SizeBytes).toBeGreaterThan(180);
  });

  it('forget events that are past their retention', async () => {
    create({ RetentionDays: 1 });
    await bridge.put({});
    await bridge.clock.advance(43_200);
    await bridge.put({});
    await bridge.clock.advance(43_201);
    expect(describeArchive().EventCount).toBe(1);
    bridge.call('UpdateArchive', { ArchiveName: 'all', RetentionDays: 0 });
    await bridge.clock.advance(10 * 86_400);
    expect(describeArchive().EventCount).toBe(1);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function memoryInUse(): number {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

describe('what an archive stores', () => {
  it('comes back from its compressed blocks, in minutes, less what has expired', () => {
    const events = new ArchivedEvents();
    for (let at = 0; at < 1000; at++) events.add(`{"n":${at}}`, at * 1000, at);
    expect(events.count).toBe(1000);
    expect(events.minutes(30_000, 120_000)).toEqual([0, 60_000]);
    expect(events.ofMinute(0, 30_000, 120_000).map(({ text }) => JSON.parse(text).n)).toEqual(
      Array.from({ length: 30 }, (_, at) => 30 + at),
    );
    events.expire(699);
    expect(events.count).toBe(300);
    expect(events.bytes).toBe(300 * '{"n":999}'.length);
    expect(events.ofMinute(660_000, 0, 1e9).map(({ time }) => time)).toEqual(
      Array.from({ length: 20 }, (_, at) => 700_000 + at * 1000),
    );
    events.expire(10_000);
    expect([events.count, events.bytes, events.minutes(0, 1e9)]).toEqual([0, 0, []]);
  });

  it('takes a fraction of the events’ size', () => {
    const events = new ArchivedEvents();
    const detail = JSON.stringify({ metadata: { eventId: 'x'.repeat(36) }, data: { text: 'lorem ipsum '.repeat(80) } });
    const before = memoryInUse();
    for (let at = 0; at < 25_600; at++) events.add(`{"id":"${at}","detail":${detail}}`, at, at);
    const grown = memoryInUse() - before;
    expect(events.bytes).toBeGreaterThan(25_000_000);
    // Well below, whatever the collector has not come to yet.
    expect(grown).toBeLessThan(events.bytes / 2);
  });
});

describe('replays', () => {
  const start = (input: Wire = {}) =>
    bridge.call('StartReplay', {
      ReplayName: 'again',
      EventSourceArn: ARCHIVE,
      EventStartTime: T0,
      EventEndTime: T0 + 3600,
      Destination: { Arn: busArn('default') },
      ...input,
    });
  const describeReplay = (name = 'again') => bridge.call('DescribeReplay', { ReplayName: name });
  let inbox: string;

  beforeEach(() => {
    create();
    inbox = bridge.rule('inbox', { source: [{ prefix: '' }] }, { Arn: queue('inbox') });
    bridge.rule('other', { source: [{ prefix: '' }] }, { Arn: queue('other') });
  });
  const putAt = (seconds: number) => bridge.put({ Time: T0 + seconds, Detail: JSON.stringify({ seconds }) });
  const replayed = (target = 'inbox') =>
    bridge.delivered
      .filter(({ targetArn, event }) => targetArn === queue(target) && event['replay-name'])
      .map(({ event }) => event.detail.seconds);

  it('send the events of [start, end) to the bus again, minute after minute, marked and not archived again', async () => {
    for (const seconds of [125, -1, 61, 0, 3600, 3599, 62]) await putAt(seconds);
    const original = bridge.delivered.find(({ event }) => event.detail.seconds === 61)!.event;
    expect(start()).toEqual({
      ReplayArn: `arn:aws:events:us-east-1:${HUB}:replay/again`,
      State: 'STARTING',
      ReplayStartTime: expect.any(Number),
    });
    expect(describeReplay().State).toBe('STARTING');
    await bridge.activity.idle();
    expect(replayed()).toEqual([0, 61, 62, 125, 3599]);
    const again = bridge.delivered.find(({ event }) => event['replay-name'] && event.detail.seconds === 61)!.event;
    expect(again).toEqual({ ...original, 'replay-name': 'again' });
    expect(describeReplay()).toEqual({
      ReplayName: 'again',
      ReplayArn: `arn:aws:events:us-east-1:${HUB}:replay/again`,
      EventSourceArn: ARCHIVE,
      Destination: { Arn: busArn('default') },
      State: 'COMPLETED',
      EventStartTime: T0,
      EventEndTime: T0 + 3600,
      EventLastReplayedTime: T0 + 3599,
      ReplayStartTime: expect.any(Number),
      ReplayEndTime: expect.any(Number),
    });
    expect(describeArchive().EventCount).toBe(7);
  });

  it('go to chosen rules alone', async () => {
    await putAt(1);
    start({ Destination: { Arn: busArn('default'), FilterArns: [inbox] } });
    await bridge.activity.idle();
    expect([replayed('inbox'), replayed('other')]).toEqual([[1], []]);
  });

  it('are retried like other events, from their own start', async () => {
    await putAt(1);
    let fails = 1;
    bridge.answers.deliver = () => {
      if (fails-- > 0) throw new Error('down');
    };
    await bridge.clock.advance(2 * 86_400);
    start({ Destination: { Arn: busArn('default'), FilterArns: [inbox] } });
    await bridge.clock.advance(2);
    expect(replayed()).toEqual([1]);
  });

  it('stop when they are cancelled', async () => {
    for (let minute = 0; minute < 50; minute++) await putAt(minute * 60);
    start();
    let cancelled: Wire;
    bridge.answers.deliver = () => {
      cancelled ??= bridge.call('CancelReplay', { ReplayName: 'again' });
    };
    await bridge.activity.idle();
    expect(cancelled.State).toBe('CANCELLING');
    expect(describeReplay()).toMatchObject({ State: 'CANCELLED', EventLastReplayedTime: T0 });
    expect(replayed()).toEqual([0]);
    expect(bridge.refusal('CancelReplay', { ReplayName: 'again' }).code).toBe('IllegalStatusException');
  });

  it('run ten at once', async () => {
    await putAt(1);
    for (let at = 0; at < 10; at++) start({ ReplayName: `r${at}` });
    expect(() => start({ ReplayName: 'more' })).toThrow(expect.objectContaining({ code: 'LimitExceededException' }));
    await bridge.activity.idle();
    start({ ReplayName: 'more' });
    await bridge.activity.idle();
    expect(replayed()).toHaveLength(11);
  });

  it('are listed by prefix, state and archive, by page, for 90 days', async () => {
    for (const name of ['a1', 'a2', 'b1']) start({ ReplayName: name });
    await bridge.activity.idle();
    const names = (input: Wire) => bridge.call('ListReplays', input).Replays.map((replay: Wire) => replay.ReplayName);
    expect(names({ NamePrefix: 'a' })).toEqual(['a1', 'a2']);
    expect(names({ State: 'RUNNING' })).toEqual([]);
    expect(names({ EventSourceArn: ARCHIVE })).toHaveLength(3);
    const first = bridge.call('ListReplays', { Limit: 2 });
    expect(names({ NextToken: first.NextToken })).toEqual(['b1']);
    await bridge.clock.advance(90 * 86_400 + 1);
    expect(names({})).toEqual([]);
  });

  it.each([
    [{ Destination: { Arn: busArn('none') } }, 'ResourceNotFoundException', 'Event bus none does not exist.'],
    [{ Destination: { Arn: busArn('second') } }, 'ValidationException', 'Cross event bus replay is not permitted.'],
    [{ Destination: { Arn: queue('q') } }, 'ValidationException', 'Must contain an event bus ARN.'],
    [
      { Destination: { Arn: busArn('default'), FilterArns: ['arn:x'] } },
      'ResourceNotFoundException',
      'Rule arn:x does not exist',
    ],
    [{ EventSourceArn: `${ARCHIVE}x` }, 'ResourceNotFoundException', 'Archive allx does not exist.'],
    [{ EventSourceArn: 'all' }, 'ValidationException', 'Must contain an archive ARN.'],
    [{ EventEndTime: T0 }, 'ValidationException', 'EventStartTime must be before EventEndTime.'],
    [{ EventStartTime: undefined }, 'ValidationException', 'eventStartTime'],
    [{ EventStartTime: 'then' }, 'ValidationException', 'EventStartTime'],
    [{ ReplayName: 'first' }, 'ResourceAlreadyExistsException', 'Replay first already exists.'],
  ])('%j is refused', async (input, code, message) => {
    bridge.call('CreateEventBus', { Name: 'second' });
    start({ ReplayName: 'first' });
    await bridge.activity.idle();
    expect(() => start(input)).toThrow(expect.objectContaining({ code }));
    expect(() => start(input)).toThrow(message);
  });

  it('that are not there are refused', () => {
    expect(bridge.refusal('DescribeReplay', { ReplayName: 'none' }).message).toBe('Replay none does not exist.');
    expect(bridge.refusal('CancelReplay', { ReplayName: 'none' }).code).toBe('ResourceNotFoundException');
  });
});
