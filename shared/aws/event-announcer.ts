import { setImmediate } from 'node:timers/promises';
import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { SCHEMA_VERSION } from '../../events/schema-version.ts';
import type { Announcer } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { isError } from './aws-errors.ts';

/** Source: EventBridge API reference, PutEvents: 10 entries, 256 KB over all of them. The rest is left to the entries' other members. */
const ENTRIES_A_CALL = 10;
const DETAIL_CHARACTERS_A_CALL = 200_000;

/** Faults that no bus is the reason for: to try each by itself would not help, and what waits behind would wait longer. The SDK has tried again. */
const OF_NO_BUS = ['ThrottlingException', 'InternalException', 'TimeoutError'];

interface Addressed {
  event: ToldEvent;
  destination: string;
}

interface Waiting extends Addressed {
  /** @param isPut whether it reached its bus */
  settle(isPut: boolean): void;
}

/**
 * Puts events on the hub's bus and on the default buses of accounts. One call at a time: what is announced meanwhile, of other work of the same
 * process, goes with the next.
 */
export class EventBridgeAnnouncer implements Announcer {
  readonly #client: EventBridgeClient;
  readonly #busName: string;
  readonly #region: string;
  readonly #hubAccount: string;
  readonly #report: (message: string, fault: unknown) => void;
  readonly #waiting: Waiting[] = [];
  #isPutting = false;

  constructor(
    client: EventBridgeClient,
    hub: { busName: string; region: string; account: string },
    report: (message: string, fault: unknown) => void,
  ) {
    this.#client = client;
    this.#busName = hub.busName;
    this.#region = hub.region;
    this.#hubAccount = hub.account;
    this.#report = report;
  }

  async announce(events: readonly ToldEvent[]): Promise<ToldEvent[]> {
    // What concerns the hub's own account is on the hub's bus, and on no other there.
    const addressed = events.flatMap(event =>
      event.destinations
        .filter(destination => destination !== this.#hubAccount)
        .map(destination => ({ event, destination })),
    );
    const isPut = await Promise.all(addressed.map(one => this.#putInTurn(one)));
    const left = addressed.filter((_, index) => !isPut[index]);
    const unreached = Map.groupBy(left, ({ event }) => event);
    return [...unreached].map(([event, entries]) => ({
      ...event,
      destinations: entries.map(entry => entry.destination),
    }));
  }

  #putInTurn(addressed: Addressed): Promise<boolean> {
    return new Promise(settle => {
      this.#waiting.push({ ...addressed, settle });
      void this.#putWaiting();
    });
  }

  async #putWaiting(): Promise<void> {
    if (this.#isPutting) return;
    this.#isPutting = true;
    // Work that goes on side by side comes here in the same turn of the event loop.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const call = takeCall(this.#waiting);
      const left = new Set(await this.#put(call));
      for (const one of call) one.settle(!left.has(one));
    }
    this.#isPutting = false;
  }

  /** One bus that refuses makes the whole call fail: then each destination is tried by itself. @returns what was not put */
  async #put<T extends Addressed>(addressed: T[]): Promise<T[]> {
    try {
      const { Entries = [] } = await this.#client.send(
        new PutEventsCommand({ Entries: addressed.map(one => this.#entry(one)) }),
      );
      const failed = addressed.filter((_, index) => Entries[index]?.ErrorCode !== undefined);
      for (const { event, destination } of failed)
        this.#report(`${event.type} did not reach ${destination}`, event.eventId);
      return failed;
    } catch (error) {
      if (addressed.length > 1 && !isError(error, ...OF_NO_BUS))
        return (await Promise.all(addressed.map(one => this.#put([one])))).flat();
      for (const { event, destination } of addressed) this.#report(`${event.type} did not reach ${destination}`, error);
      return addressed;
    }
  }

  #entry({ event, destination }: Addressed): PutEventsRequestEntry {
    const { eventId, occurredAt, type, data } = event;
    return {
      Source: 'trellis',
      DetailType: type,
      Detail: JSON.stringify({ metadata: { eventId, occurredAt, schemaVersion: SCHEMA_VERSION }, data }),
      EventBusName:
        destination === 'hub' ? this.#busName : `arn:aws:events:${this.#region}:${destination}:event-bus/default`,
    };
  }
}

/** Takes from the front of what waits, which is not empty, as much as one call may hold. */
function takeCall(waiting: Waiting[]): Waiting[] {
  let room = DETAIL_CHARACTERS_A_CALL;
  let count = 0;
  for (const { event } of waiting) {
    room -= JSON.stringify(event.data).length;
    if (count === ENTRIES_A_CALL || (count > 0 && room < 0)) break;
    count++;
  }
  return waiting.splice(0, count);
}
