/**
 * Glue says that something changed in a producer's catalog. Reads what is there now and brings the central tables up to it. Also removes central
 * tables whose source has been gone for the grace period, and those of a domain that has left the mesh.
 *
 * Trigger: the catalog queue, which the hub's bus fills with Glue's events, and the sweep with what is due. Touches: producers' catalogs (reads), the
 * central catalog (its one writer), the ledger's items of the catalog, the buses.
 */
import { TablesInTurn } from '../shared/catalog/in-turn.ts';
import { takeCatalogWork } from '../shared/catalog/take-catalog-work.ts';
import { catalogServices } from '../shared/lambda/catalog-services.ts';
import { isRepeated, onQueue } from '../shared/lambda/on-queue.ts';

const services = catalogServices();
const inTurn = new TablesInTurn();

/** What is left of the invocation's time for what has begun. */
const ENOUGH_MILLISECONDS = 60_000;

export const handler = onQueue(async (record, context) => {
  await takeCatalogWork(await services(context), inTurn, {
    body: JSON.parse(record.body) as unknown,
    id: record.messageId,
    isRepeated: isRepeated(record),
    isTimeUp: () => context.getRemainingTimeInMillis() < ENOUGH_MILLISECONDS,
  });
});
