/**
 * Every minute: finds all that is due (ends that have come, requests and pairs that somebody left half-way, grants to be decided again, events that
 * were not told) and hands it to the enforce queue, or to the catalog queue where it is for the catalog's writer. Needs no state machine to be alive. Measures what should not be due any more, and once an hour how many grants there are.
 *
 * Trigger: a schedule. Touches: the ledger's index of what is due (reads), the enforce and the catalog queue.
 */
import { countGrantsHourly } from '../shared/access/count-grants.ts';
import { sweep } from '../shared/access/sweep.ts';
import { onInvoke } from '../shared/lambda/on-invoke.ts';
import { sweepServices } from '../shared/lambda/sweep-services.ts';

const services = sweepServices();

export const handler = onInvoke(async () => {
  const swept = await sweep(services);
  await countGrantsHourly(services);
  return swept;
});
