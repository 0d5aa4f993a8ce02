import { AtOnce } from './at-once.ts';
import type { TablesInTurn } from './in-turn.ts';
import { type OffboardTablesServices, offboardTables } from './offboard-tables.ts';
import { type CatalogHint, parseCatalogEvent } from './parse-catalog-event.ts';
import { type RemovalServices, removeTable } from './remove-table.ts';
import { readMarks } from './table-marks.ts';
import { placeOf } from './table-place.ts';

/** One message of the catalog queue. */
export interface CatalogMessage {
  /** Glue's event, or a removal, or a domain that leaves, that the sweep found due. */
  body: unknown;
  /** Names the message; the same when it is delivered again. */
  id: string;
  isRepeated: boolean;
  /** There is no time to begin with one table more. */
  isTimeUp(): boolean;
}

const TABLES_AT_ONCE = 8;

/**
 * Does what a message asks for: looks at the tables that an event hints at, or removes one whose grace period is over, or
 * those of a domain that leaves.
 * @throws UnfinishedError when there are more tables than time: those that are left are looked at when the message comes again
 */
export async function takeCatalogWork(
  services: OffboardTablesServices,
  inTurn: TablesInTurn,
  { body, id: by, isRepeated, isTimeUp }: CatalogMessage,
): Promise<void> {
  const leaving = leavingOf(body);
  if (leaving !== undefined) return offboardTables(services, leaving);
  const removal = removalOf(body);
  if (removal !== undefined) return remove(services, removal);
  const hint = parseCatalogEvent(body);
  const { account, database, happenedAt } = hint;
  const partitions = hint.kind === 'tables' ? hint.partitions : 'unknown';
  const change = { account, database, partitions, by, isRepeated, ...(happenedAt !== undefined && { happenedAt }) };
  const looks = new AtOnce(TABLES_AT_ONCE);
  for await (const tables of tablesOf(services, hint)) {
    for (const table of tables) {
      if (isTimeUp()) {
        await looks.end();
        throw new UnfinishedError(account, database);
      }
      await looks.start(async () => void (await inTurn.sync(services, { ...change, table })));
    }
  }
  await looks.end();
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

function leavingOf(body: unknown): string | undefined {
  const { kind, domain } = (body ?? {}) as { kind?: unknown; domain?: unknown };
  return kind === 'leaving-tables' && typeof domain === 'string' ? domain : undefined;
}

/**
 * The tables to look at, by the producer's names. A database that is gone took its tables along without an event of theirs; those that are known to be
 * missing need no other look.
 */
async function* tablesOf(services: RemovalServices, hint: CatalogHint): AsyncGenerator<readonly string[]> {
  if (hint.kind === 'tables') yield hint.tables;
  else if (hint.isGone) {
    const place = placeOf(services.mesh, { account: hint.account, database: hint.database, table: '' });
    if (!place) return;
    for await (const { tables } of services.central.tablePages(place.database))
      yield tables
        .filter(({ content }) => readMarks(content.Parameters).missingSince === undefined)
        .map(({ content }) => content.Name);
  }
}

/** The time of the invocation is over before the work is. */
class UnfinishedError extends Error {
  override name = 'UnfinishedError';

  constructor(account: string, database: string) {
    super(
      `Not all tables of the database ${database} of account ${account} have been looked at. The message comes again.`,
    );
  }
}
