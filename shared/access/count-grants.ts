import type { Measure } from '../telling/measure.ts';
import type { Instant } from './access-request.ts';

export interface CountServices {
  /** Reads all that something is due for, now or later: too much for each minute. */
  countGrants(): Promise<number>;
  measure: Measure;
  now(): Instant;
  report(message: string, fault: unknown): void;
}

/** Counts the active grants, in the first minute of an hour. Does not throw: what is measured does not depend on it. */
export async function countGrantsHourly({ countGrants, measure, now, report }: CountServices): Promise<void> {
  if (new Date(now()).getUTCMinutes() !== 0) return;
  try {
    measure('ActiveGrants', await countGrants());
  } catch (fault) {
    report('The active grants could not be counted', fault);
  }
}
