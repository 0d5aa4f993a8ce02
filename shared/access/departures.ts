import type { LeavingThing } from '../mesh/apply-leaving.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Instant, Pair } from './access-request.ts';
import type { EnforceServices } from './enforce-request.ts';
import type { PairReading } from './pair-record.ts';

/** A thing that leaves, taken up by this worker. */
export interface Departure {
  thing: LeavingThing;
  /** When a worker took it up for the first time: marks this departure among others of the same thing. */
  startedAt: Instant;
}

/** A request that may still give something, or become one that does. */
export interface OpenRequest {
  requestId: string;
  pairs: Pair[];
}

/** How far the writer of the central catalog is with a domain's tables. */
export interface TablesProgress {
  isDone: boolean;
  left?: number;
}

/**
 * The intents of offboarding, and what the ledger has of who leaves. What is found comes from indexes: a change of the last moments may be
 * missing, and an item may be shown as it was.
 */
export interface Departures {
  /** Takes the intent up, and keeps others from it until `until`; undefined when there is none, or nothing left to do. */
  claim(what: LeavingThing['kind'], name: string, now: Instant, until: Instant): Promise<Departure | undefined>;
  /** Requests of an account, or for a domain's tables, that have not come to their end. */
  openRequests(thing: LeavingThing): AsyncIterable<OpenRequest[]>;
  /** Pairs of an account, or on a domain's tables, that have something or may have it. */
  restlessPairs(thing: LeavingThing): AsyncIterable<PairReading[]>;
  /** Has the writer of the central catalog begin with the domain's tables, unless it has; tells how far it is. */
  tables(domain: string, account: string, now: Instant): Promise<TablesProgress>;
  /** Keeps what is left for people to see, and when to look again. */
  saveProgress(departure: Departure, progress: DepartureProgress): Promise<void>;
  /** Nothing is left. Other than this departure's intent stays as it is. */
  finish(departure: Departure, doneAt: Instant): Promise<void>;
}

/**
 * Who leaves at this moment. A function goes by the mesh that it read within the last minute: this says sooner who is not in it any more.
 */
export interface LeavingNow {
  among(things: readonly LeavingThing[]): Promise<LeavingThing[]>;
}

export interface DepartureProgress {
  grants: number;
  tables?: number;
  lookAgainAt: Instant;
}

/**
 * How long functions may still decide by the mesh before: each reads it once a minute (`shared/lambda/applied-mesh-cache.ts`), works on for its
 * own time, a minute, and a call that it sent may land a minute later. What is looked at after that stays as it is found.
 */
export const DECIDED_BEFORE_MILLISECONDS = 180_000;

/** The services as they are when the mesh in force is without the thing, also where this process has not read it anew yet. */
export function asIfGone<S extends EnforceServices>(services: S, thing: LeavingThing): S {
  const { mesh, leavingDomains } = services;
  const before = thing.kind === 'domain' ? mesh.domains[thing.domain] : undefined;
  const known = thing.kind === 'domain' && before ? { [thing.domain]: before, ...leavingDomains } : leavingDomains;
  return { ...services, mesh: meshWithout(mesh, thing), ...(known && { leavingDomains: known }) };
}

/** What a request of an account for a table of a domain rests on. */
export function thingsBehind(mesh: Mesh, account: string, domain: string | undefined): LeavingThing[] {
  const owner = domain === undefined ? undefined : mesh.domains[domain]?.account;
  const asking = { kind: 'account' as const, account };
  return domain === undefined || owner === undefined ? [asking] : [asking, { kind: 'domain', domain, account: owner }];
}

/** The mesh as it is when a thing has left it. */
export function meshWithout(mesh: Mesh, thing: LeavingThing): Mesh {
  const stays = <T extends { account: string }>([name, { account }]: [string, T]) =>
    thing.kind === 'domain' ? name !== thing.domain : account !== thing.account;
  const domains = Object.fromEntries(Object.entries(mesh.domains).filter(stays));
  if (thing.kind === 'domain') return { ...mesh, domains };
  return { ...mesh, domains, consumers: Object.fromEntries(Object.entries(mesh.consumers).filter(stays)) };
}
