import { tell } from '../telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import type { SyncServices, TablePlace } from './catalog-ports.ts';
import { syncTable } from './sync-table.ts';
import { DOMAIN_PARAMETER, readMarks } from './table-marks.ts';
import { placeOf } from './table-place.ts';

/** A table that was seen to be gone at its source, and when. */
export interface DueRemoval {
  place: TablePlace;
  /** ISO 8601. */
  since: string;
}

/** What removing a table needs besides. */
export interface RemovalServices extends SyncServices {
  due: {
    load(table: string): Promise<DueRemoval | undefined>;
    /** What could not be done now is due again in ten minutes: until then the queue's own tries go on. */
    postpone(table: string): Promise<void>;
    /**
     * Forgets the removal, opens the table to new grants again, and keeps the event that tells of its end, all in one step.
     * @returns false when there is an event to keep and another has concluded already: it is the other's to tell
     */
    conclude(table: string, event?: ToldEvent): Promise<boolean>;
  };
  grants: {
    /**
     * From now on nobody is granted anything on the table.
     * @param ender who has those that there are ended: the sweep, or who offboards the whole domain
     * @returns whether none is left, in the ledger nor in Lake Formation
     */
    close(table: string, ender?: 'sweep' | 'offboarding'): Promise<boolean>;
  };
}

export type RemovalOutcome = 'removed' | 'there-again' | 'grants-left' | 'nothing';

/**
 * The grace period of a table that is gone at its source is over: grants end first, then the central table goes. Called again and again until there
 * is nothing to do; every call looks at the source first, and a table that is there again stays.
 *
 * Order, and why: closed to new grants, then looked for old ones (a request that is decided at this moment commits before the close, and is found, or
 * after it, and fails); the source read again; deleted; the source read a last time, for a table that was made in between was deleted with it.
 *
 * @throws the fault of a service: trying again helps. A source that cannot be read removes nothing.
 */
export async function removeTable(services: RemovalServices, centralTable: string): Promise<RemovalOutcome> {
  const removal = await services.due.load(centralTable);
  if (!removal) return 'nothing';
  const { place, since } = removal;
  if (await isThere(services, place)) return bringBack(services, place, centralTable);
  const central = await services.central.read(place.database, place.table);
  const isMarked = central && readMarks(central.content.Parameters).missingSince !== undefined;
  if (central && (!isMarked || central.content.Parameters[DOMAIN_PARAMETER] !== place.domain)) {
    // Somebody has mended it, or put something else there.
    await services.due.conclude(centralTable);
    return 'nothing';
  }
  // Who offboards a domain ends the grants on its tables, and says so.
  const ender = Object.hasOwn(services.mesh.domains, place.domain) ? 'sweep' : 'offboarding';
  if (!(await services.grants.close(centralTable, ender))) return 'grants-left';
  if (central) {
    if (await isThere(services, place)) return bringBack(services, place, centralTable);
    await services.central.remove(place.database, place.table);
  }
  services.seen.forget(centralTable);
  const event = removedEvent(services, place, since);
  if (!(await services.due.conclude(centralTable, event))) return 'nothing';
  services.measure('CatalogRemovals', 1);
  await tell(services, [event]);
  if (await isThere(services, place)) await bringBack(services, place, centralTable);
  return 'removed';
}

/** A view or a link of the same name is no table that could be published, nor is a table whose database the mesh does not take in any more. */
async function isThere({ mesh, producers }: SyncServices, place: TablePlace): Promise<boolean> {
  const { account, sourceDatabase, table } = place;
  if (placeOf(mesh, { account, database: sourceDatabase, table })?.domain !== place.domain) return false;
  const source = await producers.readTable(account, sourceDatabase, table);
  return source !== undefined && !source.isLinkOrView;
}

async function bringBack(services: RemovalServices, place: TablePlace, centralTable: string): Promise<'there-again'> {
  const { account, sourceDatabase: database, table } = place;
  const by = `removal/${services.now()}`;
  await syncTable(services, { account, database, table, partitions: 'unknown', by, isRepeated: false });
  await services.due.conclude(centralTable);
  return 'there-again';
}

function removedEvent({ now }: SyncServices, place: TablePlace, since: string): ToldEvent {
  const { domain, database, table, account } = place;
  const data = { domain, database, table, changes: ['removed'] };
  return toldEvent('Catalog Table Removed', [database, table, since], now(), [account], data);
}
