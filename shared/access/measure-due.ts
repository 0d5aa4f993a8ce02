import type { Measure } from '../telling/measure.ts';
import type { Instant } from './access-request.ts';
import type { DueItem } from './ledger.ts';

/** Something that the sweep found due, and since when. */
export interface FoundDue {
  item: DueItem;
  dueAt: Instant;
  /** Of a request. */
  status: string | undefined;
}

/** What a sweep before this one has handed over. */
const HANDED_OVER_MILLISECONDS = 60_000;

/** How long a pair may take: the faults of a service pass, and the lease of who died over it. */
const SETTLING_MILLISECONDS = 300_000;

/** Measures what has been due for so long that it should not be any more: access past its end, and pairs that do not settle. */
export function measureDue(measure: Measure, { item, dueAt, status }: FoundDue, now: Instant): void {
  const milliseconds = Date.parse(now) - Date.parse(dueAt);
  if (
    item.kind === 'request' &&
    (status === 'ending' || status === 'granted') &&
    milliseconds > HANDED_OVER_MILLISECONDS
  )
    measure('RevocationLatenessMilliseconds', milliseconds);
  if (item.kind === 'pair' && milliseconds >= SETTLING_MILLISECONDS) measure('UnsettledPairs', 1);
}
