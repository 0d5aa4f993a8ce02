import { beforeEach } from 'vitest';
import { type Instant, laterBy, type RequestState } from '../../../shared/access/access-request.ts';
import type { WorkServices } from '../../../shared/access/do-work.ts';
import type { Ledger } from '../../../shared/access/ledger.ts';
import type { PolicyEngine } from '../../../shared/access/policy.ts';
import { recordStep } from '../../../shared/access/record-step.ts';
import type { TableDescription } from '../../../shared/access/table-description.ts';
import type { ToldEvent } from '../../../shared/telling/told-event.ts';
import { MemoryDepartures } from '../../property/memory-departures.ts';
import { MemoryLake } from '../../property/memory-lake.ts';
import { MemoryLedger } from '../../property/memory-ledger.ts';
import { MemoryRedecisions } from '../../property/memory-redecisions.ts';
import { MemoryRevocations } from '../../property/memory-revocations.ts';
import { MemoryStandings } from '../../property/memory-standings.ts';
import { description, MESH, POLICIES } from '../../property/sample-mesh.ts';
import { ANALYST, END, FLIGHTS, NOW, requestIn } from './samples.ts';

export const PAIR = { principal: ANALYST, table: FLIGHTS };

/** What enforcing needs, in memory; its clock stands still but for pauses. */
export class EnforceRig {
  now: Instant = NOW;
  readonly ledger = new MemoryLedger(() => this.now);
  readonly departures = new MemoryDepartures(this.ledger);
  readonly revocations = new MemoryRevocations(this.ledger, MESH);
  readonly lake = new MemoryLake();
  readonly told: ToldEvent[] = [];
  readonly reports: string[] = [];
  #holders = 0;
  readonly redecisions = new MemoryRedecisions(this.ledger, () => this.now);
  /** The policies in force. */
  policies: PolicyEngine = POLICIES;
  readonly standings = new MemoryStandings(this.ledger, () => this.now);
  /** The central tables. */
  readonly catalog = new Map<string, TableDescription>([[FLIGHTS, description(FLIGHTS)]]);
  readonly services: WorkServices = {
    mesh: MESH,
    ledger: this.ledger,
    lake: this.lake,
    links: this.lake,
    shares: this.lake,
    standing: this.standings,
    domainStandings: this.standings,
    catalog: { describe: async table => structuredClone(this.catalog.get(table)) },
    domainTables: { list: async () => ({ tables: [...this.catalog.keys()] }) },
    departures: this.departures,
    revocations: this.revocations,
    calledTables: this.redecisions,
    redecidedDomains: this.redecisions.domains,
    changedPolicies: this.redecisions.mesh,
    inForce: async () => ({ mesh: MESH, policies: this.policies }),
    outbox: this.ledger,
    announcer: {
      announce: async events => {
        this.told.push(...events);
        return [];
      },
    },
    report: message => void this.reports.push(message),
    now: () => this.now,
    deadline: () => laterBy(this.now, 60_000),
    newHolder: () => `holder ${this.#holders++}`,
    pause: async milliseconds => {
      this.now = laterBy(this.now, milliseconds);
    },
  };

  constructor() {
    this.lake.columnsOf = table => this.catalog.get(table)?.columns;
  }

  /** A request that has come to a state, with what it told forgotten. */
  async given(state: RequestState, expiresAt = END): Promise<void> {
    const request = requestIn(state, { expiresAt });
    await this.ledger.commit(recordStep(MESH, request, [await this.ledger.loadPair(PAIR)], { at: this.now }));
    await this.ledger.clear([...this.ledger.told.keys()]);
  }

  /** Replaces some of the ledger's calls. */
  alterLedger(changes: Partial<Ledger>): void {
    const names = Object.getOwnPropertyNames(MemoryLedger.prototype).filter(name => name !== 'constructor');
    const call =
      (name: string) =>
      (...given: unknown[]) =>
        (this.ledger[name as keyof MemoryLedger] as (...all: unknown[]) => unknown)(...given);
    const calls = Object.fromEntries(names.map(name => [name, call(name)]));
    this.services.ledger = { ...calls, ...changes } as Ledger;
  }

  types(): string[] {
    return this.told.map(({ type }) => type);
  }

  state(): RequestState | undefined {
    return this.ledger.requests.get('r1')?.value.state;
  }
}

/** A fresh rig for each test. */
export function eachRig(): () => EnforceRig {
  let rig = new EnforceRig();
  beforeEach(() => {
    rig = new EnforceRig();
  });
  return () => rig;
}
