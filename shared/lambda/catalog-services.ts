import { CatalogLedger } from '../aws/catalog-ledger.ts';
import { GlueCentralTables } from '../aws/central-tables.ts';
import { documentClient, eventBridgeClient, glueClient, spokeCredentials, spokeGlue } from '../aws/clients.ts';
import { EventBridgeAnnouncer } from '../aws/event-announcer.ts';
import { MeshTable } from '../aws/mesh-table.ts';
import { OutboxTable } from '../aws/outbox-table.ts';
import { GlueProducerCatalog } from '../aws/producer-catalog.ts';
import { ReconcileLedger } from '../aws/run-ledger.ts';
import type { RemovalServices } from '../catalog/remove-table.ts';
import { SeenTables } from '../catalog/seen-tables.ts';
import type { RunLedger } from '../reconcile/reconcile-ports.ts';
import { meshCache } from './applied-mesh-cache.ts';
import { now } from './clock.ts';
import { hubSettings, setting } from './environment.ts';
import { report } from './logger.ts';
import { measure } from './metrics.ts';

/**
 * What syncing the catalog needs, made once for each process; the mesh is looked up for each call.
 * @param remembered tables that the process remembers to be in step
 */
export function catalogServices(remembered?: number): () => Promise<RemovalServices & { runs: RunLedger }> {
  const ledgerTable = setting('LEDGER_TABLE');
  const documents = documentClient();
  const mesh = meshCache(new MeshTable(documents, ledgerTable));
  const ledger = new CatalogLedger(documents, ledgerTable, now);
  const services = {
    producers: new GlueProducerCatalog(spokeGlue(spokeCredentials('trellis-catalog'))),
    central: new GlueCentralTables(glueClient()),
    activity: ledger,
    keptOut: ledger,
    removals: ledger,
    due: ledger.due,
    grants: ledger.grants,
    outbox: new OutboxTable(documents, ledgerTable, now),
    announcer: new EventBridgeAnnouncer(eventBridgeClient(), hubSettings(), report),
    seen: new SeenTables(remembered),
    runs: new ReconcileLedger(documents, ledgerTable, now),
    measure,
    now,
  };
  return async () => ({ ...services, mesh: (await mesh()).mesh });
}
