/**
 * Somebody asks for access, decides on it, or takes it back. Decides what that does, records it once, and sets the request on its way.
 *
 * Trigger: the access queue, which the hub's bus fills with events of source `trellis.access`, and the surplus queue, to which this function puts what
 * an account has sent beyond its share. Touches: the ledger, the central catalog (reads), the state machine `access-request`, the enforce queue, the
 * buses. Grants nothing itself.
 */
import { envelope } from '../events/envelope.ts';
import { FairShare, senderOf } from '../shared/access/fair-share.ts';
import { eventIdOf } from '../shared/access/refuse-event.ts';
import { takeAccessEvent } from '../shared/access/take-access-event.ts';
import { beginReading } from '../shared/access/take-request.ts';
import { sqsClient } from '../shared/aws/sqs-client.ts';
import { SurplusQueue } from '../shared/aws/surplus-queue.ts';
import { setting } from '../shared/lambda/environment.ts';
import { intakeServices } from '../shared/lambda/intake-services.ts';
import { onQueue } from '../shared/lambda/on-queue.ts';
import { onceFor } from '../shared/lambda/once-for.ts';

const services = intakeServices();
const once = onceFor('access-intake');
const surplus = new SurplusQueue(sqsClient(), setting('SURPLUS_QUEUE_URL'));
/** Ten processes at the most: an account has at most 100 events of a kind taken at once, and as many each minute after. */
const share = new FairShare(10, 60_000);

export const handler = onQueue(async (record, context) => {
  const event = envelope.parse(JSON.parse(record.body));
  if (!surplus.isSource(record.eventSourceARN) && !share.takes(senderOf(event), Date.now()))
    return surplus.put(record.body, event.account);
  const ready = await services();
  // The reads and the record of this delivery do not wait for each other.
  const begun = beginReading(ready, event);
  begun?.catch(() => {});
  await once(`${event.account}#${eventIdOf(event)}`, context, () => takeAccessEvent(ready, event, begun));
});
