import { catalogDatabaseChanged, catalogTableChanged } from '../../events/catalog-changed.ts';
import { envelope } from '../../events/envelope.ts';

/** Which tables of an account a Glue event hints at. */
export interface CatalogHint {
  account: string;
  database: string;
  tables: string[];
}

/**
 * Reads Glue's two events. A database that came or went names no tables: its tables' own events follow, and the reconcile finds the rest.
 * @throws a ZodError for what is no event of Glue's: the queue's rule lets only those in, so it goes to the dead-letter queue to be looked at.
 */
export function parseCatalogEvent(event: unknown): CatalogHint {
  const { account, detail, 'detail-type': detailType } = envelope.parse(event);
  if (detailType === catalogTableChanged.detailType) {
    const { databaseName, tableName } = catalogTableChanged.detail.parse(detail);
    return { account, database: databaseName.toLowerCase(), tables: [tableName.toLowerCase()] };
  }
  const { databaseName, changedTables = [] } = catalogDatabaseChanged.detail.parse(detail);
  return { account, database: databaseName.toLowerCase(), tables: changedTables.map(name => name.toLowerCase()) };
}
