import type { ToldEvent } from './told-event.ts';

/** Events that are part of what happened and not yet told. */
export interface Outbox {
  load(eventId: string): Promise<ToldEvent | undefined>;
  /** Forgets events that were told. */
  clear(eventIds: readonly string[]): Promise<void>;
  /** Keeps an event with the destinations that are left, for the sweep to tell. */
  keep(event: ToldEvent): Promise<void>;
}

/** Puts events on buses. */
export interface Announcer {
  /** @returns the events that did not reach every destination, with those that are left. */
  announce(events: readonly ToldEvent[]): Promise<ToldEvent[]>;
}

/** Tells events that were committed, and forgets those that were told. What is left waits for the sweep: an event may be told twice, never not at all. */
export async function tell(
  { outbox, announcer }: { outbox: Outbox; announcer: Announcer },
  events: readonly ToldEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const left = await announcer.announce(events);
  const told = events.map(event => event.eventId).filter(eventId => !left.some(event => event.eventId === eventId));
  await Promise.all([told.length > 0 ? outbox.clear(told) : undefined, ...left.map(event => outbox.keep(event))]);
}
