import { nameOfThing } from '../mesh/apply-leaving.ts';
import { type Instant, laterBy, type Pair } from './access-request.ts';
import { convergePair } from './converge-pair.ts';
import {
  asIfGone,
  DECIDED_BEFORE_MILLISECONDS,
  type Departure,
  type Departures,
  type OpenRequest,
  type TablesProgress,
} from './departures.ts';
import { beginOffboarding, type EnforceServices, enforceRequest } from './enforce-request.ts';
import { LedgerConflictError, TableLockedError } from './ledger.ts';
import type { PairReading } from './pair-record.ts';
import { endStanding, type ShareBackServices } from './share-back.ts';
import { isStanding } from './standing-grant.ts';

export interface OffboardServices extends EnforceServices, Pick<ShareBackServices, 'standing'> {
  departures: Departures;
}

/**
 * Ends all access of an account, or to a domain's tables: requests that wait are denied, grants end and are taken away. Does what there is time for;
 * the intent stays due until nothing is left, so that it may be repeated, be run twice at once, and be lost at any point. What fails is reported and
 * keeps nothing else waiting.
 *
 * Order, and why: first every request takes its step in the ledger, which is quick and after which nothing is granted any more; then Lake
 * Formation follows, grant by grant; what is not reached the sweep hands over by itself, for each of them is due now. Done is only what was looked
 * at after nobody could decide by the mesh before.
 *
 * @throws the fault of the ledger: trying again helps.
 */
export async function offboardAccess(
  services: OffboardServices,
  what: 'domain' | 'account',
  name: string,
): Promise<void> {
  const { departures, now } = services;
  const lookedAt = now();
  const departure = await departures.claim(what, name, lookedAt, laterBy(lookedAt, CLAIM_MILLISECONDS));
  if (!departure) return;
  const { thing, startedAt } = departure;
  const tables: TablesProgress =
    thing.kind === 'domain' ? await departures.tables(thing.domain, thing.account, lookedAt) : { isDone: true };
  const work = new AccessWork(asIfGone(services, thing), departure);
  const found = await work.endAll();
  const certainAt = laterBy(startedAt, DECIDED_BEFORE_MILLISECONDS);
  if (found === 0 && tables.isDone && lookedAt >= certainAt) return departures.finish(departure, now());
  const isResting = found === 0 && thing.kind === 'account';
  await departures.saveProgress(departure, {
    grants: work.left,
    ...(tables.left !== undefined && { tables: tables.left }),
    lookAgainAt: isResting ? certainAt : now(),
  });
}

/** Longer than the function's own time: two of them at once do no harm, only the same. */
const CLAIM_MILLISECONDS = 60_000;
const AT_ONCE = 8;
/** What one request or pair needs before the process ends. */
const WORK_MILLISECONDS = 25_000;

class AccessWork {
  readonly #services: OffboardServices;
  readonly #departure: Departure;
  readonly #giveUpAt: Instant;
  /** Grants and pairs that were found and are not gone yet. */
  left = 0;

  constructor(services: OffboardServices, departure: Departure) {
    this.#services = services;
    this.#departure = departure;
    this.#giveUpAt = laterBy(services.deadline(), -WORK_MILLISECONDS);
  }

  /** @returns how many requests and pairs were found that were not at rest */
  async endAll(): Promise<number> {
    const { departures } = this.#services;
    const { thing } = this.#departure;
    const open: OpenRequest[] = [];
    for await (const page of departures.openRequests(thing)) {
      await this.#each(page, ({ requestId }) => beginOffboarding(this.#services, requestId), nameOfRequest);
      open.push(...page);
    }
    this.left += await this.#each(open, ({ requestId }) => enforceRequest(this.#services, requestId), nameOfRequest);
    const seen = new Set(open.flatMap(({ pairs }) => pairs.map(keyOf)));
    let found = open.length;
    for await (const page of departures.restlessPairs(thing)) {
      const others = page.filter(({ record, grants }) => grants.some(isStanding) || !seen.has(keyOf(record)));
      this.left += await this.#each(others, reading => this.#endPair(reading), nameOfPair);
      found += others.length;
    }
    return found;
  }

  /** A standing grant has no request that ends it. `apply` has written before that nobody is shared back to. */
  async #endPair({ record: { principal, table }, grants }: PairReading): Promise<void> {
    const pair = { principal, table };
    if (grants.some(isStanding)) await endStanding(this.#services, pair);
    const { linkFault } = await convergePair(this.#services, pair);
    if (linkFault !== undefined) throw linkFault;
  }

  /** @returns how many were not done, by a fault or for want of time */
  async #each<T>(all: readonly T[], work: (one: T) => Promise<unknown>, nameOf: (one: T) => string): Promise<number> {
    let undone = 0;
    let next = 0;
    const worker = async () => {
      for (let one = all[next++]; one !== undefined; one = all[next++]) {
        if (this.#services.now() >= this.#giveUpAt) undone++;
        else if (!(await this.#isDone(() => work(one), nameOf(one)))) undone++;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
    return undone;
  }

  async #isDone(work: () => Promise<unknown>, name: string): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (fault) {
      const isAnothers = fault instanceof TableLockedError || fault instanceof LedgerConflictError;
      const advice = isAnothers ? 'another works on it' : 'mend what the error says; it is tried again each minute';
      this.#services.report(`${nameOfThing(this.#departure.thing)} leaves, and ${name} is not gone: ${advice}`, fault);
      return false;
    }
  }
}

function keyOf({ principal, table }: Pair): string {
  return `${principal} ${table}`;
}

function nameOfRequest({ requestId }: OpenRequest): string {
  return `the request ${requestId}`;
}

function nameOfPair({ record: { principal, table } }: PairReading): string {
  return `the access of ${principal} to ${table}`;
}
