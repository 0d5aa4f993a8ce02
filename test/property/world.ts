import type { Envelope } from '../../events/envelope.ts';
import type { Instant, Pair } from '../../shared/access/access-request.ts';
import type { ConsumerLinks, LakePermissions } from '../../shared/access/converge-pair.ts';
import { doWork } from '../../shared/access/do-work.ts';
import { type EnforceServices, enforceRequest, type RequestProgress } from '../../shared/access/enforce-request.ts';
import { keepQuestion } from '../../shared/access/keep-question.ts';
import type { DueItem, Ledger, Transition } from '../../shared/access/ledger.ts';
import { sweep } from '../../shared/access/sweep.ts';
import { takeAccessEvent } from '../../shared/access/take-access-event.ts';
import type { Processes, TakeServices } from '../../shared/access/take-services.ts';
import type { Announcer, Outbox } from '../../shared/telling/outbox.ts';
import type { ToldEvent } from '../../shared/telling/told-event.ts';
import { MemoryLake } from './memory-lake.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { CATALOG, MESH, POLICIES } from './sample-mesh.ts';
import { type Decisions, type PortCall, type Process, Scheduler } from './scheduler.ts';

/** When every history begins. */
export const START = Date.parse('2026-11-21T09:00:00.000Z');

const MINUTE = 60_000;
/** The time-out of the functions. Source: serverless.yml. */
const FUNCTION_MILLISECONDS = 60_000;
const SWEEP_MILLISECONDS = 50_000;
/** When a queue delivers a message again that was not handled, and how often. Source: serverless.yml. */
const VISIBILITY_MILLISECONDS = 360_000;
const DELIVERIES = 3;
/** How long a state machine waits before it repeats a failed step, and how often it does. */
const MACHINE_RETRY_MILLISECONDS = 5_000;
const MACHINE_TRIES = 4;

/** Calls that change the ledger or a lease. */
const LEDGER_CHANGES = ['commit', 'savePair', 'postponePair', 'takeLease', 'releaseLease'];

/** What a test takes away from the real thing, to see that a law then fails. */
export interface Sabotage {
  ledger?(ledger: Ledger): Ledger;
  lake?(lake: LakePermissions): LakePermissions;
}

/** Trellis's use cases as processes on one scheduler, over a ledger and a Lake Formation in memory. */
export class World {
  readonly scheduler: Scheduler;
  readonly ledger: MemoryLedger;
  readonly lake = new MemoryLake();
  /** What reached each bus. */
  readonly announced: { eventId: string; destination: string }[] = [];
  readonly reports: string[] = [];
  /** When each process that was killed would have ended at the latest. */
  readonly deadlinesOfKilled: { startedAt: number; deadline: number }[] = [];
  readonly #hasMachines: boolean;
  readonly #sabotage: Sabotage;
  readonly #questions = new Map<string, () => void>();
  readonly #started = new Set<string>();
  #holders = 0;

  constructor({
    decisions,
    hasMachines,
    sabotage = {},
  }: {
    decisions: Decisions;
    /** Without them only the sweep works. */
    hasMachines: boolean;
    sabotage?: Sabotage;
  }) {
    this.scheduler = new Scheduler(START, decisions);
    this.ledger = new MemoryLedger(() => this.now());
    this.#hasMachines = hasMachines;
    this.#sabotage = sabotage;
  }

  now(): Instant {
    return new Date(this.scheduler.now).toISOString();
  }

  /** An event arrives, and is delivered until it is taken. */
  deliver(envelope: Envelope): void {
    this.#deliver(`event ${eventIdOf(envelope)}`, process => takeAccessEvent(this.#takeServices(process), envelope));
  }

  /** Sweeps each minute up to an instant. */
  sweepUntil(instant: number): void {
    for (let at = this.scheduler.now + MINUTE; at <= instant; at += MINUTE) this.scheduler.at(at, () => this.sweep());
  }

  /** One that finds nothing does nothing: it is left out. */
  sweep(): void {
    if (!this.ledger.dueItems().some(({ dueAt }) => dueAt <= this.now())) return;
    this.#start('sweep', SWEEP_MILLISECONDS, async process => {
      const queue = {
        send: (items: readonly DueItem[]) =>
          this.scheduler.step(process, {
            name: 'queue.send',
            kind: 'other',
            effect: async () => {
              for (const item of items) this.work(item);
            },
          }),
      };
      await sweep({ ledger: this.#ledger(process), queue, now: () => this.now() });
    });
  }

  /** A message on the enforce queue. */
  work(item: DueItem): void {
    this.#deliver(`work ${nameOf(item)}`, process => doWork(this.#enforceServices(process), item));
  }

  #deliver(name: string, run: (process: Process) => Promise<void>, delivery = 1): void {
    const again = () => {
      if (delivery === DELIVERIES) return;
      this.scheduler.at(this.scheduler.now + VISIBILITY_MILLISECONDS, () => this.#deliver(name, run, delivery + 1));
    };
    this.#start(name, FUNCTION_MILLISECONDS, run, { failed: again, killed: again });
  }

  #start<T>(
    name: string,
    milliseconds: number,
    run: (process: Process) => Promise<T>,
    ended: { done?(result: T): void; failed?(): void; killed?(): void } = {},
  ): Process {
    const process: Process = this.scheduler.start(name, milliseconds, run, {
      ...ended,
      failed: fault => {
        this.reports.push(`${name} failed: ${fault}`);
        if (isProgrammingFault(fault)) this.reports.push(`FAULT ${name}: ${(fault as Error).stack}`);
        ended.failed?.();
      },
      killed: () => {
        this.deadlinesOfKilled.push({ startedAt: process.startedAt, deadline: process.deadline });
        ended.killed?.();
      },
    });
    return process;
  }

  /** The picture of a request's state machine: does what is due, waits, does it again. */
  #runMachine(requestId: string, tries = 1): void {
    const retry = () => {
      if (tries === MACHINE_TRIES) return;
      this.scheduler.at(this.scheduler.now + MACHINE_RETRY_MILLISECONDS, () => this.#runMachine(requestId, tries + 1));
    };
    this.#start(
      `machine ${requestId}`,
      FUNCTION_MILLISECONDS,
      process => enforceRequest(this.#enforceServices(process), requestId),
      { done: progress => this.#machineGoesOn(progress), failed: retry, killed: retry },
    );
  }

  #machineGoesOn({ requestId, status, waitUntil }: RequestProgress): void {
    if (waitUntil === '') return;
    if (status !== 'waiting') {
      this.scheduler.at(Date.parse(waitUntil), () => this.#runMachine(requestId));
      return;
    }
    const goOn = () => {
      if (this.#questions.delete(requestId)) this.#runMachine(requestId);
    };
    this.#questions.set(requestId, goOn);
    this.scheduler.at(Date.parse(waitUntil), goOn);
    this.#start(`question ${requestId}`, FUNCTION_MILLISECONDS, process =>
      keepQuestion({ ledger: this.#ledger(process), processes: this.#processes(process) }, requestId, requestId),
    );
  }

  #takeServices(process: Process): TakeServices {
    return {
      mesh: MESH,
      policies: POLICIES,
      catalog: CATALOG,
      ledger: this.#ledger(process),
      outbox: this.#outbox(process),
      announcer: this.#announcer(process),
      processes: this.#processes(process),
      now: () => this.now(),
    };
  }

  #enforceServices(process: Process): EnforceServices {
    const step = this.#stepsOf(process);
    const { lake } = this;
    return {
      mesh: MESH,
      ledger: this.#ledger(process),
      lake: this.#lakeOf(process),
      links: {
        ensure: pair => step('links.ensure', () => lake.ensure(pair)),
        release: (pair, isLast) => step('links.release', () => lake.release(pair, isLast)),
      } satisfies ConsumerLinks,
      shares: {
        isAssociated: (account, table) => step('shares.isAssociated', () => lake.isAssociated(account, table)),
        acceptInvitations: () => step('shares.accept', () => lake.acceptInvitations()),
      },
      outbox: this.#outbox(process),
      announcer: this.#announcer(process),
      report: (message, fault) => void this.reports.push(`${message}: ${fault}`),
      now: () => this.now(),
      // A second more: the process is dead by then (`shared/lambda/enforce-services.ts`).
      deadline: () => new Date(process.deadline + 1000).toISOString(),
      pause: milliseconds => this.scheduler.pause(process, milliseconds),
      newHolder: () => `holder ${++this.#holders}`,
    };
  }

  #stepsOf(process: Process) {
    return <T>(name: string, effect: () => Promise<T>, more: Partial<PortCall<T>> = {}) =>
      this.scheduler.step(process, { name, kind: kindOf(name), effect, ...more });
  }

  #lakeOf(process: Process): LakePermissions {
    const step = this.#stepsOf(process);
    const { lake } = this;
    // Whatever Lake Formation answers is not believed before it is seen.
    const dropped = { dropped: undefined };
    const short = ({ name }: { name: string }) => name.slice(0, 13);
    const steps: LakePermissions = {
      read: pair => step('lake.read', () => lake.read(pair)),
      createFilter: (table, filter) =>
        step(`lake.createFilter ${short(filter)}`, () => lake.createFilter(table, filter), dropped),
      grant: (pair, filter) => step(`lake.grant ${short(filter)}`, () => lake.grant(pair, filter), dropped),
      revoke: (pair, filters) => step(`lake.revoke ${filters.map(short)}`, () => lake.revoke(pair, filters), dropped),
      deleteFilter: (table, name) =>
        step(`lake.deleteFilter ${short({ name })}`, () => lake.deleteFilter(table, name), dropped),
    };
    return this.#sabotage.lake?.(steps) ?? steps;
  }

  #ledger(process: Process): Ledger {
    const step = this.#stepsOf(process);
    const { ledger } = this;
    const real = this.#sabotage.ledger?.(ledger) ?? ledger;
    const commitInPieces = (transition: Transition): Pick<PortCall<'committed' | 'seen'>, 'inPieces'> =>
      real === ledger ? { inPieces: isFirst => ledger.commitInPieces(transition, isFirst) } : {};
    return {
      loadRequest: id => step('ledger.loadRequest', () => real.loadRequest(id)),
      loadPair: pair => step('ledger.loadPair', () => real.loadPair(pair)),
      countGrants: (account, table) => step('ledger.countGrants', () => real.countGrants(account, table)),
      commit: transition =>
        step(
          `ledger.commit ${transition.request?.requestId} ${transition.request?.state.status}`,
          () => real.commit(transition),
          commitInPieces(transition),
        ),
      savePair: (record, now) => step('ledger.savePair', () => real.savePair(record, now)),
      postponePair: (pair, dueAt) => step('ledger.postponePair', () => real.postponePair(pair, dueAt)),
      takeLease: (...lease) => step('ledger.takeLease', () => real.takeLease(...lease)),
      releaseLease: lease => step('ledger.releaseLease', () => real.releaseLease(lease)),
      saveTaskToken: (id, token) => step('ledger.saveTaskToken', () => real.saveTaskToken(id, token)),
      due: now => this.#duePages(process, real, now),
    };
  }

  async *#duePages(process: Process, ledger: Ledger, now: Instant): AsyncIterable<DueItem[]> {
    yield* await this.scheduler.step(process, {
      name: 'ledger.due',
      kind: 'other',
      effect: async () => {
        const pages: DueItem[][] = [];
        for await (const page of ledger.due(now)) pages.push(page);
        return pages;
      },
    });
  }

  #outbox(process: Process): Outbox {
    const step = this.#stepsOf(process);
    const { ledger } = this;
    return {
      load: eventId => step('outbox.load', () => ledger.load(eventId)),
      clear: eventIds => step('outbox.clear', () => ledger.clear(eventIds)),
      keep: event => step('outbox.keep', () => ledger.keep(event)),
    };
  }

  /** Each bus is a call; a bus that fails leaves its event to be told again. */
  #announcer(process: Process): Announcer {
    const step = this.#stepsOf(process);
    const announceTo = async (eventId: string, destination: string): Promise<string[]> => {
      try {
        await step(`announce to ${destination}`, async () => void this.announced.push({ eventId, destination }));
        return [];
      } catch {
        return [destination];
      }
    };
    return {
      announce: async events => {
        const left: ToldEvent[] = [];
        for (const event of events) {
          const failed = await Promise.all(event.destinations.map(each => announceTo(event.eventId, each)));
          if (failed.flat().length > 0) left.push({ ...event, destinations: failed.flat() });
        }
        return left;
      },
    };
  }

  #processes(process: Process): Processes {
    const step = this.#stepsOf(process);
    return {
      start: requestId =>
        step('processes.start', async () => {
          if (this.#hasMachines && !this.#started.has(requestId)) this.#runMachine(requestId);
          this.#started.add(requestId);
        }),
      wake: token => step('processes.wake', async () => this.#questions.get(token)?.()),
      enforceNow: requestId => step('processes.enforceNow', async () => this.work({ kind: 'request', requestId })),
    };
  }

  /** All pairs that the ledger has heard of. */
  pairs(): Pair[] {
    return [...this.ledger.pairs.values()].map(({ value: { record } }) => ({
      principal: record.principal,
      table: record.table,
    }));
  }
}

/** By the first word of a call's name. */
function kindOf(name: string): PortCall['kind'] {
  const [port, call = ''] = name.split(' ')[0]?.split('.') ?? [];
  if (port === 'links' || (port === 'lake' && call !== 'read')) return 'lake';
  return port === 'ledger' && LEDGER_CHANGES.includes(call) ? 'ledger' : 'other';
}

function nameOf(item: DueItem): string {
  switch (item.kind) {
    case 'request':
      return item.requestId;
    case 'pair':
      return `${item.pair.principal.slice(31)} on ${item.pair.table}`;
    case 'told':
      return `told ${item.eventId.slice(0, 6)}`;
  }
}

function eventIdOf({ detail }: Envelope): string {
  return (detail as { metadata: { eventId: string } }).metadata.eventId;
}

/** A fault that no service has: a mistake in the code under test, or in this one. */
function isProgrammingFault(fault: unknown): boolean {
  return fault instanceof TypeError || fault instanceof RangeError || fault instanceof ReferenceError;
}
