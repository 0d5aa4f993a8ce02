import type { TablesInTurn } from './in-turn.ts';
import { type CatalogHint, parseCatalogEvent } from './parse-catalog-event.ts';
import { type RemovalServices, removeTable } from './remove-table.ts';
import { placeOf } from './sync-table.ts';

/** One message of the catalog queue. */
export interface CatalogMessage {
  /** Glue's event, or a removal that the sweep found due. */
  body: unknown;
  /** Names the message; the same when it is delivered again. */
  id: string;
  isRepeated: boolean;
}

/** Does what a message asks for: looks at the tables that an event hints at, or removes one whose grace period is over. */
export async function takeCatalogWork(
  services: RemovalServices,
  inTurn: TablesInTurn,
  { body, id: by, isRepeated }: CatalogMessage,
): Promise<void> {
  const removal = removalOf(body);
  if (removal !== undefined) return remove(services, removal);
  const hint = parseCatalogEvent(body);
  const { account, database, happenedAt } = hint;
  const partitions = hint.kind === 'tables' ? hint.partitions : 'unknown';
  const change = { account, database, partitions, by, isRepeated, ...(happenedAt !== undefined && { happenedAt }) };
  for await (const tables of tablesOf(services, hint))
    for (const table of tables) await inTurn.sync(services, { ...change, table });
}

/** A removal that fails is tried again by the queue; meanwhile the sweep must not queue another each minute. */
async function remove(services: RemovalServices, table: string): Promise<void> {
  try {
    await removeTable(services, table);
  } catch (fault) {
    await services.due.postpone(table);
    throw fault;
  }
}

function removalOf(body: unknown): string | undefined {
  const { kind, table } = (body ?? {}) as { kind?: unknown; table?: unknown };
  return kind === 'removal' && typeof table === 'string' ? table : undefined;
}

/** The tables to look at, by the producer's names. A database that is gone took its tables along without an event of theirs. */
async function* tablesOf(services: RemovalServices, hint: CatalogHint): AsyncGenerator<readonly string[]> {
  if (hint.kind === 'tables') yield hint.tables;
  else if (hint.isGone) {
    const place = placeOf(services.mesh, { account: hint.account, database: hint.database, table: '' });
    if (place) yield* services.central.tableNames(place.database);
  }
}
