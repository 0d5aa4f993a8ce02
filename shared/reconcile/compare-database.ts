import { AtOnce } from '../catalog/at-once.ts';
import { canonicalText } from '../catalog/canonical-text.ts';
import type { TablePage } from '../catalog/catalog-ports.ts';
import { centralDatabaseContent } from '../catalog/central-content.ts';
import { type Page, PairUp } from '../catalog/pair-up.ts';
import type { DatabaseContent } from '../catalog/table-snapshot.ts';
import { centralDatabase, isSyncedDatabase } from '../mesh/mesh.ts';
import { TableComparison } from './compare-table.ts';
import { PartDiary } from './part-diary.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import { NO_COUNTS, type Part, type PartReport, type Run } from './reconcile-run.ts';
import { tellOfMore } from './tell-drift.ts';

/** Tables worked on at once: quick, and far from Glue's rates even with several databases at once. */
const TABLES_AT_ONCE = 8;

/** Tables held on either side that wait for their counterpart. */
const MOST_WAITING = 1_000;

/**
 * Compares one database of a producer with its central one, both ways, and repairs what differs. Reads pages; a table by itself only where the
 * pages show a difference. Safe to repeat, to run twice at once and to lose at any point.
 *
 * @param before what an earlier step of the run came to, where it had no time for all
 * @returns the report so far, with a position when there is more to do than time
 * @throws the fault of a service: nothing can be said then of what was not compared
 */
export async function compareDatabase(
  services: ReconcileServices,
  run: Run,
  part: Part,
  before: PartReport | undefined,
  isTimeUp: () => boolean,
): Promise<PartReport> {
  const { mesh, producers, central, keptOut, activity } = services;
  const domain = mesh.domains[part.domain]!;
  const database = centralDatabase(part.domain, part.database);
  const isSynced = isSyncedDatabase(domain, part.database);
  const content = isSynced ? await producers.readDatabase(domain.account, part.database) : undefined;
  const source = content ? 'there' : isSynced ? 'gone' : 'given-up';
  const diary = new PartDiary(services, run, {
    ...(before ?? { counts: NO_COUNTS, differences: [], drift: 0 }),
    ...part,
    source,
  });
  if (content && !before) await compareDescription(services, diary, database, content);

  const known = {
    keptOut: await keptOut.keptOutIn(part.domain, part.database),
    partitions: await activity.knownIn(part.domain, part.database),
  };
  const tables = new TableComparison(services, run, diary, known);
  const from = before?.position;
  const sides = new PairUp(
    content ? pagesFrom(from?.source, next => producers.tablePages(domain.account, part.database, next)) : noPages(),
    pagesFrom(from?.central, next => central.tablePages(database, next)),
    { mostWaiting: MOST_WAITING, isTimeUp },
  );
  const unseen = new Set(known.keptOut.keys());
  const work = new AtOnce(TABLES_AT_ONCE);
  for await (const pair of sides.pairs()) {
    unseen.delete(pair.key);
    await work.start(() => tables.compare(pair));
  }
  await work.end();
  const { position } = sides;
  if (!position) {
    // What was kept out, and is gone.
    for (const key of unseen) await tables.compare({ key, source: undefined, central: undefined });
    if (!content) await removeWhenEmpty(services, diary, database);
  }
  await diary.end();
  if (!position) await tellOfMore(services, run, diary.report);
  const { position: _, ...report } = diary.report;
  return { ...report, ...(position && { position }) };
}

async function* noPages(): AsyncGenerator<never> {}

/** @param from where an earlier step stopped, or `end` */
async function* pagesFrom<T extends { content: { Name: string } }>(
  from: string | undefined,
  pages: (from: string | undefined) => AsyncIterable<TablePage<T>>,
): AsyncGenerator<Page<T>> {
  if (from === 'end') return;
  for await (const { tables, next } of pages(from))
    yield { entries: tables.map(table => [table.content.Name, table] as const), next };
}

/** The database itself is made with its first table. */
async function compareDescription(
  { central }: ReconcileServices,
  diary: PartDiary,
  database: string,
  source: DatabaseContent,
): Promise<void> {
  const { domain, database: name } = diary.report;
  const wanted = centralDatabaseContent(source, domain, name);
  const found = await central.readDatabase(database);
  if (!found || canonicalText(found) === canonicalText(wanted)) return;
  const expected = wanted.description ?? '';
  const difference = {
    kind: 'database' as const,
    subject: database,
    expected,
    found: found.description ?? 'no description',
  };
  await diary.repair(difference, {
    confirm: async () => difference,
    repair: async () => {
      await central.updateDatabase(database, wanted);
      return true;
    },
  });
}

/** A central database whose source is gone goes after its last table. */
async function removeWhenEmpty({ central }: ReconcileServices, diary: PartDiary, database: string): Promise<void> {
  const { counts } = diary.report;
  if (counts.central > 0 || counts.foreign > 0 || !(await central.readDatabase(database))) return;
  const expected = 'nothing: it is gone at its source';
  const difference = { kind: 'database' as const, subject: database, expected, found: 'an empty database' };
  await diary.repair(difference, {
    confirm: async () => difference,
    repair: async () => {
      // Looked at just before: a table that was published meanwhile would go with it.
      for await (const { tables } of central.tablePages(database)) if (tables.length > 0) return false;
      await central.removeDatabase(database);
      return true;
    },
  });
}
