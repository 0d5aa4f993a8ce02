/** Runs calls some at once. A failure stops nothing: all that was begun ends first. */
export class AtOnce {
  readonly #limit: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins the call as soon as fewer than the limit are under way. */
  async start(call: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= this.#limit) await Promise.race(this.#underWay);
    const running = call()
      .catch(failure => void this.#failures.push(failure))
      .finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  /** Waits for all. @throws the first failure */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
