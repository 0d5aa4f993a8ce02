import type { ToldEvent } from './told-event.ts';

/** Events that are part of what happened and not yet told. */
export interface Outbox {
  load(eventId: string): Promise<ToldEvent | undefined>;
  /** Forgets events that were told. */
  clear(eventIds: readonly string[]): Promise<void>;
}

/** Puts events on the hub's bus and on the accounts' default buses. */
export interface Announcer {
  /** @returns the ids of the events that did not reach every bus: they stay in the outbox, and the sweep tells them. */
  announce(events: readonly ToldEvent[]): Promise<{ failed: string[] }>;
}

/** Tells events that were committed, and forgets those that were told. What fails waits for the sweep: a told event may come twice, never not at all. */
export async function tell({ outbox, announcer }: { outbox: Outbox; announcer: Announcer }, events: readonly ToldEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { failed } = await announcer.announce(events);
  const told = events.map(event => event.eventId).filter(eventId => !failed.includes(eventId));
  if (told.length > 0) await outbox.clear(told);
}
