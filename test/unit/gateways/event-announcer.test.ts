import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EventBridgeAnnouncer } from '../../../shared/aws/event-announcer.ts';
import { type ToldEvent, toldEvent } from '../../../shared/telling/told-event.ts';
import { NOW } from '../catalog/world.ts';
import { fault } from './faults.ts';

const bus = mockClient(EventBridgeClient);
const report = vi.fn();
const hub = { busName: 'trellis-local', region: 'us-east-1', account: '111111111111' };
const announcer = new EventBridgeAnnouncer(new EventBridgeClient(), hub, report);

beforeEach(() => {
  bus.reset();
  report.mockClear();
});

function synced(table: string, ...accounts: string[]): ToldEvent {
  const data = { domain: 'aviation', database: 'aviation_ops', table, changes: ['columns'] };
  return toldEvent('Catalog Table Synced', [table], NOW, accounts, data);
}

function sizes(): (number | undefined)[] {
  return bus.commandCalls(PutEventsCommand).map(call => call.args[0].input.Entries?.length);
}

const fine = { EventId: '1' };

describe('telling an event', () => {
  it("puts it on the hub's bus and on the default bus of each account", async () => {
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [fine, fine] });
    const event = synced('flights', '222222222222');
    expect(await announcer.announce([event])).toEqual([]);
    const shared = {
      Source: 'trellis',
      DetailType: 'Catalog Table Synced',
      Detail: JSON.stringify({
        metadata: { eventId: event.eventId, occurredAt: NOW, schemaVersion: '1.0' },
        data: event.data,
      }),
    };
    expect(bus).toHaveReceivedCommandExactlyOnceWith(PutEventsCommand, {
      Entries: [
        { ...shared, EventBusName: 'trellis-local' },
        { ...shared, EventBusName: 'arn:aws:events:us-east-1:222222222222:event-bus/default' },
      ],
    });
    expect(report).not.toHaveBeenCalled();
  });

  it("puts what concerns the hub's own account on the hub's bus alone", async () => {
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [fine] });
    expect(await announcer.announce([synced('flights', '111111111111')])).toEqual([]);
    expect(sizes()).toEqual([1]);
    expect(await announcer.announce([{ ...synced('flights'), destinations: ['111111111111'] }])).toEqual([]);
    expect(sizes()).toEqual([1]);
  });

  it('costs no call where there is nothing to tell', async () => {
    expect(await announcer.announce([])).toEqual([]);
    expect(bus).not.toHaveReceivedAnyCommand();
  });

  it('takes ten entries a call', async () => {
    bus.on(PutEventsCommand).resolves({});
    await announcer.announce(Array.from({ length: 21 }, (_, index) => synced(`t${index}`)));
    expect(sizes()).toEqual([10, 10, 1]);
  });

  it('keeps a call below what EventBridge takes', async () => {
    bus.on(PutEventsCommand).resolves({});
    await announcer.announce(['a', 'b', 'c'].map(letter => synced(letter.repeat(90_000))));
    expect(sizes()).toEqual([2, 1]);
  });
});

describe('what is announced side by side', () => {
  it('goes out together', async () => {
    bus.on(PutEventsCommand).resolves({});
    await Promise.all(['a', 'b', 'c'].map(table => announcer.announce([synced(table, '222222222222')])));
    expect(sizes()).toEqual([6]);
  });

  it('waits while a call is under way, and goes with the next', async () => {
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<object>();
    bus.on(PutEventsCommand).callsFake(() => {
      begun.resolve();
      return answer.promise;
    });
    const first = announcer.announce([synced('a')]);
    await begun.promise;
    const others = ['b', 'c'].map(table => announcer.announce([synced(table)]));
    await new Promise(setImmediate);
    expect(sizes()).toEqual([1]);
    answer.resolve({});
    await Promise.all([first, ...others]);
    expect(sizes()).toEqual([1, 2]);
  });

  it('learns each for itself what did not reach a bus', async () => {
    const failed = { ErrorCode: 'InternalFailure', ErrorMessage: 'try again' };
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries: [fine, failed] });
    const [one, other] = [synced('flights'), synced('weather')];
    expect(await Promise.all([announcer.announce([one]), announcer.announce([other])])).toEqual([[], [other]]);
  });
});

describe('what did not reach a bus', () => {
  it('is given back with the destinations that are left, and reported', async () => {
    const failed = { ErrorCode: 'InternalFailure', ErrorMessage: 'try again' };
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 2, Entries: [fine, failed, failed, fine] });
    const one = synced('flights', '222222222222');
    const other = synced('weather', '333333333333');
    expect(await announcer.announce([one, other])).toEqual([
      { ...one, destinations: ['222222222222'] },
      { ...other, destinations: ['hub'] },
    ]);
    expect(report).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledWith('Catalog Table Synced did not reach 222222222222', one.eventId);
  });

  it('is found out one by one when a bus refuses the whole call', async () => {
    bus.on(PutEventsCommand).callsFake(({ Entries }) => {
      const names: string[] = Entries.map((entry: { EventBusName: string }) => entry.EventBusName);
      if (names.some(name => name.includes('222222222222'))) throw fault('AccessDeniedException');
      return { FailedEntryCount: 0, Entries: names.map(() => fine) };
    });
    const one = synced('flights', '222222222222');
    const other = synced('weather', '333333333333');
    expect(await announcer.announce([one, other])).toEqual([{ ...one, destinations: ['222222222222'] }]);
    expect(sizes()).toEqual([4, 1, 1, 1, 1]);
    expect(report).toHaveBeenCalledTimes(1);
  });

  it('is everything while EventBridge throttles: no fault stops who tells', async () => {
    bus.on(PutEventsCommand).rejects(fault('ThrottlingException'));
    const events = [synced('flights', '222222222222'), synced('weather')];
    expect(await announcer.announce(events)).toEqual(events);
    expect(sizes()).toEqual([3]);
  });
});
