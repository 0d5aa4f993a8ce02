import { measureDue } from '../access/measure-due.ts';
import { steadyDynamoClient } from '../aws/clients.ts';
import { countRequests, DueIndex } from '../aws/due-index.ts';
import { sqsClient } from '../aws/sqs-client.ts';
import { SqsWorkQueue } from '../aws/work-queue.ts';
import { now } from './clock.ts';
import { setting } from './environment.ts';
import { report } from './logger.ts';
import { measure } from './metrics.ts';

/** What the sweep needs. */
export function sweepServices() {
  const dynamo = steadyDynamoClient();
  const ledgerTable = setting('LEDGER_TABLE');
  return {
    ledger: new DueIndex(dynamo, ledgerTable, (found, at) => measureDue(measure, found, at)),
    queue: new SqsWorkQueue(sqsClient(), {
      enforce: setting('ENFORCE_QUEUE_URL'),
      catalog: setting('CATALOG_QUEUE_URL'),
    }),
    countGrants: () => countRequests(dynamo, ledgerTable, ['approved', 'granted']),
    measure,
    now,
    report,
  };
}
