import type { Instant } from '../../shared/access/access-request.ts';
import { tablesOf } from '../../shared/access/access-request.ts';
import type {
  Departure,
  DepartureProgress,
  Departures,
  OpenRequest,
  TablesProgress,
} from '../../shared/access/departures.ts';
import type { PairReading } from '../../shared/access/pair-record.ts';
import { isSettled } from '../../shared/access/pair-record.ts';
import { type LeavingThing, nameOfThing } from '../../shared/mesh/apply-leaving.ts';
import type { MemoryLedger } from './memory-ledger.ts';

interface Intent {
  thing: LeavingThing;
  startedAt?: Instant;
  dueAt?: Instant | undefined;
  progress?: DepartureProgress;
  doneAt?: Instant;
}

/** The intents of offboarding in memory, under the conditions of `shared/aws/departure-ledger.ts`. */
export class MemoryDepartures implements Departures {
  readonly intents = new Map<string, Intent>();
  readonly tablesOfDomains = new Map<string, TablesProgress>();
  readonly #ledger: MemoryLedger;

  constructor(ledger: MemoryLedger) {
    this.#ledger = ledger;
  }

  begin(thing: LeavingThing): void {
    this.intents.set(nameOfThing(thing), { thing });
  }

  async claim(what: LeavingThing['kind'], name: string, now: Instant, until: Instant): Promise<Departure | undefined> {
    const intent = this.intents.get(`${what} ${name}`);
    if (!intent || intent.doneAt !== undefined) return undefined;
    intent.startedAt ??= now;
    intent.dueAt = until;
    return { thing: intent.thing, startedAt: intent.startedAt };
  }

  async *openRequests(thing: LeavingThing): AsyncGenerator<OpenRequest[]> {
    const open = [...this.#ledger.requests.values()]
      .map(({ value }) => value)
      .filter(({ state }) => state.status !== 'ended' && state.status !== 'denied')
      .filter(({ account, domain }) =>
        thing.kind === 'account' ? account === thing.account : domain === thing.domain,
      );
    for (const request of open) {
      const { requestId, principal } = request;
      yield [{ requestId, pairs: tablesOf(request).map(table => ({ principal, table })) }];
    }
  }

  async *restlessPairs(thing: LeavingThing): AsyncGenerator<PairReading[]> {
    const of = ({ record: { principal, table } }: PairReading) =>
      thing.kind === 'account' ? principal.includes(`::${thing.account}:`) : table.startsWith(`${thing.domain}_`);
    const isRestless = ({ record, grants }: PairReading) =>
      grants.length > 0 || !isSettled(record) || Object.keys(record.applied).length > 0;
    yield [...this.#ledger.pairs.values()].map(({ value }) => value).filter(pair => of(pair) && isRestless(pair));
  }

  async tables(domain: string): Promise<TablesProgress> {
    const known = this.tablesOfDomains.get(domain) ?? { isDone: false };
    this.tablesOfDomains.set(domain, known);
    return known;
  }

  async saveProgress(departure: Departure, progress: DepartureProgress): Promise<void> {
    const intent = this.#ofThisOne(departure);
    if (intent) Object.assign(intent, { progress, dueAt: progress.lookAgainAt });
  }

  async finish(departure: Departure, doneAt: Instant): Promise<void> {
    const intent = this.#ofThisOne(departure);
    if (intent) Object.assign(intent, { doneAt, dueAt: undefined });
  }

  #ofThisOne({ thing, startedAt }: Departure): Intent | undefined {
    const intent = this.intents.get(nameOfThing(thing));
    return intent?.startedAt === startedAt && intent.doneAt === undefined ? intent : undefined;
  }
}
