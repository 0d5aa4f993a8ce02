import type { EndCause } from '../../events/told.ts';
import { type ActiveGrant, laterBy, type Pair } from './access-request.ts';
import { convergePair } from './converge-pair.ts';
import { type EnforceServices, endOnTable } from './enforce-request.ts';
import { isSettled } from './pair-record.ts';
import { endStanding, type ShareBackServices } from './share-back.ts';
import { isStanding } from './standing-grant.ts';

type EndServices = EnforceServices & Pick<ShareBackServices, 'standing'>;

/**
 * Ends all that anybody has on a table that is closed to new grants, a page of principals at a time. Safe to repeat, and to lose at any point: the
 * table stays due until nothing is left.
 *
 * @throws TableLockedError, LedgerConflictError, ConvergeIncompleteError, or the fault of a service: trying again helps.
 */
export async function endGrantsOn(services: EndServices, table: string, cause: EndCause): Promise<void> {
  let isFree = true;
  for await (const page of services.ledger.pairsOf(table)) {
    for (const { record, grants } of page) {
      const pair: Pair = { principal: record.principal, table };
      await endGrantsOfPair(services, pair, grants, cause);
      if (grants.length === 0 && !isSettled(record)) await convergePair(services, pair);
      isFree &&= grants.length === 0 && isSettled(record) && Object.keys(record.applied).length === 0;
    }
  }
  if (isFree) await services.ledger.settleClosed(table);
}

/**
 * Ends the grants of one principal on one table: those of requests, which go on with their other tables, and a standing one, of which nothing is told. Where it is given again although
 * this ended it late, after `mesh.yml` asked for it anew, it is looked at once more.
 */
export async function endGrantsOfPair(
  services: EndServices,
  pair: Pair,
  grants: readonly ActiveGrant[],
  cause: EndCause,
): Promise<void> {
  const reason = `${pair.table} is no longer in the central catalog.`;
  for (const grant of grants) {
    if (!isStanding(grant)) await endOnTable(services, grant.requestId, pair.table, { cause, reason });
    else {
      await services.standing.callFor([pair.table], laterBy(services.now(), LOOK_AGAIN_MILLISECONDS));
      await endStanding(services, pair);
    }
  }
}

/** By then the table is gone, or open again. */
const LOOK_AGAIN_MILLISECONDS = 600_000;
