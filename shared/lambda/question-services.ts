import { documentClient } from '../aws/clients.ts';
import { LedgerTable } from '../aws/ledger-table.ts';
import { wakeMachine } from '../aws/request-processes.ts';
import { sfnClient } from '../aws/sfn-client.ts';
import { setting } from './environment.ts';

/** What keeping a waiting machine's token needs. */
export function questionServices() {
  const sfn = sfnClient();
  return {
    ledger: new LedgerTable(documentClient(), setting('LEDGER_TABLE')),
    processes: { wake: (taskToken: string) => wakeMachine(sfn, taskToken) },
  };
}
