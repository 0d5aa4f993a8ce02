import type { Viewer } from '../catalog/browse-catalog.ts';
import type { AccessRequest, Instant, Pair, RequestState, TableTerms } from './access-request.ts';
import type { PairReading } from './pair-record.ts';
import type { ActualAccess } from './plan-converge.ts';

/** What became of an event: it had its effect, or was refused for these reasons. */
export interface EventAnswer {
  refused?: string[];
}

/** One step of a request, as the ledger keeps it for ever: what held from then on. */
export interface AccessStep {
  at: Instant;
  state: RequestState;
  terms: TableTerms[];
  expiresAt: Instant;
  policies: string[];
}

/** The ledger for people, as far as the viewer may see it: the hub all, an account what it asked for and what is asked of it. */
export interface AccessReader {
  viewer: Viewer;
  /** Undefined where there is none, or none that concerns the viewer. */
  request(requestId: string): Promise<AccessRequest | undefined>;
  /** All that concern the viewer, once each, a page at a time, in no order. */
  requests(): AsyncIterable<readonly AccessRequest[]>;
  /** What a principal has on a table; undefined where it never had anything, or nothing that concerns the viewer. */
  pair(pair: Pair): Promise<PairReading | undefined>;
  /** Oldest first. For the hub alone. */
  steps(requestId: string): Promise<AccessStep[]>;
  /** What became of an event that the viewer's account sent; undefined while it has not been taken. */
  answerTo(eventId: string): Promise<EventAnswer | undefined>;
  /** What Lake Formation has of a pair; undefined where the viewer may not look: Lake Formation answers the hub alone. */
  actual(pair: Pair): Promise<ActualAccess | undefined>;
}

/** Something that a principal needs in its own account. */
export interface OwnFinding {
  /** What is looked at: words for a person. */
  what: string;
  state: 'there' | 'missing' | 'unseen';
  /** What is wrong, or why it cannot be seen, and what helps. */
  help?: string;
}

/** What a principal's own account has for a table, seen with the caller's own rights in it. */
export interface OwnSide {
  look(pair: Pair, hub: string): Promise<OwnFinding[]>;
}

/** Puts events of source `trellis.access` for the caller's account. */
export interface AccessSender {
  /** @throws EventNotPutError when EventBridge does not take it */
  send(event: AccessEvent, eventId: string): Promise<void>;
}

export interface AccessEvent {
  detailType: string;
  data: Record<string, unknown>;
}
