import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { StateError } from './errors.ts';
import type { HistoryDetails } from './history.ts';
import type { CallIntegration } from './integrations.ts';
import type { TaskState } from './state-types.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { Visit } from './visit.ts';

/** Runs a Task state once and gives its result. @throws StateError, Cancelled */
export type RunTask = (state: TaskState, visit: Visit) => Promise<unknown>;

/** History has one set of events for functions named by their ARN, and another for integrations. */
const EVENTS = {
  function: {
    Scheduled: 'LambdaFunctionScheduled',
    Started: 'LambdaFunctionStarted',
    Succeeded: 'LambdaFunctionSucceeded',
    Failed: 'LambdaFunctionFailed',
    TimedOut: 'LambdaFunctionTimedOut',
  },
  integration: {
    Scheduled: 'TaskScheduled',
    Started: 'TaskStarted',
    Succeeded: 'TaskSucceeded',
    Failed: 'TaskFailed',
    TimedOut: 'TaskTimedOut',
  },
};

/**
 * A task ends with the first of: its answer (or, waiting for a token, what comes back with the token), its time-outs, the execution's end.
 * While it waits for its token it does not count as activity.
 */
export function taskRunner(clock: VirtualClock, tokens: TaskTokens, callIntegration: CallIntegration): RunTask {
  return async (state, visit) => {
    const { branch } = visit;
    const { resource } = state;
    visit.taskToken = resource.waitsForToken ? tokens.issue(branch.execution.arn) : undefined;
    const timeoutSeconds = await visit.evaluateInteger(state.timeoutSeconds, 'TimeoutSeconds', 1);
    const heartbeatSeconds = await visit.evaluateInteger(state.heartbeatSeconds, 'HeartbeatSeconds', 1);
    const args = state.args ? await visit.evaluate(state.args) : visit.input;
    const record = recorder(state, visit);
    record('Scheduled', {
      ...(resource.kind === 'function'
        ? { input: JSON.stringify(args) }
        : { region: 'us-east-1', parameters: JSON.stringify(args) }),
      ...(timeoutSeconds && { timeoutInSeconds: timeoutSeconds }),
      ...(heartbeatSeconds && { heartbeatInSeconds: heartbeatSeconds }),
    });
    record('Started', {});

    const wait = branch.await<unknown>();
    const failAfter = (seconds: number | undefined, error: string, cause: string) => {
      if (seconds === undefined) return undefined;
      const timer = clock.after(seconds * 1000, () => wait.reject(new StateError(error, cause)));
      wait.onSettled(() => timer.cancel());
      return timer;
    };
    failAfter(timeoutSeconds, 'States.Timeout', `The task ran longer than ${timeoutSeconds} seconds.`);
    const beat = () =>
      failAfter(heartbeatSeconds, 'States.HeartbeatTimeout', `No heartbeat came for ${heartbeatSeconds} seconds.`);
    let heartbeat = beat();
    if (visit.taskToken) {
      const close = tokens.open(visit.taskToken, {
        executionArn: branch.execution.arn,
        succeed: output => wait.resolve(output),
        fail: (error, cause) => wait.reject(new StateError(error, cause)),
        heartbeat: () => {
          heartbeat?.cancel();
          heartbeat = beat();
        },
      });
      wait.onSettled(close);
    }
    callIntegration(resource, args, branch.execution).then(
      result => {
        if (!visit.taskToken) return wait.resolve(result);
        if (wait.isSettled) return;
        record('Submitted', { output: JSON.stringify(result) });
        wait.suspend();
      },
      error => wait.reject(error),
    );
    try {
      const result = await wait.promise;
      record('Succeeded', { output: JSON.stringify(result) });
      return result;
    } catch (error) {
      if (error instanceof StateError) {
        const hasTimedOut = error.error === 'States.Timeout' || error.error === 'States.HeartbeatTimeout';
        record(hasTimedOut ? 'TimedOut' : 'Failed', { error: error.error, cause: error.message });
      }
      throw error;
    }
  };
}

type Moment = keyof typeof EVENTS.function | 'Submitted';

function recorder({ resource, resourceArn }: TaskState, visit: Visit): (moment: Moment, facts: object) => void {
  const isFunction = resource.kind === 'function';
  const [, service = '', action = ''] = /^arn:aws:states:::(.+):([^:]+)$/.exec(resourceArn) ?? [];
  return (moment, facts) => {
    if (isFunction && moment === 'Submitted') throw new AwsError('InternalError', 'A function ARN takes no token');
    const type = moment === 'Submitted' ? 'TaskSubmitted' : EVENTS[isFunction ? 'function' : 'integration'][moment];
    const subject = isFunction
      ? moment === 'Scheduled'
        ? { resource: resourceArn }
        : {}
      : { resourceType: service, resource: action };
    const member = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
    const details: HistoryDetails = { [member]: { ...subject, ...facts } };
    visit.branch.record(type, moment === 'Started' && isFunction ? undefined : details);
  };
}
