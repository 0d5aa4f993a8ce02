/** A page of one side. `next` names the page after it; undefined: it is the last. */
export interface Page<T> {
  entries: readonly (readonly [key: string, value: T])[];
  next?: string | undefined;
}

export type Pages<T> = AsyncIterable<Page<T>>;

/** One key with what each side has there. Undefined: that side has not shown it. */
export interface Pair<S, C> {
  key: string;
  source: S | undefined;
  central: C | undefined;
}

/** Where reading goes on, for each side; `end`: it has been read. */
export interface PairPosition {
  source: string;
  central: string;
}

export interface PairOptions {
  /** Of either side at once; undefined: all that must. What has waited longest is given up then, alone. */
  mostWaiting?: number;
  /** Asked before each page: ends early, and gives what waits alone. */
  isTimeUp?(): boolean;
}

/**
 * Brings the entries of two sides together, a page of each at a time. What is held is what waits for its counterpart: next to nothing when both sides
 * list in one order, as Glue does. An entry that is given alone is missing on the other side; with `mostWaiting` or `isTimeUp` it may only be unseen there.
 */
export class PairUp<S, C> {
  readonly #source: PagedSide<S>;
  readonly #central: PagedSide<C>;
  readonly #options: PairOptions;

  constructor(source: Pages<S>, central: Pages<C>, options: PairOptions = {}) {
    this.#source = new PagedSide(source);
    this.#central = new PagedSide(central);
    this.#options = options;
  }

  /** Undefined when both sides have been read to their end. */
  get position(): PairPosition | undefined {
    if (this.#source.isDone && this.#central.isDone) return undefined;
    return { source: this.#source.next ?? 'end', central: this.#central.next ?? 'end' };
  }

  async *pairs(): AsyncGenerator<Pair<S, C>> {
    const { mostWaiting = Number.POSITIVE_INFINITY, isTimeUp = () => false } = this.#options;
    const source = this.#source;
    const central = this.#central;
    while (!source.isDone || !central.isDone) {
      if (isTimeUp() && source.hasBegun && central.hasBegun) break;
      if (this.#readsSourceNext()) {
        for (const [key, value] of await source.nextPage()) {
          if (central.waiting.has(key)) yield { key, source: value, central: central.take(key) };
          else source.waiting.set(key, value);
        }
      } else {
        for (const [key, value] of await central.nextPage()) {
          if (source.waiting.has(key)) yield { key, source: source.take(key), central: value };
          else central.waiting.set(key, value);
        }
      }
      // What waits for a side that has ended waits for nothing.
      if (central.isDone) yield* this.#alone(source, 0);
      if (source.isDone) yield* this.#alone(central, 0);
      yield* this.#alone(source, mostWaiting);
      yield* this.#alone(central, mostWaiting);
    }
    yield* this.#alone(source, 0);
    yield* this.#alone(central, 0);
  }

  *#alone(side: PagedSide<S> | PagedSide<C>, most: number): Generator<Pair<S, C>> {
    for (const key of side.waiting.keys()) {
      if (side.waiting.size <= most) return;
      const value = side.take(key);
      yield side === this.#source
        ? { key, source: value as S, central: undefined }
        : { key, source: undefined, central: value as C };
    }
  }

  /** Reads on the side that lags behind, as in a merge: a guess at the order, on which only memory depends. */
  #readsSourceNext(): boolean {
    const source = this.#source;
    const central = this.#central;
    if (source.isDone || central.isDone) return !source.isDone;
    if (source.waiting.size > WAITING_BEFORE_CENTRAL) return false;
    return source.lastKey <= central.lastKey;
  }
}

/** With more of the source's waiting, the central side is read first. */
const WAITING_BEFORE_CENTRAL = 5_000;

/** The pages of one side, each asked for while the one before is worked on. */
class PagedSide<T> {
  readonly #pages: AsyncIterator<Page<T>>;
  #coming: Promise<IteratorResult<Page<T>>>;
  readonly waiting = new Map<string, T>();
  hasBegun = false;
  isDone = false;
  /** Names the page that has not been given yet. */
  next: string | undefined;
  lastKey = '';

  constructor(pages: Pages<T>) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#coming = this.#ask();
  }

  async nextPage(): Promise<Page<T>['entries']> {
    const { done, value } = await this.#coming;
    this.hasBegun = true;
    this.next = done ? undefined : value.next;
    this.isDone = this.next === undefined;
    if (done) return [];
    if (!this.isDone) this.#coming = this.#ask();
    this.lastKey = value.entries.at(-1)?.[0] ?? this.lastKey;
    return value.entries;
  }

  take(key: string): T {
    const value = this.waiting.get(key) as T;
    this.waiting.delete(key);
    return value;
  }

  #ask(): Promise<IteratorResult<Page<T>>> {
    const coming = this.#pages.next();
    // A failure is told to who awaits the page, which may be later, or never when the other side fails first.
    coming.catch(() => {});
    return coming;
  }
}
