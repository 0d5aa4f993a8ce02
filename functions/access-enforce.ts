/**
 * Does what is due for a request: provisions it, tells of its end, ends it, takes it away. The only function that grants and revokes.
 *
 * Trigger: the state machines, with `{ requestId, table? }`; and the enforce queue, with what the sweep found due or what cannot wait. Touches: the
 * ledger, Lake Formation and RAM in the hub, links in consumers' catalogs, the buses.
 */
import type { Context, SQSEvent } from 'aws-lambda';
import { doWork } from '../shared/access/do-work.ts';
import { enforceRequest } from '../shared/access/enforce-request.ts';
import type { DueItem } from '../shared/access/ledger.ts';
import { enforceServices } from '../shared/lambda/enforce-services.ts';
import { onInvoke } from '../shared/lambda/on-invoke.ts';
import { onQueue } from '../shared/lambda/on-queue.ts';

interface Step {
  requestId: string;
  /** Whose permissions change now, as far as the machine knows. */
  table?: string;
}

const services = enforceServices();

// The next minute's sweep hands over what failed: sooner tries would only wear out the message, and call for people too early.
const onWork = onQueue(
  async (record, context) => doWork(await services(context), JSON.parse(record.body) as DueItem),
  'by-itself',
);
const onStep = onInvoke(async ({ requestId, table }: Step, context) =>
  enforceRequest(await services(context), requestId, table),
);

export const handler = async (event: SQSEvent | Step, context: Context) =>
  'requestId' in event ? onStep(event, context) : onWork(event, context);
