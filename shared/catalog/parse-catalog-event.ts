import { catalogDatabaseChanged, catalogTableChanged } from '../../events/catalog-changed.ts';
import { envelope } from '../../events/envelope.ts';
import type { PartitionHint } from './sync-partitions.ts';

/** What a Glue event hints at. Names as the catalog has them, in lower case. */
export type CatalogHint = {
  account: string;
  database: string;
  /** When it happened, ISO 8601; left out of a replayed event, which says nothing of how late Trellis is. */
  happenedAt?: string;
} & ({ kind: 'tables'; tables: string[]; partitions: PartitionHint } | { kind: 'database'; isGone: boolean });

/**
 * Reads Glue's two events.
 * @throws a ZodError for what is no event of Glue's: the queue's rule lets only those in, so it goes to the dead-letter queue to be looked at.
 */
export function parseCatalogEvent(event: unknown): CatalogHint {
  const { account, detail, time, 'detail-type': detailType, 'replay-name': replayName } = envelope.parse(event);
  const happenedAt = replayName === undefined && !Number.isNaN(Date.parse(time)) ? { happenedAt: time } : {};
  if (detailType === catalogTableChanged.detailType) {
    const { databaseName, tableName, typeOfChange, changedPartitions = [] } = catalogTableChanged.detail.parse(detail);
    const tables = [tableName.toLowerCase()];
    const partitions = partitionHint(typeOfChange, changedPartitions);
    return { kind: 'tables', account, database: databaseName.toLowerCase(), tables, partitions, ...happenedAt };
  }
  const { databaseName, typeOfChange, changedTables = [] } = catalogDatabaseChanged.detail.parse(detail);
  const database = databaseName.toLowerCase();
  const tables = changedTables.map(name => name.toLowerCase());
  const isGone = typeOfChange === 'DeleteDatabase';
  if (tables.length > 0 && !isGone)
    return { kind: 'tables', account, database, tables, partitions: 'unknown', ...happenedAt };
  return { kind: 'database', account, database, isGone, ...happenedAt };
}

/** The event has partitions as text: values that hold `, ` themselves are read wrong, found nowhere, and all partitions looked at. */
function partitionHint(typeOfChange: string, changed: readonly string[]): PartitionHint {
  if (typeOfChange === 'UpdateTable') return 'none';
  const values = changed.map(text => /^\[(.*)\]$/s.exec(text)?.[1]?.split(', '));
  return values.length > 0 && values.every(one => one !== undefined) ? values : 'unknown';
}
