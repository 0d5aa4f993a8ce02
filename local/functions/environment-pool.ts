import { AwsError } from '../core/aws-error.ts';
import type { Environment, Outcome } from './environment.ts';

/**
 * The execution environments of one function: started when needed, kept warm, at most `limit` at a time. Further invocations wait in order.
 * Simplification: AWS would refuse (throttle) what exceeds a reserved concurrency, and try again later where it retries.
 */
export class EnvironmentPool {
  readonly limit: number;
  readonly #start: (onEnd: (ended: Environment) => void) => Environment;
  readonly #all = new Set<Environment>();
  /** The longest idle first; the latest is used first. `since`: real milliseconds. */
  readonly #idle: { environment: Environment; since: number }[] = [];
  readonly #waiting: PromiseWithResolvers<Environment>[] = [];
  #isStopped = false;

  constructor(limit: number, start: (onEnd: (ended: Environment) => void) => Environment) {
    this.limit = limit;
    this.#start = start;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Since when the longest idle environment is idle; undefined when all are busy, or none is there. */
  get idleSince(): number | undefined {
    return this.#idle[0]?.since;
  }

  /** Ends the longest idle environment. */
  retireOne(): void {
    const oldest = this.#idle.shift();
    if (!oldest) return;
    this.#all.delete(oldest.environment);
    void oldest.environment.terminate();
  }

  /** @throws ServiceException when the pool was stopped, or its environment cannot be started. */
  async invoke(requestId: string, payload: string): Promise<Outcome> {
    const environment = await this.#acquire();
    try {
      return await environment.invoke(requestId, payload);
    } finally {
      this.#release(environment);
    }
  }

  /** Of each environment, bytes. */
  liveHeapBytes(): Promise<number[]> {
    return Promise.all([...this.#all].map(environment => environment.liveHeapBytes()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#all].map(environment => environment.terminate()));
  }

  async #acquire(): Promise<Environment> {
    if (this.#isStopped) throw stopped();
    const idle = this.#idle.pop();
    if (idle) return idle.environment;
    if (this.#all.size < this.limit) return this.#startOne();
    const place = Promise.withResolvers<Environment>();
    this.#waiting.push(place);
    return place.promise;
  }

  #release(environment: Environment): void {
    const next = this.#waiting.shift();
    if (!environment.isUsable) this.#all.delete(environment);
    if (!next) {
      if (environment.isUsable) this.#idle.push({ environment, since: performance.now() });
      return;
    }
    try {
      if (this.#isStopped) throw stopped();
      next.resolve(environment.isUsable ? environment : this.#startOne());
    } catch (error) {
      next.reject(error);
      this.#release(environment);
    }
  }

  #startOne(): Environment {
    const environment = this.#start(ended => this.#forget(ended));
    this.#all.add(environment);
    return environment;
  }

  #forget(environment: Environment): void {
    const index = this.#idle.findIndex(idle => idle.environment === environment);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    this.#all.delete(environment);
  }
}

function stopped(): AwsError {
  return new AwsError('ServiceException', 'The local mesh is stopping.', { status: 500 });
}
