import { StateError } from './errors.ts';

/** One member of a HistoryEvent, such as `taskFailedEventDetails`, and what is in it. */
export type HistoryDetails = Record<string, Record<string, unknown>>;

interface HistoryEvent {
  /** Milliseconds since 1970. */
  at: number;
  type: string;
  previousEventId: number;
  details: HistoryDetails | undefined;
}

/** Events that an execution may have. Source: Step Functions quotas. */
const MAX_EVENTS = 25_000;

/** The events of one execution, in order. Payloads are texts that the states share, so that a history costs little more than its payloads. */
export class History {
  readonly #now: () => number;
  #events: HistoryEvent[] | undefined = [];
  #isClosed = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @returns the event's id
   * @throws StateError States.Runtime when the execution has had all the events that it may have
   */
  add(type: string, previousEventId: number, details?: HistoryDetails): number {
    if (!this.#events || this.#isClosed) return previousEventId;
    if (this.#events.length >= MAX_EVENTS - 1) {
      throw new StateError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      );
    }
    return this.#push(type, previousEventId, details);
  }

  /** The last event: nothing comes after it. */
  close(type: string, details?: HistoryDetails): void {
    if (this.#isClosed) return;
    this.#push(type, this.#events?.length ?? 0, details);
    this.#isClosed = true;
  }

  drop(): void {
    this.#events = undefined;
  }

  /** As `GetExecutionHistory` answers them; undefined when they were dropped. */
  events(): Record<string, unknown>[] | undefined {
    return this.#events?.map(({ at, type, previousEventId, details }, index) => ({
      timestamp: at / 1000,
      type,
      id: index + 1,
      previousEventId,
      ...details,
    }));
  }

  #push(type: string, previousEventId: number, details: HistoryDetails | undefined): number {
    this.#events?.push({ at: this.#now(), type, previousEventId, details });
    return this.#events?.length ?? previousEventId;
  }
}
