import { tell } from '../telling/outbox.ts';
import { convergePair } from './converge-pair.ts';
import { endGrantsOn } from './end-grants.ts';
import { type EnforceServices, enforceRequest } from './enforce-request.ts';
import { type DueItem, LedgerConflictError, TableLockedError } from './ledger.ts';
import { type ShareBackServices, shareBack } from './share-back.ts';
import { type ShareBackDomainServices, shareBackDomain } from './share-back-domain.ts';

export type WorkServices = EnforceServices & ShareBackServices & ShareBackDomainServices;

/**
 * Does one piece of what the sweep found due. Where another is at work on the same thing there is nothing to do: what it leaves is due again
 * at the next sweep.
 */
export async function doWork(services: WorkServices, item: DueItem): Promise<void> {
  try {
    await workOn(services, item);
  } catch (fault) {
    if (!(fault instanceof TableLockedError || fault instanceof LedgerConflictError)) throw fault;
    services.report('Left to the one who works on it', fault);
  }
}

async function workOn(services: WorkServices, item: DueItem): Promise<void> {
  switch (item.kind) {
    case 'request':
      await enforceRequest(services, item.requestId);
      return;
    case 'pair': {
      const { linkFault, foreign } = await convergePair(services, item.pair);
      if (linkFault !== undefined)
        services.report(`The link of ${item.pair.principal} to ${item.pair.table} is not right yet`, linkFault);
      if (foreign.length > 0)
        services.report(`${item.pair.principal} has access to ${item.pair.table} that Trellis did not give`, foreign);
      return;
    }
    case 'told': {
      const event = await services.outbox.load(item.eventId);
      if (event) await tell(services, [event]);
      return;
    }
    case 'closed':
      return endGrantsOn(services, item.table, 'table-removed');
    case 'share-back':
      return shareBack(services, item.table);
    case 'share-back-domain':
      return shareBackDomain(services, item.domain);
    case 'removal':
      throw new TypeError(`The removal of ${item.table} is not for the function that grants.`);
  }
}
