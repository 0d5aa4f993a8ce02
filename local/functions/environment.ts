import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type CompleteConfiguration, locateHandler } from './function-configuration.ts';

/** What an invocation gives: the handler's answer, or the error's JSON. */
export interface Outcome {
  payload: string;
  functionError?: 'Unhandled';
}

interface RuntimeError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

type FromRuntime =
  | { kind: 'ready' }
  | { kind: 'answer'; payload: string }
  | { kind: 'error'; error: RuntimeError }
  | { kind: 'fatal'; error: RuntimeError };

interface Running {
  requestId: string;
  resolve: (outcome: Outcome) => void;
  timer: NodeJS.Timeout | undefined;
}

/** Time to import the code, beside the function's own Timeout; real milliseconds. Source: Lambda Developer Guide, Init phase. */
const INIT_LIMIT_MS = 10_000;
/** V8's heap of one environment. The function's MemorySize when that is smaller; the mesh holds many functions in one process. */
const HEAP_LIMIT_MB = 128;
/** The young generation's default would keep tens of MB for an environment that does little. */
const YOUNG_GENERATION_MB = 16;

/**
 * One execution environment: a worker thread with its own `process.env`, heap and clock, that handles one invocation at a time.
 *
 * Simplification: a Timeout is of real time, because real work takes real time while the mesh's clock may jump; between invocations the
 * environment is not frozen; the session token of its role does not expire.
 */
export class Environment {
  readonly #worker: Worker;
  readonly #functionArn: string;
  readonly #timeoutSeconds: number;
  #running: Running | undefined;
  #isReady = false;
  #isUsable = true;
  #outOfMemory = false;

  constructor(
    functionArn: string,
    configuration: CompleteConfiguration,
    variables: Record<string, string>,
    sharedOffset: SharedArrayBuffer,
    hooks: { onLine: (text: string) => void; onEnd: () => void },
  ) {
    this.#functionArn = functionArn;
    this.#timeoutSeconds = configuration.Timeout;
    const { file, exportName } = locateHandler(configuration);
    this.#worker = new Worker(new URL('./runtime.mjs', import.meta.url), {
      name: configuration.FunctionName,
      env: variables,
      // Not those of the process: the mesh may run under a test runner or a debugger.
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData: { moduleUrl: pathToFileURL(file).href, exportName, sharedOffset },
      resourceLimits: {
        maxOldGenerationSizeMb: Math.min(configuration.MemorySize, HEAP_LIMIT_MB),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) onEachLine(stream, hooks.onLine);
    this.#worker.on('message', (message: FromRuntime) => this.#receive(message));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#outOfMemory ||= error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      hooks.onLine(String(error));
    });
    this.#worker.on('exit', code => {
      this.#isUsable = false;
      this.#fail('Runtime.ExitError', `Error: Runtime exited ${this.#exitReason(code)}`);
      hooks.onEnd();
    });
  }

  /** False after a time-out, an exit or a failed start: the next invocation needs another environment. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Runs the handler once. Does not reject: whatever happens is an outcome. */
  invoke(requestId: string, payload: string): Promise<Outcome> {
    return new Promise(resolve => {
      this.#running = { requestId, resolve, timer: undefined };
      this.#startTimer(this.#isReady ? 0 : INIT_LIMIT_MS);
      this.#worker.postMessage({
        requestId,
        payload,
        functionArn: this.#functionArn,
        timeoutMs: this.#timeoutSeconds * 1000,
      });
    });
  }

  /** Bytes on the heap that are in use, counted after all garbage was collected: taking a snapshot of a heap does that first. */
  async liveHeapBytes(): Promise<number> {
    const snapshot = await this.#worker.getHeapSnapshot();
    snapshot.destroy();
    return (await this.#worker.getHeapStatistics()).used_heap_size;
  }

  async terminate(): Promise<void> {
    this.#isUsable = false;
    await this.#worker.terminate();
  }

  #receive(message: FromRuntime): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#startTimer(0);
        return;
      case 'answer':
        this.#settle({ payload: message.payload });
        return;
      case 'error':
        this.#settle(unhandled(message.error));
        return;
      case 'fatal':
        this.#isUsable = false;
        this.#settle(unhandled(message.error));
    }
  }

  #startTimer(initMs: number): void {
    const running = this.#running;
    if (!running) return;
    clearTimeout(running.timer);
    running.timer = setTimeout(
      () => {
        const seconds = this.#timeoutSeconds + (this.#isReady ? 0 : initMs / 1000);
        this.#fail('Sandbox.Timedout', `Error: Task timed out after ${seconds.toFixed(2)} seconds`);
        void this.terminate();
      },
      this.#timeoutSeconds * 1000 + initMs,
    );
  }

  #fail(errorType: string, errorMessage: string): void {
    this.#isUsable = false;
    const requestId = this.#running?.requestId;
    this.#settle(unhandled({ errorType, errorMessage: `RequestId: ${requestId} ${errorMessage}` }));
  }

  #settle(outcome: Outcome): void {
    clearTimeout(this.#running?.timer);
    const resolve = this.#running?.resolve;
    this.#running = undefined;
    resolve?.(outcome);
  }

  #exitReason(code: number): string {
    if (this.#outOfMemory) return 'with error: signal: killed';
    return code === 0 ? 'without providing a reason' : `with error: exit status ${code}`;
  }
}

function unhandled(error: RuntimeError): Outcome {
  return { payload: JSON.stringify(error), functionError: 'Unhandled' };
}

function onEachLine(stream: NodeJS.ReadableStream, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest) onLine(rest);
  });
}
