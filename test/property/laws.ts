import type { AccessRequest, ActiveGrant, Pair } from '../../shared/access/access-request.ts';
import { accountOf, isDescribeOnly } from '../../shared/access/access-request.ts';
import { type CellFilter, desiredEntries, isDescription } from '../../shared/access/entitlement.ts';
import { isSettled } from '../../shared/access/pair-record.ts';
import { presentGrants } from '../../shared/access/present-grants.ts';
import { TABLES } from './sample-mesh.ts';
import type { World } from './world.ts';

/**
 * What the ledger lets a principal do, as the entries that say it. Of a table that has lost columns a filter may still be there that was made with some of
 * them, which nobody can read any more; a new one is made without them.
 */
async function desired(world: World, pair: Pair): Promise<CellFilter[]> {
  const { grants } = await world.ledger.loadPair(pair);
  const table = world.tables.get(pair.table);
  const whole = desiredEntries(pair.principal, grants);
  const isThere = (name: string) => table?.columns.some(column => column.name === name);
  const isMade = ({ name }: CellFilter) => world.lake.filters.has(`${pair.table} ${name}`);
  if (!table || whole.every(entry => isMade(entry) || entry.columns.every(isThere))) return whole;
  const present = desiredEntries(pair.principal, presentGrants(grants, table));
  const columnsIn = (entries: CellFilter[]) => entries.flatMap(({ columns }) => columns);
  const readable = (entries: CellFilter[]) => columnsIn(entries).filter(isThere);
  const given = world.lake.accessByTrellis(pair);
  const isWithin = columnsIn(given).every(name => columnsIn(whole).includes(name));
  const isSame = isWithin && readable(given).sort().join() === readable(present).sort().join();
  const shown = [...given.filter(entry => !isDescription(entry)), ...whole.filter(isDescription)];
  return isSame && grants.length > 0 ? shown : present;
}

/** What is not as the ledger says, once all is over: empty when Lake Formation and the consumers' links are exactly what they should be. */
export async function differences(world: World): Promise<string[]> {
  const found: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      found.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  };
  const wanted: { pair: Pair; entries: CellFilter[] }[] = [];
  for (const pair of world.pairs()) {
    const entries = await desired(world, pair);
    // Who has a grant sees its link, also when the table has lost all its columns.
    if ((await world.ledger.loadPair(pair)).grants.length > 0) wanted.push({ pair, entries });
    const byName = (one: CellFilter, other: CellFilter) => (one.name < other.name ? -1 : 1);
    const actual = world.lake.accessByTrellis(pair).sort(byName);
    expect(`${pair.principal} reads ${pair.table}`, actual, entries.toSorted(byName));
  }
  for (const table of TABLES) {
    const entries = wanted.filter(({ pair }) => pair.table === table).flatMap(each => each.entries);
    const filters = entries.filter(entry => !isDescription(entry)).map(({ name }) => name);
    const actual = world.lake.filtersOfTrellis(table).map(({ name }) => name);
    expect(`filters on ${table}`, actual.sort(), filters.sort());
  }
  const sights = wanted.map(({ pair }) => `${pair.table} ${pair.principal}`);
  expect('links that are seen', [...world.lake.sights].sort(), sights.sort());
  const links = new Set(wanted.map(({ pair }) => `${pair.table} ${accountOf(pair.principal)}`));
  expect('links', [...world.lake.links].sort(), [...links].sort());
  return found;
}

/** Pairs that are not settled, or remember more or less than what is there, once all is over. */
export async function unsettled(world: World): Promise<string[]> {
  const found: string[] = [];
  for (const pair of world.pairs()) {
    const { record } = await world.ledger.loadPair(pair);
    const wanted = (await desired(world, pair)).map(({ name }) => name).sort();
    if (!isSettled(record) || Object.keys(record.applied).sort().join() !== wanted.join())
      found.push(`not settled: ${JSON.stringify(record)}`);
  }
  return found;
}

/** What is seen by a grant: its columns, or the table's description, under the name that this has among Lake Formation's entries. */
function seenBy(grant: Pick<ActiveGrant, 'columns' | 'permission'>): string[] {
  return isDescribeOnly(grant) ? ['DESCRIBE'] : grant.columns;
}

/** The same of an entry of Lake Formation. */
function shownBy(entry: CellFilter): string[] {
  return isDescription(entry) ? [entry.name] : entry.columns;
}

/** Whether Lake Formation gives all that a grant says, in one of Trellis's entries. */
export function covers(
  world: World,
  pair: Pair,
  grant: Pick<ActiveGrant, 'columns' | 'rowFilter' | 'permission'>,
): boolean {
  return world.lake
    .accessByTrellis(pair)
    .some(
      entry => entry.rowFilter === grant.rowFilter && seenBy(grant).every(column => shownBy(entry).includes(column)),
    );
}

/** Watches that no granted request loses what it gave while it is active. */
export function watchGaps(world: World): string[] {
  const gaps: string[] = [];
  world.scheduler.onEffect = () => {
    for (const { value: request } of world.ledger.requests.values()) {
      if (request.state.status !== 'granted') continue;
      for (const terms of request.terms) {
        if (!covers(world, { principal: request.principal, table: terms.table }, terms))
          gaps.push(`${world.now()}: ${request.requestId} lost ${terms.table}`);
      }
    }
  };
  return gaps;
}

/** Watches that no request is called ended, or narrowed, while Lake Formation still gives what no request gives, or is about to stop giving. */
export function watchEnds(world: World): string[] {
  const tooEarly: string[] = [];
  let looked = 0;
  world.scheduler.onEffect = () => {
    for (; looked < world.ledger.committed.length; looked++) {
      const { request, tell = [] } = world.ledger.committed[looked] ?? {};
      const isTold = request?.state.status === 'ended' || tell.some(({ type }) => type === 'Access Narrowed');
      if (!request || !isTold) continue;
      for (const table of tablesEver(world, request)) {
        const pair = { principal: request.principal, table };
        const given = columnsOfOthers(world, pair);
        const read = world.lake.accessByTrellis(pair).flatMap(shownBy);
        const more = read.filter(column => !given.includes(column));
        if (more.length > 0)
          tooEarly.push(
            `${world.now()}: ${request.requestId} is ${request.state.status}, and gives ${more} of ${table}`,
          );
      }
    }
  };
  return tooEarly;
}

/** The columns of the requests that give something, or are ending and still may. */
function columnsOfOthers(world: World, { principal, table }: Pair): string[] {
  const giving = ['approved', 'granted', 'ending'];
  return [...world.ledger.requests.values()]
    .filter(({ value }) => value.principal === principal && giving.includes(value.state.status))
    .flatMap(({ value }) => value.terms.filter(terms => terms.table === table).flatMap(seenBy));
}

function stepsOf(world: World, { requestId }: AccessRequest) {
  return world.ledger.committed.flatMap(({ at, request }) =>
    request?.requestId === requestId ? [{ at, request }] : [],
  );
}

function tablesEver(world: World, request: AccessRequest): Set<string> {
  return new Set(stepsOf(world, request).flatMap(step => step.request.terms.map(({ table }) => table)));
}

/** When a request should give a column no longer: its end, or the moment it was taken back. Undefined where it never gave it. */
function endOf(world: World, request: AccessRequest, table: string, column: string): number | undefined {
  const isOf = ({ terms }: AccessRequest) => terms.some(each => each.table === table && seenBy(each).includes(column));
  const steps = stepsOf(world, request);
  const given = steps.findIndex(step => step.request.state.status === 'approved' && isOf(step.request));
  if (given < 0) return undefined;
  const ending = steps.slice(given).find(step => step.request.state.status === 'ending' || !isOf(step.request));
  const taken = ending ? Date.parse(ending.at) : Number.POSITIVE_INFINITY;
  return Math.min(Date.parse(request.expiresAt), taken);
}

/**
 * Watches that nobody reads a column longer than `lateMilliseconds` after the last grant that gave it ended; where a process was killed, after
 * it must have been dead if that was later.
 */
export function watchLateness(world: World, lateMilliseconds: number): string[] {
  const late: string[] = [];
  world.scheduler.onEffect = () => {
    const { now } = world.scheduler;
    const dead = Math.max(0, ...world.deadlinesOfKilled.map(({ deadline }) => deadline));
    for (const pair of world.pairs()) {
      for (const filter of world.lake.accessByTrellis(pair)) {
        for (const column of shownBy(filter)) {
          const ends = [...world.ledger.requests.values()]
            .filter(({ value }) => value.principal === pair.principal)
            .map(({ value }) => endOf(world, value, pair.table, column) ?? 0);
          const end = Math.max(0, ...ends);
          if (now > Math.max(end, dead) + lateMilliseconds)
            late.push(
              `${world.now()}: ${pair.principal} reads ${column} of ${pair.table}, ${now - end} ms after its end`,
            );
        }
      }
    }
  };
  return late;
}

/** Everything that Trellis holds and gives, to see that nothing changed. */
export function stateOf(world: World): unknown {
  const { ledger, lake } = world;
  return JSON.parse(
    JSON.stringify([
      [...ledger.requests].map(([id, { value }]) => [id, value.state, value.terms, value.expiresAt, value.version]),
      [...ledger.pairs].map(([key, { value }]) => [key, value.grants]),
      [...lake.grants.values()],
      [...lake.filters.values()],
      [...lake.links],
    ]),
  );
}
