import { documentClient, sqsClient } from '../aws/clients.ts';
import { LedgerTable } from '../aws/ledger-table.ts';
import { SqsWorkQueue } from '../aws/work-queue.ts';
import { now } from './clock.ts';
import { setting } from './environment.ts';

/** What the sweep needs. */
export function sweepServices() {
  return {
    ledger: new LedgerTable(documentClient(), setting('LEDGER_TABLE')),
    queue: new SqsWorkQueue(sqsClient(), setting('ENFORCE_QUEUE_URL')),
    now,
  };
}
