import { type Instant, laterBy, type Pair } from './access-request.ts';
import { convergePair } from './converge-pair.ts';
import { LedgerConflictError, TableLockedError, type Transition, type Turn } from './ledger.ts';
import { afterTransition, type PairReading } from './pair-record.ts';
import { type ProvisionServices, provisionPair } from './provision.ts';
import { isStanding, SHARE_BACK, standingGrant } from './standing-grant.ts';
import type { CentralCatalog } from './table-description.ts';

/** Who has standing grants on all central tables of a domain, as `apply` wrote it last. */
export interface Wanted {
  /** The domain's. */
  account: string;
  principals: string[];
}

/** A turn that was taken. */
export interface TakenTurn extends Turn {
  /** How many were taken since the table was last looked at to the end, this one too. */
  tries: number;
}

/**
 * Where the ledger keeps who is shared back to, and which tables are to be looked at for it.
 *
 * INVARIANT: of all who look at one table, only the last who took a turn writes (`Transition.turn`). It reads what is wanted and the table's columns
 * after it took its turn, and whoever changes either calls for a turn afterwards: what is written last was read last.
 */
export interface StandingGrants {
  /** Undefined for a domain that never shared back. */
  wanted(domain: string): Promise<Wanted | undefined>;
  /** Ends every earlier turn on the table. It is due, until it is finished, from `dueAt` on. */
  takeTurn(table: string, dueAt: Instant): Promise<TakenTurn>;
  holdsTurn(turn: Turn): Promise<boolean>;
  /** Nothing is due for the table any more, unless another took a turn since. */
  finishTurn(turn: Turn): Promise<void>;
  /** Has the table looked at again at `dueAt`, unless another took a turn since. */
  putOffTurn(turn: Turn, dueAt: Instant): Promise<void>;
  /** Has tables looked at from `dueAt` on. Ends every turn that is taken on them. */
  callFor(tables: readonly string[], dueAt: Instant): Promise<void>;
}

export interface ShareBackServices extends ProvisionServices {
  standing: StandingGrants;
  catalog: CentralCatalog;
  report(message: string, fault: unknown): void;
}

/**
 * Makes the standing grants on one central table what `mesh.yml` asks for: ends those that nobody asks for any more, and gives the others all columns
 * that the table has now. Nothing is told of it: there is no request. Safe to repeat, to run late, twice at once, and to lose at any point. What could
 * not be given is tried again, later and later, and keeps nobody else's from being given.
 *
 * @throws LedgerConflictError, TableLockedError while others work on it; the fault of the ledger. The table stays due.
 */
export async function shareBack(services: ShareBackServices, table: string): Promise<void> {
  const { standing, now } = services;
  const domain = domainOf(table);
  if (!(await standing.wanted(domain))) return;
  const turn = await standing.takeTurn(table, laterBy(now(), FIRST_AGAIN_MILLISECONDS));
  const { account, principals } = (await standing.wanted(domain)) ?? { account: '', principals: [] };
  let isDone = true;
  const attempt = async (pair: Pair, what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (fault) {
      if (fault instanceof LedgerConflictError || fault instanceof TableLockedError) throw fault;
      services.report(`${what} ${table} ${pair.principal} failed; it is tried again`, fault);
      isDone = false;
    }
  };
  for (const pair of await unwanted(services, table, principals))
    await attempt(pair, 'No longer sharing back', () => endStanding(services, pair, turn));
  const columns = principals.length > 0 ? await columnsOf(services, domain, table) : undefined;
  if (columns) {
    for (const principal of principals) {
      const pair = { principal, table };
      await attempt(pair, 'Sharing back', () => stand(services, pair, columns, { turn, owner: account }));
    }
  }
  if (isDone) await standing.finishTurn(turn);
  else await standing.putOffTurn(turn, laterBy(now(), againAfter(turn)));
}

/** A domain's name has no underscore. Also of a domain that has left the mesh. */
function domainOf(table: string): string {
  return table.slice(0, table.indexOf('_'));
}

/** Longer than a function works on one table. */
const FIRST_AGAIN_MILLISECONDS = 120_000;
const LAST_AGAIN_MILLISECONDS = 3_600_000;

function againAfter({ tries }: TakenTurn): number {
  return Math.min(FIRST_AGAIN_MILLISECONDS * 2 ** (tries - 1), LAST_AGAIN_MILLISECONDS);
}

async function unwanted({ ledger }: ShareBackServices, table: string, wanted: readonly string[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const page of ledger.pairsOf(table)) {
    for (const { record, grants } of page)
      if (grants.some(isStanding) && !wanted.includes(record.principal))
        pairs.push({ principal: record.principal, table });
  }
  return pairs;
}

/** All columns of the table; undefined where nobody new is let in: it is gone, here or at its source, or not the domain's. */
async function columnsOf({ catalog }: ShareBackServices, domain: string, table: string): Promise<string[] | undefined> {
  const description = await catalog.describe(table);
  if (!description || description.domain !== domain || description.missingSince !== undefined) return undefined;
  return description.columns.map(({ name }) => name);
}

/** The ledger may say it already: what Lake Formation has goes with a table that somebody dropped, and does not come back. */
async function stand(
  services: ShareBackServices,
  pair: Pair,
  columns: readonly string[],
  by: { turn: Turn; owner: string },
): Promise<void> {
  const put = standingGrant(columns);
  await commitInTurn(services, pair, by.turn, before => {
    if (before.grants.find(isStanding)?.columns.join('\n') === columns.join('\n')) return undefined;
    const after = afterTransition(before.record, [...others(before), put]);
    return { at: services.now(), ...by, pairs: [{ before, after, put }], tell: [] };
  });
  await provisionPair(services, pair);
}

/** Ends a standing grant and takes it away. @param turn without one: where nobody can give it again meanwhile, for the table is closed */
export async function endStanding(
  services: Pick<ShareBackServices, keyof ProvisionServices | 'standing' | 'report'>,
  pair: Pair,
  turn?: Turn,
): Promise<void> {
  await commitInTurn(services, pair, turn, before => {
    if (!before.grants.some(isStanding)) return undefined;
    const after = afterTransition(before.record, others(before));
    return { at: services.now(), pairs: [{ before, after, remove: SHARE_BACK }], tell: [], ...(turn && { turn }) };
  });
  const { linkFault } = await convergePair(services, pair);
  if (linkFault !== undefined)
    services.report(`The link of ${pair.principal} to ${pair.table} is not right yet`, linkFault);
}

function others({ grants }: PairReading) {
  return grants.filter(grant => !isStanding(grant));
}

/** Requests of the same principal write the same record: each in its turn, on a new reading. */
async function commitInTurn(
  { ledger, standing, pause }: Pick<ShareBackServices, 'ledger' | 'standing' | 'pause'>,
  pair: Pair,
  turn: Turn | undefined,
  plan: (before: PairReading) => Transition | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const transition = plan(await ledger.loadPair(pair));
    if (!transition) return;
    try {
      await ledger.commit(transition);
      return;
    } catch (fault) {
      if (!(fault instanceof LedgerConflictError) || attempt === CONFLICT_ATTEMPTS) throw fault;
      if (turn && !(await standing.holdsTurn(turn))) throw fault;
      await pause(CONFLICT_MILLISECONDS * attempt);
    }
  }
}

const CONFLICT_ATTEMPTS = 12;
const CONFLICT_MILLISECONDS = 50;
