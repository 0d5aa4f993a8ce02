import { steadyDynamoClient } from '../aws/clients.ts';
import { DueIndex } from '../aws/due-index.ts';
import { sqsClient } from '../aws/sqs-client.ts';
import { SqsWorkQueue } from '../aws/work-queue.ts';
import { now } from './clock.ts';
import { setting } from './environment.ts';

/** What the sweep needs. */
export function sweepServices() {
  return {
    ledger: new DueIndex(steadyDynamoClient(), setting('LEDGER_TABLE')),
    queue: new SqsWorkQueue(sqsClient(), {
      enforce: setting('ENFORCE_QUEUE_URL'),
      catalog: setting('CATALOG_QUEUE_URL'),
    }),
    now,
  };
}
