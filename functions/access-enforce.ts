/**
 * Does what is due for a request: provisions it, tells of its end, ends it, takes it away. The only function that grants and revokes.
 *
 * Trigger: the state machines, with `{ requestId }`; and the enforce queue, with what the sweep found due or what cannot wait. Touches: the
 * ledger, Lake Formation and RAM in the hub, links in consumers' catalogs, the buses.
 */
import type { Context, SQSEvent } from 'aws-lambda';
import { doWork } from '../shared/access/do-work.ts';
import { enforceRequest } from '../shared/access/enforce-request.ts';
import type { DueItem } from '../shared/access/ledger.ts';
import { enforceServices } from '../shared/lambda/enforce-services.ts';
import { onQueue } from '../shared/lambda/on-queue.ts';

const services = enforceServices();
const onWork = onQueue(async (record, context) => doWork(await services(context), JSON.parse(record.body) as DueItem));

export const handler = async (event: SQSEvent | { requestId: string }, context: Context) =>
  'requestId' in event ? enforceRequest(await services(context), event.requestId) : onWork(event, context);
