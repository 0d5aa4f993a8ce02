import type { EndCause } from '../../events/told.ts';
import type { Pair } from './access-request.ts';
import { convergePair } from './converge-pair.ts';
import { type EnforceServices, endRequest } from './enforce-request.ts';
import { isSettled } from './pair-record.ts';

/**
 * Ends all that anybody has on a table that is closed to new grants, a page of principals at a time. Safe to repeat, and to lose at any point: the
 * table stays due until nothing is left.
 *
 * @throws TableLockedError, LedgerConflictError, ConvergeIncompleteError, or the fault of a service: trying again helps.
 */
export async function endGrantsOn(services: EnforceServices, table: string, cause: EndCause): Promise<void> {
  let isFree = true;
  for await (const page of services.ledger.pairsOf(table)) {
    for (const { record, grants } of page) {
      for (const { requestId } of grants) await endRequest(services, requestId, cause);
      const pair: Pair = { principal: record.principal, table };
      if (grants.length === 0 && !isSettled(record)) await convergePair(services, pair);
      isFree &&= grants.length === 0 && isSettled(record) && Object.keys(record.applied).length === 0;
    }
  }
  if (isFree) await services.ledger.settleClosed(table);
}
