import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { type Access, administrator, type Wire } from '../../../local/core/service.ts';
import { createStateMachines } from '../../../local/states/state-machines.ts';

const ROLE = 'arn:aws:iam::111111111111:role/machine';

/** Step Functions with functions and services that the test scripts. */
export function rig(
  script: {
    functions?: Record<string, (payload: Wire, attempt: number) => unknown>;
    service?: (serviceId: string, operation: string, input: Wire) => unknown;
    isAllowed?: (access: Access) => boolean;
  } = {},
) {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const invoked: { name: string; payload: Wire; at: number }[] = [];
  const states = createStateMachines({
    clock,
    activity,
    async invoke(arn, payload) {
      const name = arn.split(':').at(-1)!;
      const earlier = invoked.filter(call => call.name === name).length;
      invoked.push({ name, payload: JSON.parse(payload), at: clock.now() });
      try {
        const result = await script.functions?.[name]?.(JSON.parse(payload), earlier + 1);
        return { payload: JSON.stringify(result ?? null) };
      } catch (error) {
        if (error instanceof AwsError) throw error;
        const { name: errorType, message: errorMessage } = error as Error;
        return { payload: JSON.stringify({ errorType, errorMessage }), functionError: 'Unhandled' };
      }
    },
    callService: async (serviceId, operation, input) => script.service?.(serviceId, operation, input),
    requireRole(roleArn, access) {
      if (script.isAllowed?.(access) ?? true) return;
      throw new AwsError('AccessDeniedException', `User: ${roleArn} is not authorized to perform: ${access.action}`);
    },
  });

  const call = async (operation: string, input: Wire): Promise<Wire> =>
    states.service.operations[operation]!.run(input, administrator('111111111111'));
  /** Makes a machine of these states, the first being the start. */
  const machine = async (definitionOf: Record<string, Wire>, more: Wire = {}): Promise<string> => {
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: Object.keys(definitionOf)[0],
      States: definitionOf,
      ...more,
    };
    const created = await call('CreateStateMachine', {
      name: `machine-${crypto.randomUUID()}`,
      roleArn: ROLE,
      definition: JSON.stringify(definition),
    });
    return created.stateMachineArn;
  };
  const start = async (stateMachineArn: string, input: unknown = {}, name?: string): Promise<string> =>
    (await states.start(stateMachineArn, JSON.stringify(input), name)).executionArn;
  const describe = async (executionArn: string): Promise<Wire> => {
    const execution = await call('DescribeExecution', { executionArn });
    return execution.output === undefined ? execution : { ...execution, output: JSON.parse(execution.output) };
  };
  /** Runs to where it waits or ends, without moving the clock. */
  const run = async (definitionOf: Record<string, Wire>, input: unknown = {}, more: Wire = {}): Promise<Wire> => {
    const executionArn = await start(await machine(definitionOf, more), input);
    await activity.idle();
    return describe(executionArn);
  };
  const history = async (executionArn: string): Promise<Wire[]> =>
    (await call('GetExecutionHistory', { executionArn, maxResults: 1000 })).events;
  return { activity, clock, invoked, states, call, machine, start, describe, run, history };
}

export function lambda(name: string, more: Wire = {}): Wire {
  return { Type: 'Task', Resource: `arn:aws:lambda:us-east-1:111111111111:function:${name}`, ...more };
}

/** A task that hands its token to the function `ask` and waits for it. */
export function callback(more: Wire = {}): Wire {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
    ...more,
  };
}

export class NotYet extends Error {
  override name = 'NotYet';
}
