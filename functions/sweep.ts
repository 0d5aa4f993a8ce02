/**
 * Every minute: finds all that is due (ends that have come, requests and pairs that somebody left half-way, events that were not told) and
 * hands it to the enforce queue. Needs no state machine to be alive.
 *
 * Trigger: a schedule. Touches: the ledger's index of what is due (reads), the enforce queue.
 */
import { sweep } from '../shared/access/sweep.ts';
import { sweepServices } from '../shared/lambda/sweep-services.ts';

const services = sweepServices();

export const handler = async () => sweep(services);
