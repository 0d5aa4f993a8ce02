import type { TakeServices } from '../access/take-services.ts';
import { GlueCentralCatalog } from '../aws/central-catalog.ts';
import { documentClient, eventBridgeClient, glueClient } from '../aws/clients.ts';
import { EventBridgeAnnouncer } from '../aws/event-announcer.ts';
import { LeavingNowTable } from '../aws/leaving-now.ts';
import { LedgerTable } from '../aws/ledger-table.ts';
import { MeshTable } from '../aws/mesh-table.ts';
import { OutboxTable } from '../aws/outbox-table.ts';
import { StepFunctionsProcesses } from '../aws/request-processes.ts';
import { sfnClient } from '../aws/sfn-client.ts';
import { sqsClient } from '../aws/sqs-client.ts';
import { meshCache } from './applied-mesh-cache.ts';
import { now } from './clock.ts';
import { hubSettings, setting } from './environment.ts';
import { report } from './logger.ts';
import { measure } from './metrics.ts';
import { policyCache } from './policy-cache.ts';

/** What taking access events needs, made once for each process; the mesh and its policies are looked up for each call. */
export function intakeServices(): () => Promise<TakeServices> {
  const ledgerTable = setting('LEDGER_TABLE');
  const documents = documentClient();
  const mesh = meshCache(new MeshTable(documents, ledgerTable));
  const policies = policyCache();
  const processes = { stateMachineArn: setting('ACCESS_REQUEST_MACHINE'), queueUrl: setting('ENFORCE_QUEUE_URL') };
  const services = {
    ledger: new LedgerTable(documents, ledgerTable),
    leaving: new LeavingNowTable(documents, ledgerTable),
    catalog: new GlueCentralCatalog(glueClient()),
    outbox: new OutboxTable(documents, ledgerTable, now),
    announcer: new EventBridgeAnnouncer(eventBridgeClient(), hubSettings(), report),
    directDecisions: setting('DIRECT_DECISIONS').split(' '),
    processes: new StepFunctionsProcesses(sfnClient(), sqsClient(), processes),
    now,
    measure,
  };
  return async () => {
    const applied = await mesh();
    return { ...services, mesh: applied.mesh, policies: policies(applied) };
  };
}
