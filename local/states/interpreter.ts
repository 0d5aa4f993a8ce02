import type { VirtualClock } from '../core/clock.ts';
import type { Branch } from './branch.ts';
import { runDistributedMap, type StartChild } from './distributed-map.ts';
import { Cancelled, isMatchedBy, payloadText, queryEvaluationError, StateError } from './errors.ts';
import type { Execution } from './execution.ts';
import { runMap, runParallel } from './fan-out.ts';
import type { ChoiceState, Conclusion, FailState, State, StatesBlock, WaitState } from './state-types.ts';
import type { RunTask } from './tasks.ts';
import { Visit } from './visit.ts';

export interface Interpreter {
  clock: VirtualClock;
  runTask: RunTask;
  startChild: StartChild;
}

/** What a state did: its result, and where the way goes on if that is not the state's own `Next`. */
interface Performed {
  /** What the output is by default. */
  fallback: unknown;
  /** `$states.result`, for the states that have one. */
  result?: unknown;
  by?: Conclusion & { next: string };
}

/** Runs an execution from start to end. Never throws: whatever goes wrong is how the execution ends. */
export async function runExecution(interpreter: Interpreter, execution: Execution, branch: Branch): Promise<void> {
  try {
    branch.record('ExecutionStarted', {
      executionStartedEventDetails: { input: execution.input, roleArn: execution.version.roleArn },
    });
    const output = await runStates(interpreter, execution.version.machine, JSON.parse(execution.input), branch);
    execution.end({ status: 'SUCCEEDED', output: JSON.stringify(output) });
  } catch (error) {
    if (error instanceof Cancelled) return;
    const failure = asStateError(error);
    // As AWS has it, an execution that fails with States.Timeout is FAILED: TIMED_OUT is for the machine's own TimeoutSeconds.
    execution.end({ status: 'FAILED', error: failure.error, cause: failure.message });
  } finally {
    branch.suspend();
  }
}

/** Runs states one after the other until one ends the block. @throws StateError, Cancelled */
export async function runStates(
  interpreter: Interpreter,
  block: StatesBlock,
  input: unknown,
  branch: Branch,
): Promise<unknown> {
  let value = input;
  let valueText = payloadText(input, 'an input');
  for (let name: string | undefined = block.startAt; name !== undefined; ) {
    const state: State = block.states.get(name)!;
    const visit = new Visit(branch, name, value, valueText, interpreter.clock);
    branch.record(`${state.type}StateEntered`, { stateEnteredEventDetails: { name, input: valueText } });
    const { concluded, next } = await runState(interpreter, state, visit);
    const assignedVariables =
      concluded.assigned &&
      Object.fromEntries(Object.entries(concluded.assigned).map(([key, item]) => [key, JSON.stringify(item)]));
    branch.record(`${state.type}StateExited`, {
      stateExitedEventDetails: { name, output: concluded.outputText, ...(assignedVariables && { assignedVariables }) },
    });
    if (concluded.assigned) branch.variables = { ...branch.variables, ...concluded.assigned };
    value = concluded.output;
    valueText = concluded.outputText;
    name = next;
  }
  return value;
}

type Concluded = Awaited<ReturnType<Visit['conclude']>>;

/** One state with its retries and its catchers. */
async function runState(
  interpreter: Interpreter,
  state: State,
  visit: Visit,
): Promise<{ concluded: Concluded; next: string | undefined }> {
  const attempts = state.retry.map(() => 0);
  for (;;) {
    try {
      const { fallback, result, by } = await perform(interpreter, state, visit);
      const concluded = await visit.conclude(by ?? state, fallback, result === undefined ? {} : { result });
      return { concluded, next: by ? by.next : state.type === 'Choice' ? state.otherwise : state.next };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const failure = asStateError(error);
      if (failure.error === 'States.QueryEvaluationError') {
        visit.branch.record('EvaluationFailed', {
          evaluationFailedEventDetails: { state: state.name, error: failure.error, cause: failure.message },
        });
      }
      const index = state.retry.findIndex(retrier => isMatchedBy(failure.error, retrier.errorEquals));
      const retrier = state.retry[index];
      if (retrier && attempts[index]! < retrier.maxAttempts) {
        const delay = retrier.intervalSeconds * retrier.backoffRate ** attempts[index]!;
        attempts[index]!++;
        visit.retryCount++;
        await sleep(interpreter, visit.branch, Math.min(delay, retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY));
        continue;
      }
      const catcher = state.catches.find(({ errorEquals }) => isMatchedBy(failure.error, errorEquals));
      if (!catcher) throw failure;
      const errorOutput = { Error: failure.error, Cause: failure.message };
      return { concluded: await visit.conclude(catcher, errorOutput, { errorOutput }), next: catcher.next };
    }
  }
}

async function perform(interpreter: Interpreter, state: State, visit: Visit): Promise<Performed> {
  switch (state.type) {
    case 'Pass':
    case 'Succeed':
      return { fallback: visit.input };
    case 'Fail':
      return fail(state, visit);
    case 'Wait':
      await waitFor(interpreter, state, visit);
      return { fallback: visit.input };
    case 'Choice':
      return choose(state, visit);
    case 'Task': {
      const result = await interpreter.runTask(state, visit);
      return { fallback: result, result };
    }
    case 'Map': {
      const { distributed } = state;
      const result = distributed
        ? await runDistributedMap(interpreter, { ...state, distributed }, visit)
        : await runMap(interpreter, state, visit);
      return { fallback: result, result };
    }
    case 'Parallel': {
      const result = await runParallel(interpreter, state, visit);
      return { fallback: result, result };
    }
  }
}

async function fail(state: FailState, visit: Visit): Promise<never> {
  const error = state.error ? String(await visit.evaluate(state.error)) : '';
  const cause = state.cause ? String(await visit.evaluate(state.cause)) : '';
  throw new StateError(error, cause);
}

/** A rule that matches has its own Output and Assign; the state's are for the default. Source: Amazon States Language, "Choice State". */
async function choose(state: ChoiceState, visit: Visit): Promise<Performed> {
  for (const rule of state.choices) {
    const holds = await visit.evaluate(rule.condition);
    if (typeof holds !== 'boolean') {
      throw queryEvaluationError(
        `The Condition of the state ${state.name} is ${JSON.stringify(holds)}, not a boolean.`,
      );
    }
    if (holds) return { fallback: visit.input, by: rule };
  }
  if (state.otherwise === undefined) {
    throw new StateError(
      'States.NoChoiceMatched',
      `No rule of the state ${state.name} matched, and it has no Default.`,
    );
  }
  return { fallback: visit.input };
}

async function waitFor(interpreter: Interpreter, state: WaitState, visit: Visit): Promise<void> {
  const seconds = await visit.evaluateInteger(state.seconds, 'Seconds', 0);
  if (seconds !== undefined) return sleep(interpreter, visit.branch, seconds);
  const timestamp = await visit.evaluate(state.timestamp!);
  // RFC 3339 with an upper-case T and Z, as AWS asks for.
  const isTimestamp =
    typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(timestamp);
  const due = isTimestamp ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(due)) {
    throw queryEvaluationError(
      `The field 'Timestamp' is ${JSON.stringify(timestamp)}, which is no RFC 3339 timestamp.`,
    );
  }
  return sleepUntil(interpreter, visit.branch, due);
}

function sleep(interpreter: Interpreter, branch: Branch, seconds: number): Promise<void> {
  return sleepUntil(interpreter, branch, interpreter.clock.now() + seconds * 1000);
}

async function sleepUntil(interpreter: Interpreter, branch: Branch, due: number): Promise<void> {
  if (due <= interpreter.clock.now()) return;
  const wait = branch.await<void>();
  const timer = interpreter.clock.at(due, () => wait.resolve());
  wait.onSettled(() => timer.cancel());
  wait.suspend();
  return wait.promise;
}

/** A fault of the mesh's own ends the execution like AWS's States.Runtime, which no wildcard catches. */
function asStateError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  return new StateError('States.Runtime', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
