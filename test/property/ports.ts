import type { Instant } from '../../shared/access/access-request.ts';
import type { ConsumerLinks, LakePermissions } from '../../shared/access/converge-pair.ts';
import type { WorkServices } from '../../shared/access/do-work.ts';
import type { DueItem, DueWork, Transition } from '../../shared/access/ledger.ts';
import type { PairReading } from '../../shared/access/pair-record.ts';
import type { ResourceShares } from '../../shared/access/provision.ts';
import type { BulkRevocations } from '../../shared/access/revoke-in-bulk.ts';
import type { Announcer, Outbox } from '../../shared/telling/outbox.ts';
import type { ToldEvent } from '../../shared/telling/told-event.ts';
import type { MemoryLake } from './memory-lake.ts';
import type { MemoryLedger, WholeLedger } from './memory-ledger.ts';
import type { MemoryRedecisions } from './memory-redecisions.ts';
import type { MemoryRevocations } from './memory-revocations.ts';
import type { MemoryStandings } from './memory-standings.ts';
import type { PortCall, Process, Scheduler } from './scheduler.ts';

/** Calls that change the ledger or a lease. */
const LEDGER_CHANGES = ['commit', 'savePair', 'postponePair', 'takeLease', 'releaseLease'];

/** Makes a call of one process a step of the scheduler. The name's first word says what is called. */
export type Step = <T>(name: string, effect: () => Promise<T>, more?: Partial<PortCall<T>>) => Promise<T>;

export function stepsOf(scheduler: Scheduler, process: Process): Step {
  return (name, effect, more = {}) => scheduler.step(process, { name, kind: kindOf(name), effect, ...more });
}

/** By the first word of a call's name. */
function kindOf(name: string): PortCall['kind'] {
  const [port, call = ''] = name.split(' ')[0]?.split('.') ?? [];
  if (port === 'links' || (port === 'lake' && call !== 'read')) return 'lake';
  return port === 'ledger' && LEDGER_CHANGES.includes(call) ? 'ledger' : 'other';
}

/** Whatever Lake Formation answers to a change is not believed before it is seen. */
export function lakePorts(step: Step, lake: MemoryLake): LakePermissions {
  const dropped = { dropped: undefined };
  const short = ({ name }: { name: string }) => name.slice(0, 13);
  return {
    read: pair => step('lake.read', () => lake.read(pair)),
    createFilter: (table, filter) =>
      step(`lake.createFilter ${short(filter)}`, () => lake.createFilter(table, filter), dropped),
    grant: (pair, filter) => step(`lake.grant ${short(filter)}`, () => lake.grant(pair, filter), dropped),
    revoke: (pair, filters) => step(`lake.revoke ${filters.map(short)}`, () => lake.revoke(pair, filters), dropped),
    deleteFilter: (table, name) =>
      step(`lake.deleteFilter ${short({ name })}`, () => lake.deleteFilter(table, name), dropped),
  };
}

export function linkPorts(step: Step, lake: MemoryLake): ConsumerLinks & ResourceShares {
  return {
    ensure: pair => step('links.ensure', () => lake.ensure(pair)),
    release: (pair, isLast) => step('links.release', () => lake.release(pair, isLast)),
    isAssociated: (account, table) => step('shares.isAssociated', () => lake.isAssociated(account, table)),
    acceptInvitations: () => step('shares.accept', () => lake.acceptInvitations()),
  };
}

/** @param real the ledger itself, or what a test has made of it: then its transactions are not shown in pieces */
export function ledgerPorts(step: Step, ledger: MemoryLedger, real: WholeLedger = ledger): WholeLedger {
  const commitInPieces = (transition: Transition): Pick<PortCall<'committed' | 'seen'>, 'inPieces'> =>
    real === ledger ? { inPieces: isFirst => ledger.commitInPieces(transition, isFirst) } : {};
  return {
    loadRequest: id => step('ledger.loadRequest', () => real.loadRequest(id)),
    loadPair: pair => step('ledger.loadPair', () => real.loadPair(pair)),
    countGrants: (account, table) => step('ledger.countGrants', () => real.countGrants(account, table)),
    pairsOf: (table, after) => pairPages(step, real, table, after),
    settleClosed: table => step('ledger.settleClosed', () => real.settleClosed(table)),
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
    due: now => duePages(step, real, now),
  };
}

async function* pairPages(
  step: Step,
  ledger: WholeLedger,
  table: string,
  after?: string,
): AsyncIterable<readonly PairReading[]> {
  yield* await step('ledger.pairsOf', async () => {
    const pages: (readonly PairReading[])[] = [];
    for await (const page of ledger.pairsOf(table, after)) pages.push(page);
    return pages;
  });
}

async function* duePages(step: Step, ledger: DueWork, now: Instant): AsyncIterable<DueItem[]> {
  yield* await step('ledger.due', async () => {
    const pages: DueItem[][] = [];
    for await (const page of ledger.due(now)) pages.push(page);
    return pages;
  });
}

export function standingPorts(
  step: Step,
  standings: MemoryStandings,
): Pick<WorkServices, 'standing' | 'domainStandings'> {
  return {
    standing: {
      wanted: domain => step('standing.wanted', () => standings.wanted(domain)),
      takeTurn: (table, dueAt) => step('standing.takeTurn', () => standings.takeTurn(table, dueAt)),
      holdsTurn: turn => step('standing.holdsTurn', () => standings.holdsTurn(turn)),
      finishTurn: turn => step('standing.finishTurn', () => standings.finishTurn(turn)),
      putOffTurn: (turn, dueAt) => step('standing.putOffTurn', () => standings.putOffTurn(turn, dueAt)),
      callFor: (tables, dueAt) => step('standing.callFor', () => standings.callFor(tables, dueAt)),
    },
    domainStandings: {
      loadWork: domain => step('standing.loadWork', () => standings.loadWork(domain)),
      saveProgress: (work, progress) => step('standing.saveProgress', () => standings.saveProgress(work, progress)),
      finishWork: work => step('standing.finishWork', () => standings.finishWork(work)),
      unwantedTables: (work, from) => step('standing.unwantedTables', () => standings.unwantedTables(work, from)),
    },
  };
}

export function revocationPorts(step: Step, revocations: MemoryRevocations): BulkRevocations {
  return {
    claim: (...given) => step('revocations.claim', () => revocations.claim(...given)),
    openRequests: (...given) => step('revocations.openRequests', () => revocations.openRequests(...given)),
    saveProgress: (...given) => step('revocations.saveProgress', () => revocations.saveProgress(...given)),
    finish: (...given) => step('revocations.finish', () => revocations.finish(...given)),
  };
}

export function redecisionPorts(
  step: Step,
  redecisions: MemoryRedecisions,
): Pick<WorkServices, 'calledTables' | 'redecidedDomains' | 'changedPolicies'> {
  const { mesh, domains } = redecisions;
  return {
    calledTables: {
      callFor: (tables, dueAt, certainAt) =>
        step('redecisions.callFor', () => redecisions.callFor(tables, dueAt, certainAt)),
      take: (table, until) => step('redecisions.take', () => redecisions.take(table, until)),
      finish: taken => step('redecisions.finish', () => redecisions.finish(taken)),
      putOff: (...given) => step('redecisions.putOff', () => redecisions.putOff(...given)),
    },
    changedPolicies: {
      load: () => step('redecisions.loadMesh', () => mesh.load()),
      begin: (domain, account) => step('redecisions.begin', () => mesh.begin(domain, account)),
      finish: mark => step('redecisions.finishMesh', () => mesh.finish(mark)),
    },
    redecidedDomains: {
      load: domain => step('redecisions.loadDomain', () => domains.load(domain)),
      save: (...given) => step('redecisions.saveDomain', () => domains.save(...given)),
      finish: work => step('redecisions.finishDomain', () => domains.finish(work)),
      grantedTables: (...given) => step('redecisions.grantedTables', () => domains.grantedTables(...given)),
    },
  };
}

export function outboxPorts(step: Step, ledger: MemoryLedger): Outbox {
  return {
    load: eventId => step('outbox.load', () => ledger.load(eventId)),
    clear: eventIds => step('outbox.clear', () => ledger.clear(eventIds)),
    keep: event => step('outbox.keep', () => ledger.keep(event)),
  };
}

/** Each bus is a call; a bus that fails leaves its event to be told again. */
export function announcerPorts(step: Step, announced: { eventId: string; destination: string }[]): Announcer {
  const announceTo = async (eventId: string, destination: string): Promise<string[]> => {
    try {
      await step(`announce to ${destination}`, async () => void announced.push({ eventId, destination }));
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
