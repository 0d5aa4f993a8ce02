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
  return { eventId, type, occurredAt, destinations: ['hub', ...new Set(accounts)], data: withFewReasons(data) };
}

/** An event that is larger than 256 KB is never taken. Source: PutEvents, EventBridge API Reference. Columns have their part of it. */
const MOST_OF_REASONS = 80_000;

function withFewReasons<T extends object>(data: T): T {
  const { reasons }: { reasons?: string[] } = data;
  return reasons ? { ...data, reasons: fewReasons(reasons) } : data;
}

/** As many of the reasons as an event, and the ledger's item of a request, have room for: a thousand columns can each have their own. */
export function fewReasons(reasons: string[]): string[] {
  let room = MOST_OF_REASONS;
  const first = reasons.findIndex(reason => {
    room -= Buffer.byteLength(JSON.stringify(reason));
    return room < 0;
  });
  if (first === -1) return reasons;
  return [...reasons.slice(0, first), `And ${reasons.length - first} more reasons of this kind.`];
}
