import { type Branch, Scope } from './branch.ts';
import { Cancelled, queryEvaluationError, StateError } from './errors.ts';
import type { HistoryDetails } from './history.ts';
import { type Interpreter, runStates } from './interpreter.ts';
import type { MapState, ParallelState } from './state-types.ts';
import type { Visit } from './visit.ts';

/** Iterations of an inline Map that run at once at most. Source: "Using Map state in Inline mode", Step Functions Developer Guide. */
const MAX_INLINE_CONCURRENCY = 40;

/** @throws the StateError of the first branch that failed; the others are cancelled */
export async function runParallel(interpreter: Interpreter, state: ParallelState, visit: Visit): Promise<unknown[]> {
  const input = state.args ? await visit.evaluate(state.args) : visit.input;
  visit.branch.record('ParallelStateStarted');
  const results = await fanOut(
    'Parallel',
    visit.branch,
    state.branches.length,
    state.branches.length,
    (index, scope) => {
      const branch = visit.branch.fork(scope);
      return { branch, result: runStates(interpreter, state.branches[index]!, input, branch) };
    },
  );
  visit.branch.record('ParallelStateSucceeded');
  return results;
}

/** @throws the StateError of the first iteration that failed; the others are cancelled */
export async function runMap(interpreter: Interpreter, state: MapState, visit: Visit): Promise<unknown[]> {
  const items = await itemsOf(state, visit);
  const asked = (await visit.evaluateInteger(state.maxConcurrency, 'MaxConcurrency', 0)) || MAX_INLINE_CONCURRENCY;
  const concurrency = Math.min(asked, MAX_INLINE_CONCURRENCY);
  visit.branch.record('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const results = await fanOut('Map', visit.branch, items.length, concurrency, (Index, scope) => {
    const mapItem = { Index, Value: items[Index] };
    const branch = visit.branch.fork(scope, mapItem);
    const iterate = async () => {
      const details = (kind: string): HistoryDetails => ({
        [`mapIteration${kind}EventDetails`]: { name: state.name, index: Index },
      });
      branch.record('MapIterationStarted', details('Started'));
      try {
        const input = state.selector ? await visit.evaluate(state.selector, {}, mapItem) : mapItem.Value;
        const result = await runStates(interpreter, state.processor, input, branch);
        branch.record('MapIterationSucceeded', details('Succeeded'));
        return result;
      } catch (error) {
        if (error instanceof StateError) branch.record('MapIterationFailed', details('Failed'));
        throw error;
      }
    };
    return { branch, result: iterate() };
  });
  visit.branch.record('MapStateSucceeded');
  return results;
}

/** @throws StateError States.QueryEvaluationError when they are no array */
export async function itemsOf(state: MapState, visit: Visit): Promise<unknown[]> {
  const items = state.items ? await visit.evaluate(state.items) : visit.input;
  if (Array.isArray(items)) return items;
  throw queryEvaluationError(`The field 'Items' of the state ${state.name} is no array.`);
}

/** Runs `count` branches, `concurrency` at a time. The parent does not count as activity meanwhile: its branches do. */
async function fanOut(
  kind: 'Map' | 'Parallel',
  parent: Branch,
  count: number,
  concurrency: number,
  start: (index: number, scope: Scope) => { branch: Branch; result: Promise<unknown> },
): Promise<unknown[]> {
  if (count === 0) return [];
  const wait = parent.await<unknown[]>();
  const scope = new Scope(parent.scope);
  // However the wait ends, what still runs in it ends too. At the first failure the wait is settled by then, so that failure is the state's.
  wait.onSettled(() => scope.cancel(new Cancelled('The branch’s siblings have ended')));
  const results: unknown[] = new Array(count);
  let started = 0;
  let ended = 0;
  const startNext = () => {
    const index = started++;
    const { branch, result } = start(index, scope);
    result.then(
      value => {
        results[index] = value;
        ended++;
        if (ended === count) wait.resolve(results);
        else if (started < count && !wait.isSettled) startNext();
        branch.suspend();
      },
      error => {
        wait.reject(error);
        branch.suspend();
      },
    );
  };
  while (started < Math.min(count, concurrency)) startNext();
  wait.suspend();
  try {
    return await wait.promise;
  } catch (error) {
    if (error instanceof StateError) parent.record(`${kind}StateFailed`);
    throw error;
  }
}
