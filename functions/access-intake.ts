/**
 * Somebody asks for access, decides on it, or takes it back. Decides what that does, records it once, and sets the request on its way.
 *
 * Trigger: the access queue, which the hub's bus fills with events of source `trellis.access`. Touches: the ledger, the central catalog
 * (reads), the state machine `access-request`, the enforce queue, the buses. Grants nothing itself.
 */
import { envelope } from '../events/envelope.ts';
import { eventIdOf } from '../shared/access/refuse-event.ts';
import { takeAccessEvent } from '../shared/access/take-access-event.ts';
import { beginReading } from '../shared/access/take-request.ts';
import { intakeServices } from '../shared/lambda/intake-services.ts';
import { onQueue } from '../shared/lambda/on-queue.ts';
import { onceFor } from '../shared/lambda/once-for.ts';

const services = intakeServices();
const once = onceFor('access-intake');

export const handler = onQueue(async (record, context) => {
  const event = envelope.parse(JSON.parse(record.body));
  const ready = await services();
  // The reads and the record of this delivery do not wait for each other.
  const begun = beginReading(ready, event);
  begun?.catch(() => {});
  await once(`${event.account}#${eventIdOf(event)}`, context, () => takeAccessEvent(ready, event, begun));
});
