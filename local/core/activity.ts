/** What is under way in the mesh: events being delivered, messages being handled, functions and state machine steps running. Waits are not. */
export class Activity {
  readonly #running = new Map<symbol, string>();
  #waiting: (() => void)[] = [];

  /** Counts `work` as under way until it settles. */
  async track<T>(label: string, work: () => Promise<T> | T): Promise<T> {
    const end = this.begin(label);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Counts something as under way until the returned function is called (once). */
  begin(label: string): () => void {
    const key = Symbol(label);
    this.#running.set(key, label);
    return () => {
      this.#running.delete(key);
      if (this.#running.size > 0) return;
      // What just ended may begin something else in the same turn: look again after it.
      setImmediate(() => {
        if (this.#running.size > 0) return;
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const wake of waiting) wake();
      });
    };
  }

  labels(): string[] {
    return [...this.#running.values()];
  }

  /** Resolves when nothing is under way. With a limit (real milliseconds), false when it passed first. */
  async idle(limitMs?: number): Promise<boolean> {
    if (this.#running.size === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push(() => resolve(true));
    const timer = limitMs === undefined ? undefined : setTimeout(() => resolve(false), limitMs);
    const answer = await promise;
    clearTimeout(timer);
    return answer;
  }
}
