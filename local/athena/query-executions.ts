/** Queries that were started: their states, their results, and the order in which they run. */
import { performance } from 'node:perf_hooks';
import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Caller } from '../core/service.ts';
import { QueryFailure } from './query-failure.ts';
import type { ResultSet } from './result-set.ts';
import type { QueryOutcome } from './run-query.ts';

/** The rest waits as QUEUED. Each may use the memory that the sandbox allows. */
const CONCURRENT_QUERIES = 2;

/** Simplification: Athena keeps the history for 45 days, and results in S3 for as long as one likes. */
const KEPT_EXECUTIONS = 10_000;
const KEPT_RESULT_BYTES = 64 * 1024 * 1024;

export interface QueryRequest {
  caller: Caller;
  sql: string;
  /** As given; undefined when the query has no database. */
  database: string | undefined;
  workGroup: string;
  outputLocation: string;
  token: string | undefined;
}

type State = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface QueryExecution extends QueryRequest {
  id: string;
  state: State;
  reason?: string;
  /** Whether the reason is the mesh's fault and not the query's. */
  isInternal?: boolean;
  /** Milliseconds since 1970, in the mesh's time. */
  submittedAt: number;
  completedAt?: number;
  /** Milliseconds of real time. */
  queueMs: number;
  engineMs: number;
  scannedBytes: number;
  result?: ResultSet;
  abort: AbortController;
}

export class QueryExecutions {
  readonly #clock: VirtualClock;
  readonly #activity: Activity;
  readonly #run: (execution: QueryExecution) => Promise<QueryOutcome>;
  /** By id, the oldest first. */
  readonly #executions = new Map<string, QueryExecution>();
  readonly #idByToken = new Map<string, string>();
  readonly #waiting: (() => void)[] = [];
  readonly #unfinished = new Set<Promise<void>>();
  #runningCount = 0;
  #resultBytes = 0;

  constructor(clock: VirtualClock, activity: Activity, run: (execution: QueryExecution) => Promise<QueryOutcome>) {
    this.#clock = clock;
    this.#activity = activity;
    this.#run = run;
  }

  /** Queues a query. It counts as activity until it has ended. */
  start(request: QueryRequest): QueryExecution {
    const execution: QueryExecution = {
      ...request,
      id: crypto.randomUUID(),
      state: 'QUEUED',
      submittedAt: this.#clock.now(),
      queueMs: 0,
      engineMs: 0,
      scannedBytes: 0,
      abort: new AbortController(),
    };
    this.#executions.set(execution.id, execution);
    if (request.token !== undefined) this.#idByToken.set(tokenKey(request.caller, request.token), execution.id);
    this.#forgetOld();
    const end = this.#activity.begin(`Athena query ${execution.id}`);
    const work = this.#execute(execution).finally(() => {
      this.#unfinished.delete(work);
      end();
    });
    this.#unfinished.add(work);
    return execution;
  }

  /** The account's execution with this id. */
  get(account: string, id: string): QueryExecution | undefined {
    const execution = this.#executions.get(id);
    return execution?.caller.account === account ? execution : undefined;
  }

  byToken(caller: Caller, token: string): QueryExecution | undefined {
    const id = this.#idByToken.get(tokenKey(caller, token));
    return id === undefined ? undefined : this.#executions.get(id);
  }

  /** The account's executions, the newest first. */
  list(account: string): QueryExecution[] {
    return [...this.#executions.values()].filter(({ caller }) => caller.account === account).reverse();
  }

  /** Ends a query that is queued or running; another is left as it is. */
  cancel(execution: QueryExecution): void {
    if (execution.state !== 'QUEUED' && execution.state !== 'RUNNING') return;
    this.#end(execution, 'CANCELLED', 'Query was cancelled by the user');
    execution.abort.abort();
  }

  /** Cancels what is under way and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    for (const execution of this.#executions.values()) this.cancel(execution);
    await Promise.all(this.#unfinished);
  }

  async #execute(execution: QueryExecution): Promise<void> {
    const queuedAt = performance.now();
    await this.#takeTurn();
    const startedAt = performance.now();
    execution.queueMs = Math.round(startedAt - queuedAt);
    try {
      // A cancelled query has ended already.
      if (execution.state !== 'QUEUED') return;
      execution.state = 'RUNNING';
      const { result, scannedBytes } = await this.#run(execution);
      execution.scannedBytes = scannedBytes;
      if (execution.abort.signal.aborted) return;
      this.#keep(execution, result);
      this.#end(execution, 'SUCCEEDED');
    } catch (error) {
      if (execution.abort.signal.aborted) return;
      execution.isInternal = !(error instanceof QueryFailure);
      const message = error instanceof Error ? error.message : String(error);
      this.#end(execution, 'FAILED', execution.isInternal ? `GENERIC_INTERNAL_ERROR: ${message}` : message);
    } finally {
      execution.engineMs = Math.round(performance.now() - startedAt);
      this.#runningCount--;
      this.#waiting.shift()?.();
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#runningCount >= CONCURRENT_QUERIES) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    this.#runningCount++;
  }

  #end(execution: QueryExecution, state: State, reason?: string): void {
    execution.state = state;
    execution.completedAt = this.#clock.now();
    if (reason !== undefined) execution.reason = reason;
  }

  #keep(execution: QueryExecution, result: ResultSet): void {
    execution.result = result;
    this.#resultBytes += result.byteCount;
    for (const older of this.#executions.values()) {
      if (this.#resultBytes <= KEPT_RESULT_BYTES || older === execution) return;
      this.#dropResult(older);
    }
  }

  #forgetOld(): void {
    for (const execution of this.#executions.values()) {
      if (this.#executions.size <= KEPT_EXECUTIONS || execution.completedAt === undefined) return;
      this.#dropResult(execution);
      this.#executions.delete(execution.id);
      if (execution.token !== undefined) this.#idByToken.delete(tokenKey(execution.caller, execution.token));
    }
  }

  #dropResult(execution: QueryExecution): void {
    this.#resultBytes -= execution.result?.byteCount ?? 0;
    delete execution.result;
  }
}

function tokenKey(caller: Caller, token: string): string {
  return `${caller.account} ${token}`;
}
