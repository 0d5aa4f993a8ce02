import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { InvokeFunction, RequireRole } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { executionOperations } from './execution-operations.ts';
import { Executions } from './executions.ts';
import { integrations } from './integrations.ts';
import { machineOperations, StateMachines } from './machine-operations.ts';
import { TaskTokens } from './task-tokens.ts';
import { taskRunner } from './tasks.ts';

/**
 * Step Functions: STANDARD state machines with JSONata, on the virtual clock. Steps count as activity, waits do not.
 * Simplifications stand where they are made; in general: no Express machines, activities, versions, aliases or redrive. A distributed Map
 * takes its items from the state's input and gives its results as the state's: no ItemReader, ItemBatcher or ResultWriter.
 */
export function createStateMachines(deps: {
  clock: VirtualClock;
  activity: Activity;
  invoke: InvokeFunction;
  /** Calls another service in the name of a role, IAM included. `operation` as on the wire: `PutEvents`. */
  callService: (serviceId: string, operation: string, input: unknown, roleArn: string) => Promise<unknown>;
  requireRole: RequireRole;
}): {
  service: Service;
  /** Starts an execution for a rule's target. `input` is JSON text. @throws AwsError as StartExecution does */
  start(stateMachineArn: string, input: string, name?: string): Promise<{ executionArn: string }>;
} {
  const { clock, activity, invoke, callService, requireRole } = deps;
  const machines = new StateMachines();
  const tokens = new TaskTokens();
  const start = async (stateMachineArn: string, input: string, name: string = crypto.randomUUID()) => {
    const execution = executions.start(machines.get(stateMachineArn), input, name);
    return { executionArn: execution.arn, startedAt: execution.startedAt };
  };
  const callIntegration = integrations({ invoke, callService, requireRole, start });
  const executions: Executions = new Executions(clock, activity, {
    clock,
    runTask: taskRunner(clock, tokens, callIntegration),
    startChild(parent, processor, input, mapRun, onEnd) {
      requireRole(parent.version.roleArn, { action: 'states:StartExecution', resource: parent.version.arn });
      // The machine's own time-out is the parent's, and ends its children with it.
      const machine = { ...processor, timeoutSeconds: undefined };
      return executions.startChild({ ...parent.version, machine }, input, mapRun, onEnd);
    },
  });
  return {
    service: {
      id: 'states',
      operations: {
        ...machineOperations(clock, machines, executions),
        ...executionOperations(machines, executions, tokens),
      },
    },
    start,
  };
}
