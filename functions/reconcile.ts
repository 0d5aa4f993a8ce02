/**
 * One step of a reconcile: says which databases come next, compares one of them with its central one and repairs what differs, or adds up what
 * came of all.
 *
 * Trigger: the state machine `reconcile`. Touches: producers' catalogs (reads), the central catalog, the ledger's items of the catalog and of the
 * run, the buses.
 */
import { catalogServices } from '../shared/lambda/catalog-services.ts';
import { onInvoke } from '../shared/lambda/on-invoke.ts';
import { type ReconcileStep, takeStep } from '../shared/reconcile/take-step.ts';

/** Remembers no table: what was changed by hand in the central catalog is looked for. */
const services = catalogServices(0);

/** What is left of the invocation's time for the tables that are being worked on. */
const ENOUGH_MILLISECONDS = 300_000;

export const handler = onInvoke(async (step: ReconcileStep, context) =>
  takeStep(await services(context), step, () => context.getRemainingTimeInMillis() < ENOUGH_MILLISECONDS),
);
