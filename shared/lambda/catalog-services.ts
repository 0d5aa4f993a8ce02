import type { Context } from 'aws-lambda';
import { CatalogLedger } from '../aws/catalog-ledger.ts';
import { GlueCentralTables } from '../aws/central-tables.ts';
import { documentClient, eventBridgeClient, glueClient, spokeCredentials, spokeGlue } from '../aws/clients.ts';
import { DepartingTablesLedger } from '../aws/departing-tables.ts';
import { EventBridgeAnnouncer } from '../aws/event-announcer.ts';
import { MeshTable } from '../aws/mesh-table.ts';
import { OutboxTable } from '../aws/outbox-table.ts';
import { GlueProducerCatalog } from '../aws/producer-catalog.ts';
import { ReconcileLedger } from '../aws/run-ledger.ts';
import type { OffboardTablesServices } from '../catalog/offboard-tables.ts';
import { SeenTables } from '../catalog/seen-tables.ts';
import type { RunLedger } from '../reconcile/reconcile-ports.ts';
import { meshCache } from './applied-mesh-cache.ts';
import { now } from './clock.ts';
import { hubSettings, setting } from './environment.ts';
import { report } from './logger.ts';
import { measure } from './metrics.ts';

/**
 * What syncing the catalog needs, made once for each process; the mesh is looked up for each call.
 * @param remembered places in which the process remembers tables that are in step; 0 for who looks at each table anyway
 */
export function catalogServices(
  remembered?: number,
): (context: Context) => Promise<OffboardTablesServices & { runs: RunLedger }> {
  const ledgerTable = setting('LEDGER_TABLE');
  const documents = documentClient();
  const meshTable = new MeshTable(documents, ledgerTable);
  const mesh = meshCache(meshTable);
  const ledger = new CatalogLedger(documents, ledgerTable, now);
  const services = {
    producers: new GlueProducerCatalog(spokeGlue(spokeCredentials('trellis-catalog'))),
    central: new GlueCentralTables(glueClient(), domain => meshTable.hasDomain(domain)),
    activity: ledger,
    keptOut: ledger,
    removals: ledger,
    due: ledger.due,
    grants: ledger.grants,
    departing: new DepartingTablesLedger(documents, ledgerTable, now),
    report,
    outbox: new OutboxTable(documents, ledgerTable, now),
    announcer: new EventBridgeAnnouncer(eventBridgeClient(), hubSettings(), report),
    runs: new ReconcileLedger(documents, ledgerTable, now),
    measure,
    now,
  };
  let seen = new SeenTables(remembered);
  let seenUnder: string | undefined;
  return async context => {
    const applied = await mesh();
    // What was in step may have left with its domain since, and come back with it.
    if (applied.appliedAt !== seenUnder) seen = new SeenTables(remembered);
    seenUnder = applied.appliedAt;
    const deadline = () => new Date(Date.now() + context.getRemainingTimeInMillis()).toISOString();
    return { ...services, seen, mesh: applied.mesh, deadline };
  };
}
