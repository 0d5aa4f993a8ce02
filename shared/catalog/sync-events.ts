import type { ToldData } from '../../events/told.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import type { TablePlace } from './catalog-ports.ts';
import type { NotedChange } from './table-marks.ts';

type TableEventType = 'Catalog Table Synced' | 'Catalog Change Quarantined' | 'Catalog Change Released';

/** What is told of a write that is noted on its table: the same for the same note. */
export function eventOfNote(place: TablePlace, { kind, at, by, what }: NotedChange): ToldEvent | undefined {
  switch (kind) {
    case 'synced':
      return tableEvent('Catalog Table Synced', place, [by, at], at, { changes: what });
    case 'quarantined':
      return quarantineEvent(place, [by, at], at, what);
    case 'released':
      return tableEvent('Catalog Change Released', place, [by, at], at, { reasons: what });
    case 'missing':
      // Told when the grace period has passed and the table goes; a table that comes back in time is no news.
      return undefined;
  }
}

export function quarantineEvent(
  place: TablePlace,
  happening: (string | number)[],
  at: string,
  reasons: string[],
): ToldEvent {
  return tableEvent('Catalog Change Quarantined', place, [...happening, ...reasons], at, { reasons });
}

/** @param happening what tells it apart from other happenings of this table */
export function tableEvent<T extends TableEventType>(
  type: T,
  { domain, database, table, account }: TablePlace,
  happening: (string | number)[],
  at: string,
  said: Omit<ToldData<T>, 'domain' | 'database' | 'table'>,
): ToldEvent {
  const data = { domain, database, table, ...said } as unknown as ToldData<T>;
  return toldEvent(type, [database, table, ...happening], at, [account], data);
}
