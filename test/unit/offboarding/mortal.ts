/** A process that dies at one of its calls: from then on none of its calls has an effect. */
export class Mortal {
  /** The call at which it dies, from 1. */
  diesAt = Number.POSITIVE_INFINITY;
  when: 'before' | 'after' = 'before';
  calls = 0;
  isDead = false;

  /** Counts a call, and has it fail when the process dies of it, or is dead. */
  async call<T>(effect: () => Promise<T>): Promise<T> {
    this.#dieOf(++this.calls === this.diesAt && this.when === 'before');
    const answer = await effect();
    this.#dieOf(this.calls === this.diesAt && this.when === 'after');
    return answer;
  }

  #dieOf(isNow: boolean): void {
    this.isDead ||= isNow;
    if (this.isDead) throw new Error('The process is dead.');
  }

  /** The next process. */
  revive(): void {
    this.isDead = false;
    this.diesAt = Number.POSITIVE_INFINITY;
  }

  /** An object whose every method is such a call. */
  watch<T extends object>(ports: T): T {
    return new Proxy(ports, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return (...given: unknown[]) => this.call(async () => method.apply(target, given));
      },
    });
  }

  /** The same, for ports of which some give pages: each page is a call. */
  watchPages<T extends object>(ports: T): T {
    const watched = this.watch(ports);
    return new Proxy(ports, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (!(method instanceof GeneratorFunction)) return Reflect.get(watched, name);
        return (...given: unknown[]) => this.#pages(method.apply(target, given) as AsyncGenerator<unknown>);
      },
    });
  }

  async *#pages(pages: AsyncGenerator<unknown>): AsyncGenerator<unknown> {
    for await (const page of pages) yield await this.call(async () => page);
  }
}

const GeneratorFunction = Object.getPrototypeOf(async function* () {}).constructor as new () => (
  ...given: unknown[]
) => unknown;
