import type { Activity } from '../core/activity.ts';
import type { Cancelled } from './errors.ts';
import type { Execution } from './execution.ts';
import type { HistoryDetails } from './history.ts';

/** What is cancelled together: an execution, or the branches of one Map or Parallel. */
export class Scope {
  #reason: Cancelled | undefined;
  readonly #listeners = new Set<(reason: Cancelled) => void>();
  readonly #leaveParent: (() => void) | undefined;

  constructor(parent?: Scope) {
    this.#leaveParent = parent?.onCancel(reason => this.cancel(reason));
  }

  cancel(reason: Cancelled): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#leaveParent?.();
    for (const listener of [...this.#listeners]) listener(reason);
    this.#listeners.clear();
  }

  /** @returns takes the listener away again */
  onCancel(listener: (reason: Cancelled) => void): () => void {
    if (this.#reason) listener(this.#reason);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  throwIfCancelled(): void {
    if (this.#reason) throw this.#reason;
  }
}

/**
 * One line of states that run after each other: an execution's own, or one of a Map's or a Parallel's.
 * It counts as activity, except while it is suspended in a wait.
 */
export class Branch {
  readonly execution: Execution;
  readonly scope: Scope;
  /** This scope's variables and those of the scopes around it. */
  variables: Record<string, unknown>;
  /** A Map's iteration, for `$states.context.Map.Item`. */
  readonly mapItem: { Index: number; Value: unknown } | undefined;
  readonly #activity: Activity;
  #endActivity: (() => void) | undefined;
  #lastEventId: number;

  constructor(
    execution: Execution,
    activity: Activity,
    parent?: { branch: Branch; scope: Scope; mapItem?: { Index: number; Value: unknown } | undefined },
  ) {
    this.execution = execution;
    this.scope = parent?.scope ?? execution.scope;
    this.variables = { ...parent?.branch.variables };
    this.mapItem = parent?.mapItem ?? parent?.branch.mapItem;
    this.#lastEventId = parent ? parent.branch.#lastEventId : 0;
    this.#activity = activity;
    this.resume();
  }

  /** @throws Cancelled, so that a branch that was cancelled while it evaluated something goes no further */
  record(type: string, details?: HistoryDetails): void {
    this.scope.throwIfCancelled();
    this.#lastEventId = this.execution.history.add(type, this.#lastEventId, details);
  }

  /** A wait of this branch for one thing. Whoever settles it takes the activity up again in the same turn, so that the clock does not run on. */
  await<T>(): Wait<T> {
    return new Wait(this);
  }

  fork(scope: Scope, mapItem?: { Index: number; Value: unknown }): Branch {
    return new Branch(this.execution, this.#activity, { branch: this, scope, mapItem });
  }

  resume(): void {
    this.#endActivity ??= this.#activity.begin(`execution ${this.execution.arn}`);
  }

  /** Stops counting as activity: for a wait, and at the branch's end. */
  suspend(): void {
    this.#endActivity?.();
    this.#endActivity = undefined;
  }
}

export class Wait<T> {
  readonly promise: Promise<T>;
  readonly #branch: Branch;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #cleanups: (() => void)[] = [];
  #isSettled = false;

  constructor(branch: Branch) {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#branch = branch;
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // A wait may be settled before anybody awaits it.
    promise.catch(() => {});
    this.onSettled(branch.scope.onCancel(reason => this.reject(reason)));
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(value: T): void {
    this.#settle(() => this.#resolve(value));
  }

  reject(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  /** From here on the branch does not count as activity, until the wait is settled. */
  suspend(): void {
    if (!this.#isSettled) this.#branch.suspend();
  }

  /** Runs `cleanup` when the wait is settled: timers, registrations. */
  onSettled(cleanup: () => void): void {
    if (this.#isSettled) cleanup();
    else this.#cleanups.push(cleanup);
  }

  #settle(finish: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#branch.resume();
    for (const cleanup of this.#cleanups) cleanup();
    finish();
  }
}
