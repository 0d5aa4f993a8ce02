import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { SCHEMA_VERSION } from '../../events/schema-version.ts';
import type { Announcer } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';

/** Source: EventBridge API reference, PutEvents: 10 entries, 256 KB over all of them. The rest is left to the entries' other members. */
const ENTRIES_A_CALL = 10;
const DETAIL_CHARACTERS_A_CALL = 200_000;

interface Addressed {
  event: ToldEvent;
  destination: string;
}

/** Puts events on the hub's bus and on the default buses of accounts. */
export class EventBridgeAnnouncer implements Announcer {
  readonly #client: EventBridgeClient;
  readonly #busName: string;
  readonly #region: string;
  readonly #report: (message: string, fault: unknown) => void;

  constructor(
    client: EventBridgeClient,
    hub: { busName: string; region: string },
    report: (message: string, fault: unknown) => void,
  ) {
    this.#client = client;
    this.#busName = hub.busName;
    this.#region = hub.region;
    this.#report = report;
  }

  async announce(events: readonly ToldEvent[]): Promise<ToldEvent[]> {
    const addressed = events.flatMap(event => event.destinations.map(destination => ({ event, destination })));
    const left: Addressed[] = [];
    for (const call of calls(addressed)) left.push(...(await this.#put(call)));
    const unreached = Map.groupBy(left, ({ event }) => event);
    return [...unreached].map(([event, entries]) => ({
      ...event,
      destinations: entries.map(entry => entry.destination),
    }));
  }

  /** One bus that refuses makes the whole call fail: then each destination is tried by itself. @returns what was not put */
  async #put(addressed: Addressed[]): Promise<Addressed[]> {
    try {
      const { Entries = [] } = await this.#client.send(
        new PutEventsCommand({ Entries: addressed.map(one => this.#entry(one)) }),
      );
      const failed = addressed.filter((_, index) => Entries[index]?.ErrorCode !== undefined);
      for (const { event, destination } of failed)
        this.#report(`${event.type} did not reach ${destination}`, event.eventId);
      return failed;
    } catch (error) {
      const [only, ...others] = addressed;
      if (!only || others.length === 0) {
        this.#report(`${only?.event.type} did not reach ${only?.destination}`, error);
        return addressed;
      }
      const left: Addressed[] = [];
      for (const one of addressed) left.push(...(await this.#put([one])));
      return left;
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

function calls(addressed: readonly Addressed[]): Addressed[][] {
  const all: Addressed[][] = [];
  let room = 0;
  for (const one of addressed) {
    const size = JSON.stringify(one.event.data).length;
    const current = all.at(-1);
    if (current && current.length < ENTRIES_A_CALL && size <= room) {
      current.push(one);
      room -= size;
    } else {
      all.push([one]);
      room = DETAIL_CHARACTERS_A_CALL - size;
    }
  }
  return all;
}
