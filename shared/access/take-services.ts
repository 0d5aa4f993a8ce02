import type { Mesh } from '../mesh/mesh.ts';
import type { Measure } from '../telling/measure.ts';
import type { Announcer, Outbox } from '../telling/outbox.ts';
import type { Instant } from './access-request.ts';
import type { LeavingNow } from './departures.ts';
import type { DueItem, Ledger } from './ledger.ts';
import type { PolicyEngine } from './policy.ts';
import type { CentralCatalog } from './table-description.ts';

/** The state machines that show a request's way and keep its time. */
export interface Processes {
  /**
   * Starts the request's machine; one that runs, or ran, under the request's id is left alone.
   * @param table the one whose permissions it is to change first, and at once
   */
  start(requestId: string, table?: string): Promise<void>;
  /** Tells a waiting machine to go on. A token that is used or out of time counts as told. */
  wake(taskToken: string): Promise<void>;
  /** Has what is due for a request done at once, without waiting for its machine or the sweep. */
  enforceNow(requestId: string): Promise<void>;
  /** Has a piece of work done at once, which the next sweep would find due. */
  workNow(item: DueItem): Promise<void>;
}

export interface TakeServices {
  mesh: Mesh;
  policies: PolicyEngine;
  ledger: Ledger;
  leaving: LeavingNow;
  /** The domains for which the hub's bus holds to `decisions: direct`, by `directMark`; none unless given. */
  directDecisions?: readonly string[];
  catalog: CentralCatalog;
  outbox: Outbox;
  announcer: Announcer;
  processes: Processes;
  now(): Instant;
  measure?: Measure;
}
