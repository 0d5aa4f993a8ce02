import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Operation, Wire } from '../core/service.ts';
import { MAX_PAYLOAD_BYTES } from './errors.ts';
import type { Execution } from './execution.ts';
import type { Executions } from './executions.ts';
import type { StateMachines } from './machine-operations.ts';
import { page } from './paging.ts';
import type { TaskTokens } from './task-tokens.ts';

/** Start, stop, describe and list executions, and what a task's token is sent back with. */
export function executionOperations(
  machines: StateMachines,
  executions: Executions,
  tokens: TaskTokens,
): Record<string, Operation> {
  const onExecution = (action: string) => (input: Wire) => [
    { action: `states:${action}`, resource: String(input.executionArn) },
  ];
  const onMachine = (action: string) => (input: Wire) => [
    { action: `states:${action}`, resource: String(input.stateMachineArn) },
  ];
  /** A token stands for its state machine: that is what CDK's grantTaskResponse and SAM's StepFunctionsCallbackPolicy allow. */
  const onToken = (action: string) => (input: Wire) => [
    { action: `states:${action}`, resource: tokens.stateMachineArn(input.taskToken) ?? '*' },
  ];
  const task = (input: Wire) => tokens.find(input.taskToken, arn => executions.has(arn));

  return {
    StartExecution: {
      access: onMachine('StartExecution'),
      run(input: Wire) {
        if (input.traceHeader !== undefined) throw notInLocalMesh('X-Ray traces (traceHeader)');
        const machine = machines.get(input.stateMachineArn);
        const execution = executions.start(machine, input.input ?? '{}', input.name ?? crypto.randomUUID());
        return { executionArn: execution.arn, startDate: execution.startedAt / 1000 };
      },
    },

    DescribeExecution: {
      access: onExecution('DescribeExecution'),
      run(input: Wire) {
        const execution = executions.get(input.executionArn);
        const { ending } = execution;
        return {
          ...summary(execution),
          input: execution.input,
          inputDetails: { included: true },
          redriveCount: 0,
          redriveStatus: 'NOT_REDRIVABLE',
          redriveStatusReason: 'The local mesh does not redrive executions',
          ...(ending?.status === 'SUCCEEDED'
            ? { output: ending.output, outputDetails: { included: true } }
            : ending && { error: ending.error, cause: ending.cause }),
        };
      },
    },

    ListExecutions: {
      access: (input: Wire) => [
        { action: 'states:ListExecutions', resource: String(input.mapRunArn ?? input.stateMachineArn) },
      ],
      run(input: Wire) {
        if (input.redriveFilter) throw notInLocalMesh('redriven executions (redriveFilter)');
        // Simplification: a Map's run that is not known has no executions; AWS answers ResourceNotFound.
        const all = executions.of(input.mapRunArn ? String(input.mapRunArn) : machines.get(input.stateMachineArn).arn);
        const wanted = input.statusFilter ? all.filter(({ status }) => status === input.statusFilter) : all;
        const { items, ...rest } = page(wanted, execution => execution.arn, input);
        return { executions: items.map(summary), ...rest };
      },
    },

    StopExecution: {
      access: onExecution('StopExecution'),
      run(input: Wire) {
        const execution = executions.get(input.executionArn);
        execution.end({ status: 'ABORTED', error: input.error, cause: input.cause });
        return { stopDate: execution.ending!.at / 1000 };
      },
    },

    GetExecutionHistory: {
      access: onExecution('GetExecutionHistory'),
      run(input: Wire) {
        const execution = executions.get(input.executionArn);
        const events = execution.history.events();
        if (!events) {
          throw new AwsError(
            'ExecutionDoesNotExist',
            `Execution Does Not Exist: the local mesh has dropped the history of '${execution.arn}', which closed long ago`,
          );
        }
        if (input.reverseOrder) events.reverse();
        const { items, ...rest } = page(events, event => String(event.id), input);
        return { events: items, ...rest };
      },
    },

    SendTaskSuccess: {
      access: onToken('SendTaskSuccess'),
      run(input: Wire) {
        const { succeed } = task(input);
        let output: unknown;
        try {
          output = JSON.parse(input.output);
        } catch {
          throw new AwsError('InvalidOutput', `Invalid Output: '${String(input.output)}'`);
        }
        if (Buffer.byteLength(input.output) > MAX_PAYLOAD_BYTES) {
          throw new AwsError('InvalidOutput', `The output is longer than ${MAX_PAYLOAD_BYTES} bytes.`);
        }
        succeed(output);
        return {};
      },
    },

    SendTaskFailure: {
      access: onToken('SendTaskFailure'),
      run(input: Wire) {
        task(input).fail(input.error ?? '', input.cause ?? '');
        return {};
      },
    },

    SendTaskHeartbeat: {
      access: onToken('SendTaskHeartbeat'),
      run(input: Wire) {
        task(input).heartbeat();
        return {};
      },
    },
  };
}

function summary(execution: Execution): Record<string, unknown> {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.stateMachineArn,
    ...(execution.mapRun && { mapRunArn: execution.mapRun.arn }),
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAt / 1000,
    ...(execution.ending && { stopDate: execution.ending.at / 1000 }),
  };
}
