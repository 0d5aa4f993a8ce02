import type { Envelope } from '../../events/envelope.ts';
import type { Instant, Pair } from '../../shared/access/access-request.ts';
import type { LakePermissions } from '../../shared/access/converge-pair.ts';
import { doWork, type WorkServices } from '../../shared/access/do-work.ts';
import { enforceRequest, type RequestProgress } from '../../shared/access/enforce-request.ts';
import { keepQuestion } from '../../shared/access/keep-question.ts';
import type { DueItem } from '../../shared/access/ledger.ts';
import type { PolicyEngine } from '../../shared/access/policy.ts';
import { sweep } from '../../shared/access/sweep.ts';
import type { CentralCatalog, TableDescription } from '../../shared/access/table-description.ts';
import { takeAccessEvent } from '../../shared/access/take-access-event.ts';
import type { Processes, TakeServices } from '../../shared/access/take-services.ts';
import { FRESH_MILLISECONDS } from '../../shared/lambda/applied-mesh-cache.ts';
import { restSeconds } from '../../shared/lambda/retry-pace.ts';
import type { Decisions } from './decisions.ts';
import { MemoryDepartures } from './memory-departures.ts';
import { MemoryLake } from './memory-lake.ts';
import { MemoryLedger, type WholeLedger } from './memory-ledger.ts';
import { MemoryRedecisions } from './memory-redecisions.ts';
import { MemoryRevocations } from './memory-revocations.ts';
import { MemoryStandings } from './memory-standings.ts';
import {
  announcerPorts,
  lakePorts,
  ledgerPorts,
  linkPorts,
  outboxPorts,
  redecisionPorts,
  revocationPorts,
  type Step,
  standingPorts,
  stepsOf,
} from './ports.ts';
import { CATALOG, description, MESH, POLICIES, TABLES } from './sample-mesh.ts';
import { type Process, Scheduler } from './scheduler.ts';

/** When every history begins. */
export const START = Date.parse('2026-11-21T09:00:00.000Z');

const MINUTE = 60_000;
/** The time-out of the functions. Source: serverless.yml. */
const FUNCTION_MILLISECONDS = 60_000;
const SWEEP_MILLISECONDS = 50_000;
/** When a queue delivers a message again whose function was killed. Source: serverless.yml. */
const VISIBILITY_MILLISECONDS = 360_000;

/** How often a queue delivers a message, and when again one that its function could not handle. Source: serverless.yml. */
interface Pace {
  deliveries: number;
  restMilliseconds(delivery: number): number;
}
const EVENTS: Pace = { deliveries: 12, restMilliseconds: delivery => restSeconds(delivery, 0) * 1000 };
const WORK: Pace = { deliveries: 3, restMilliseconds: () => VISIBILITY_MILLISECONDS };

/** How long a state machine waits before it repeats a failed step, and how often it does. */
const MACHINE_RETRY_MILLISECONDS = 5_000;
const MACHINE_TRIES = 4;

/** What a test takes away from the real thing, to see that a law then fails. */
export interface Sabotage {
  ledger?(ledger: WholeLedger): WholeLedger;
  lake?(lake: LakePermissions): LakePermissions;
  catalog?(catalog: CentralCatalog): CentralCatalog;
}

/** Trellis's use cases as processes on one scheduler, over a ledger and a Lake Formation in memory. */
export class World {
  readonly scheduler: Scheduler;
  readonly ledger: MemoryLedger;
  readonly lake = new MemoryLake();
  readonly standings: MemoryStandings;
  readonly redecisions: MemoryRedecisions;
  /** The policies in force, and when they came into force; functions may go by those before for a minute. */
  policies: { engine: PolicyEngine; since: number }[] = [{ engine: POLICIES, since: 0 }];
  /** The central tables. */
  readonly tables = new Map<string, TableDescription>(TABLES.map(table => [table, description(table)]));
  /** What reached each bus. */
  readonly announced: { eventId: string; destination: string }[] = [];
  readonly reports: string[] = [];
  /** Mistakes in the code, not faults of services. */
  readonly faults: string[] = [];
  /** When each process that was killed would have ended at the latest. */
  readonly deadlinesOfKilled: { startedAt: number; deadline: number }[] = [];
  /** Requests are decided on the tables as they are, which costs a call. */
  isReadAnew = false;
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
    this.lake.columnsOf = table => this.tables.get(table)?.columns;
    this.ledger = new MemoryLedger(() => this.now());
    this.standings = new MemoryStandings(this.ledger, () => this.now());
    this.redecisions = new MemoryRedecisions(this.ledger, () => this.now());
    this.#hasMachines = hasMachines;
    this.#sabotage = sabotage;
  }

  now(): Instant {
    return new Date(this.scheduler.now).toISOString();
  }

  /** An event arrives, and is delivered until it is taken. */
  deliver(envelope: Envelope): void {
    const take = (process: Process) => takeAccessEvent(this.#takeServices(process), envelope);
    this.#deliver(`event ${eventIdOf(envelope)}`, EVENTS, take);
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
          stepsOf(this.scheduler, process)('queue.send', async () => {
            for (const item of items) this.work(item);
          }),
      };
      await sweep({ ledger: this.#ledger(process), queue, now: () => this.now() });
    });
  }

  /** A message on the enforce queue. */
  work(item: DueItem): void {
    this.#deliver(`work ${nameOf(item)}`, WORK, process => doWork(this.#enforceServices(process), item));
  }

  #deliver(name: string, pace: Pace, run: (process: Process) => Promise<void>, delivery = 1): void {
    const againIn = (milliseconds: number) => {
      if (delivery === pace.deliveries) return;
      this.scheduler.at(this.scheduler.now + milliseconds, () => this.#deliver(name, pace, run, delivery + 1));
    };
    this.#start(name, FUNCTION_MILLISECONDS, run, {
      failed: () => againIn(pace.restMilliseconds(delivery)),
      killed: () => againIn(VISIBILITY_MILLISECONDS),
    });
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
        this.#report(`${name} failed`, fault);
        ended.failed?.();
      },
      killed: () => {
        this.deadlinesOfKilled.push({ startedAt: process.startedAt, deadline: process.deadline });
        ended.killed?.();
      },
    });
    return process;
  }

  #report(message: string, fault: unknown): void {
    this.reports.push(`${message}: ${fault}`);
    if (isProgrammingFault(fault)) this.faults.push(`${message}: ${(fault as Error).stack}`);
  }

  /** The picture of a request's state machine: does what is due, waits, does it again. */
  #runMachine(requestId: string, table?: string, tries = 1): void {
    const retry = () => {
      if (tries === MACHINE_TRIES) return;
      this.scheduler.at(this.scheduler.now + MACHINE_RETRY_MILLISECONDS, () =>
        this.#runMachine(requestId, table, tries + 1),
      );
    };
    this.#start(
      `machine ${requestId}`,
      FUNCTION_MILLISECONDS,
      process => enforceRequest(this.#enforceServices(process), requestId, table),
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
    const step = stepsOf(this.scheduler, process);
    return {
      mesh: MESH,
      policies: this.policiesAt(process.startedAt - FRESH_MILLISECONDS),
      catalog: this.isReadAnew ? this.#catalog(step) : CATALOG,
      ledger: this.#ledger(process),
      leaving: { among: async () => [] },
      outbox: outboxPorts(step, this.ledger),
      announcer: announcerPorts(step, this.announced),
      processes: this.#processes(process),
      now: () => this.now(),
    };
  }

  #enforceServices(process: Process): WorkServices {
    const step = stepsOf(this.scheduler, process);
    const lake = lakePorts(step, this.lake);
    const links = linkPorts(step, this.lake);
    const catalog = this.#catalog(step);
    return {
      mesh: MESH,
      ledger: this.#ledger(process),
      lake: this.#sabotage.lake?.(lake) ?? lake,
      links,
      shares: links,
      departures: new MemoryDepartures(this.ledger),
      revocations: revocationPorts(step, new MemoryRevocations(this.ledger, MESH)),
      ...standingPorts(step, this.standings),
      ...redecisionPorts(step, this.redecisions),
      inForce: () => step('mesh.load', async () => ({ mesh: MESH, policies: this.policiesAt(this.scheduler.now) })),
      catalog: this.#sabotage.catalog?.(catalog) ?? catalog,
      domainTables: { list: () => step('catalog.list', async () => ({ tables: [...this.tables.keys()] })) },
      outbox: outboxPorts(step, this.ledger),
      announcer: announcerPorts(step, this.announced),
      report: (message, fault) => this.#report(message, fault),
      now: () => this.now(),
      // A second more: the process is dead by then (`shared/lambda/enforce-services.ts`).
      deadline: () => new Date(process.deadline + 1000).toISOString(),
      pause: milliseconds => this.scheduler.pause(process, milliseconds),
      newHolder: () => `holder ${++this.#holders}`,
    };
  }

  #catalog(step: Step): CentralCatalog {
    return { describe: table => step('catalog.describe', async () => structuredClone(this.tables.get(table))) };
  }

  policiesAt(instant: number): PolicyEngine {
    return this.policies.findLast(({ since }) => since <= instant)?.engine ?? POLICIES;
  }

  #ledger(process: Process): WholeLedger {
    return ledgerPorts(stepsOf(this.scheduler, process), this.ledger, this.#sabotage.ledger?.(this.ledger));
  }

  #processes(process: Process): Processes {
    const step = stepsOf(this.scheduler, process);
    return {
      start: (requestId, table) =>
        step('processes.start', async () => {
          if (this.#hasMachines && !this.#started.has(requestId)) this.#runMachine(requestId, table);
          this.#started.add(requestId);
        }),
      wake: token => step('processes.wake', async () => this.#questions.get(token)?.()),
      enforceNow: requestId => step('processes.enforceNow', async () => this.work({ kind: 'request', requestId })),
      workNow: item => step('processes.workNow', async () => this.work(item)),
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

function nameOf(item: DueItem): string {
  switch (item.kind) {
    case 'request':
      return item.requestId;
    case 'pair':
      return `${item.pair.principal.slice(31)} on ${item.pair.table}`;
    case 'told':
      return `told ${item.eventId.slice(0, 6)}`;
    case 'share-back-domain':
      return `${item.kind} ${item.domain}`;
    case 'revocation':
      return `${item.kind} ${item.revocationId}`;
    case 'redecide-domain':
      return `${item.kind} ${item.domain}`;
    case 'redecide-mesh':
      return item.kind;
    case 'redecide':
    case 'labels':
    case 'closed':
    case 'share-back':
    case 'removal':
      return `${item.kind} ${item.table}`;
    case 'leaving':
      return `${item.what} ${item.name} leaves`;
    case 'leaving-tables':
      return `tables of ${item.domain} leave`;
  }
}

function eventIdOf({ detail }: Envelope): string {
  return (detail as { metadata: { eventId: string } }).metadata.eventId;
}

/** A fault that no service has: a mistake in the code under test, or in this one. */
function isProgrammingFault(fault: unknown): boolean {
  return fault instanceof TypeError || fault instanceof RangeError || fault instanceof ReferenceError;
}
