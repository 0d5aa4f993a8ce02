import { isInMesh } from '../mesh/mesh.ts';
import { tell } from '../telling/outbox.ts';
import { convergePair } from './converge-pair.ts';
import { endGrantsOn } from './end-grants.ts';
import { enforceRequest } from './enforce-request.ts';
import { type DueItem, LedgerConflictError, TableLockedError } from './ledger.ts';
import { type OffboardServices, offboardAccess } from './offboard-access.ts';
import { type RedecideDomainServices, redecideDomain, redecideMesh } from './redecide-domain.ts';
import { labelsChanged, type RedecideServices, redecideTable } from './redecide-table.ts';
import { type BulkServices, revokeInBulk } from './revoke-in-bulk.ts';
import { type ShareBackServices, shareBack } from './share-back.ts';
import { type ShareBackDomainServices, shareBackDomain } from './share-back-domain.ts';

export type WorkServices = OffboardServices &
  BulkServices &
  ShareBackServices &
  ShareBackDomainServices &
  RedecideServices &
  RedecideDomainServices;

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
      const { linkFault, foreign } = await convergePair(services, item.pair, { mayBeSettled: true });
      if (linkFault !== undefined)
        services.report(`The link of ${item.pair.principal} to ${item.pair.table} is not right yet`, linkFault);
      if (foreign.length > 0)
        services.report(`${item.pair.principal} has access to ${item.pair.table} that Trellis did not give`, foreign);
      return;
    }
    case 'told': {
      const event = await services.outbox.load(item.eventId);
      if (event) await tell(services, [{ ...event, destinations: event.destinations.filter(isStillThere(services)) }]);
      return;
    }
    case 'closed':
      return endGrantsOn(services, item.table, 'table-removed');
    case 'share-back':
      return shareBack(services, item.table);
    case 'share-back-domain':
      return shareBackDomain(services, item.domain);
    case 'revocation':
      return revokeInBulk(services, item.revocationId);
    case 'redecide':
      return redecideTable(services, item.table);
    case 'labels':
      return labelsChanged(services, item.table);
    case 'redecide-domain':
      return redecideDomain(services, item.domain);
    case 'redecide-mesh':
      return redecideMesh(services);
    case 'leaving':
      return offboardAccess(services, item.what, item.name);
    case 'removal':
    case 'leaving-tables':
      throw new TypeError(`A piece of work, ${item.kind}, is not for the function that grants.`);
  }
}

/** The bus of an account that has left may never take an event again: then it is told to those that are there. */
function isStillThere({ mesh, leavingDomains = {}, leavingAccounts = [] }: OffboardServices) {
  const leaving = [...Object.values(leavingDomains).map(({ account }) => account), ...leavingAccounts];
  return (destination: string) => destination === 'hub' || isInMesh(mesh, destination) || leaving.includes(destination);
}
