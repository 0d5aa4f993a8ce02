import { payloadText, queryEvaluationError, StateError } from './errors.ts';
import type { Execution, MapRun } from './execution.ts';
import { itemsOf } from './fan-out.ts';
import { asTaskError } from './integrations.ts';
import type { Interpreter } from './interpreter.ts';
import type { DistributedMode, MapState, StatesBlock } from './state-types.ts';
import type { Visit } from './visit.ts';

/**
 * Starts one child with the machine's role. Simplification: of what the guide gives the role, only states:StartExecution is asked for;
 * DescribeExecution and StopExecution are not. They stand there for `execution:machine:*`, which is no child's ARN, and machines of the CDK
 * ran while it gave them on another resource altogether.
 * Source: "IAM policies for using Distributed Map states", Step Functions Developer Guide; aws/aws-cdk issue 35390.
 * @param input JSON text
 * @throws AwsError AccessDeniedException
 */
export type StartChild = (
  parent: Execution,
  processor: StatesBlock,
  input: string,
  mapRun: MapRun,
  onEnd: (child: Execution) => void,
) => Execution;

/** Children that run at once at most. Source: Step Functions quotas, "Map Run". */
const MAX_PARALLEL_CHILDREN = 10_000;

type DistributedMapState = MapState & { distributed: DistributedMode };

/**
 * Runs each item as an execution of its own, with its own history and none of the variables around.
 * @returns the results in the order of the items; a tolerated failed item has what its execution is described with in place of an output
 * @throws StateError States.ExceedToleratedFailureThreshold; the children that still run are aborted
 */
export async function runDistributedMap(
  interpreter: Interpreter,
  state: DistributedMapState,
  visit: Visit,
): Promise<unknown[]> {
  const { branch } = visit;
  const items = await itemsOf(state, visit);
  const concurrency = (await visit.evaluateInteger(state.maxConcurrency, 'MaxConcurrency', 0)) || MAX_PARALLEL_CHILDREN;
  const tolerated = await toleratedFailures(state.distributed, items.length, visit);
  const inputs: string[] = [];
  for (const [Index, Value] of items.entries()) {
    const input = state.selector ? await visit.evaluate(state.selector, {}, { Index, Value }) : Value;
    inputs.push(payloadText(input, 'an input'));
  }
  const mapRun = newMapRun(branch.execution, state.distributed.label);
  branch.record('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  branch.record('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.arn } });
  try {
    const results = await runChildren({
      visit,
      inputs,
      concurrency: Math.min(concurrency, MAX_PARALLEL_CHILDREN),
      tolerated,
      start: (input, onEnd) => interpreter.startChild(branch.execution, state.processor, input, mapRun, onEnd),
    });
    branch.record('MapRunSucceeded');
    branch.record('MapStateSucceeded');
    return results;
  } catch (error) {
    if (error instanceof StateError) {
      branch.record('MapRunFailed', { mapRunFailedEventDetails: { error: error.error, cause: error.message } });
      branch.record('MapStateFailed');
    }
    throw error;
  }
}

/** The parent does not count as activity meanwhile: its children do. */
async function runChildren(run: {
  visit: Visit;
  inputs: string[];
  concurrency: number;
  tolerated: number;
  start: (input: string, onEnd: (child: Execution) => void) => Execution;
}): Promise<unknown[]> {
  const { visit, inputs, concurrency, tolerated, start } = run;
  if (inputs.length === 0) return [];
  const wait = visit.branch.await<unknown[]>();
  const running = new Set<Execution>();
  // However the wait ends, with a failure or with the parent, no child outlives it.
  wait.onSettled(() => {
    for (const child of [...running]) child.end({ status: 'ABORTED' });
  });
  const results: unknown[] = new Array(inputs.length);
  let started = 0;
  let ended = 0;
  let failed = 0;
  const startNext = () => {
    const index = started++;
    const onEnd = (child: Execution) => {
      running.delete(child);
      if (wait.isSettled) return;
      results[index] = resultOf(child);
      ended++;
      if (child.status !== 'SUCCEEDED') failed++;
      if (failed > tolerated) {
        wait.reject(
          new StateError(
            'States.ExceedToleratedFailureThreshold',
            'The specified tolerated failure threshold was exceeded',
          ),
        );
      } else if (ended === inputs.length) wait.resolve(results);
      else if (started < inputs.length) startNext();
    };
    // Simplification: AWS does not say which error a role without states:StartExecution makes; here it is that of the task startExecution.
    asTaskError('StepFunctions', async () => running.add(start(inputs[index]!, onEnd))).catch(error =>
      wait.reject(error),
    );
  };
  while (started < Math.min(inputs.length, concurrency)) startNext();
  wait.suspend();
  return wait.promise;
}

/**
 * How many items may fail. With both limits the lower counts; with neither no item may.
 * Source: "Tolerated failure threshold for Distributed Map states", Step Functions Developer Guide.
 */
async function toleratedFailures(mode: DistributedMode, items: number, visit: Visit): Promise<number> {
  const count = await visit.evaluateInteger(mode.toleratedFailureCount, 'ToleratedFailureCount', 0);
  if (!mode.toleratedFailurePercentage) return count ?? 0;
  const percentage = await visit.evaluate(mode.toleratedFailurePercentage);
  if (typeof percentage !== 'number' || percentage < 0 || percentage > 100) {
    throw queryEvaluationError(
      `The field 'ToleratedFailurePercentage' must be a number from 0 to 100, and is ${JSON.stringify(percentage)}.`,
    );
  }
  return Math.min(count ?? items, Math.floor((percentage * items) / 100));
}

/** Source: "Viewing a Distributed Map Run execution in Step Functions" and "ResultWriter (Map)", Step Functions Developer Guide. */
function newMapRun({ version }: Execution, label: string): MapRun {
  return { arn: `${version.arn.replace(':stateMachine:', ':mapRun:')}/${label}:${crypto.randomUUID()}`, label };
}

/**
 * Without a ResultWriter the transformation is COMPACT: the output alone. "If a child workflow execution fails, Step Functions returns its
 * execution result unchanged. The results would be equivalent to having set Transformation to NONE."
 * Source: "ResultWriter (Map)", Step Functions Developer Guide.
 */
function resultOf(child: Execution): unknown {
  const { ending } = child;
  if (ending?.status === 'SUCCEEDED') return JSON.parse(ending.output);
  return {
    ExecutionArn: child.arn,
    Name: child.name,
    StateMachineArn: child.stateMachineArn,
    Input: child.input,
    InputDetails: { Included: true },
    Status: child.status,
    ...(ending?.error !== undefined && { Error: ending.error }),
    ...(ending?.cause !== undefined && { Cause: ending.cause }),
    StartDate: new Date(child.startedAt).toISOString(),
    ...(ending && { StopDate: new Date(ending.at).toISOString() }),
    RedriveCount: 0,
    RedriveStatus: 'NOT_REDRIVABLE',
  };
}
