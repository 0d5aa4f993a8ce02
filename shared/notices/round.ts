/**
 * Things that are let through one by one and done together: so many deliveries, each of which takes effect once by itself, become one message. When all
 * that the round waits for was let through or was not, what was let through is done at once.
 */
export class Round<T> {
  readonly #doTogether: (items: T[]) => Promise<ReadonlyMap<T, unknown>>;
  readonly #joined: { item: T; settle: (fault: unknown) => void }[] = [];
  #awaited: number;

  /**
   * @param size how often `take` will be called
   * @param doTogether gives the fault of each item that it could not do. Must not throw.
   */
  constructor(size: number, doTogether: (items: T[]) => Promise<ReadonlyMap<T, unknown>>) {
    this.#awaited = size;
    this.#doTogether = doTogether;
  }

  /**
   * Resolves when each item is done with the round's others, or was not let through.
   * @param read gives the items
   * @param letThrough calls `join` for an item that is to be done, and waits for it
   * @throws what `read` or `letThrough` throws, or the fault of an item; after all items came to their end
   */
  async take(
    read: () => readonly T[],
    letThrough: (item: T, join: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    let items: readonly T[];
    try {
      items = read();
    } catch (fault) {
      this.#arrive();
      throw fault;
    }
    this.#awaited += items.length;
    const settled = Promise.allSettled(items.map(item => this.#takeOne(item, letThrough)));
    this.#arrive();
    const failed = (await settled).find(one => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #takeOne(item: T, letThrough: (item: T, join: () => Promise<void>) => Promise<void>): Promise<void> {
    let hasJoined = false;
    const join = () => {
      hasJoined = true;
      return this.#join(item);
    };
    try {
      await letThrough(item, join);
    } finally {
      if (!hasJoined) this.#arrive();
    }
  }

  async #join(item: T): Promise<void> {
    const done = new Promise<unknown>(settle => this.#joined.push({ item, settle }));
    this.#arrive();
    const fault = await done;
    if (fault !== undefined) throw fault;
  }

  #arrive(): void {
    this.#awaited -= 1;
    if (this.#awaited === 0) void this.#finish();
  }

  async #finish(): Promise<void> {
    const faults = await this.#doTogether(this.#joined.map(({ item }) => item));
    for (const { item, settle } of this.#joined) settle(faults.get(item));
  }
}
