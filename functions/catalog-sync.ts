/**
 * Glue says that something changed in a producer's catalog. Reads what is there now and brings the central tables up to it.
 *
 * Trigger: the catalog queue, which the hub's bus fills with Glue's events. Touches: producers' catalogs (reads), the central catalog (its one
 * writer), the ledger's staged events, the buses.
 */
import { parseCatalogEvent } from '../shared/catalog/parse-catalog-event.ts';
import { syncTable } from '../shared/catalog/sync-table.ts';
import { catalogServices } from '../shared/lambda/catalog-services.ts';
import { isRepeated, onQueue } from '../shared/lambda/on-queue.ts';

const services = catalogServices();

export const handler = onQueue(async record => {
  const { account, database, tables } = parseCatalogEvent(JSON.parse(record.body));
  for (const table of tables)
    await syncTable(await services(), { account, database, table, isRepeated: isRepeated(record) });
});
