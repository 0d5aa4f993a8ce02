import { createHash } from 'node:crypto';
import type { ToldData, ToldType } from '../../events/told.ts';

/** An event of ours that waits in the outbox to be told: to the hub's bus, and to the default bus of each account that it concerns. */
export interface ToldEvent<T extends ToldType = ToldType> {
  /** Derived from what happened: the same happening has the same one. */
  eventId: string;
  type: T;
  occurredAt: string;
  data: ToldData<T>;
  /** The buses that it has yet to reach: `hub`, the hub's own, or an account, for that account's default bus. */
  destinations: string[];
}

/**
 * An event to tell: on the hub's bus, and on the default bus of each account that it concerns.
 * @param happening what identifies the happening, for example a request id and its version
 */
export function toldEvent<T extends ToldType>(
  type: T,
  happening: readonly (string | number)[],
  occurredAt: string,
  accounts: readonly string[],
  data: ToldData<T>,
): ToldEvent<T> {
  const eventId = createHash('sha256')
    .update(JSON.stringify([type, ...happening]))
    .digest('hex')
    .slice(0, 32);
  return { eventId, type, occurredAt, destinations: ['hub', ...new Set(accounts)], data };
}
