import { AwsError } from '../core/aws-error.ts';
import type { Access, Operation } from '../core/service.ts';
import type { AsynchronousInvokes } from './asynchronous-invokes.ts';
import { invalidValue } from './function-configuration.ts';
import { type DeployedFunction, type FunctionRegistry, resolveArn } from './function-registry.ts';
import type { QueueMapping } from './queue-mapping.ts';

/** Largest event, bytes. Source: Lambda quotas: 6 MB when the caller waits, 1 MB when not. */
const LARGEST_EVENT = { RequestResponse: 6_291_456, Event: 1_048_576 };

/**
 * The part of Lambda's API that one asks a running mesh. Simplification: lists come in one page.
 * @param mappings read when they are listed: they may grow.
 */
export function functionOperations(
  registry: FunctionRegistry,
  asynchronous: AsynchronousInvokes,
  mappings: readonly QueueMapping[],
): Record<string, Operation> {
  function accessTo(action: string, arn: string): Access {
    return { action: `lambda:${action}`, resource: arn, resourcePolicy: registry.policyOf(arn) };
  }
  return {
    Invoke: {
      access: (input, { caller }) => [accessTo('InvokeFunction', resolveArn(caller.account, input.FunctionName))],
      async run(input, { caller, requestId }) {
        const deployed = registry.require(resolveArn(caller.account, input.FunctionName));
        const type = input.InvocationType ?? 'RequestResponse';
        // Without a payload, a handler gets an empty object.
        const payload = input.Payload || '{}';
        if (type === 'DryRun') return { StatusCode: 204, Payload: '' };
        if (type !== 'Event' && type !== 'RequestResponse') throw invalidValue(`InvocationType ${type} is not valid.`);
        requireEvent(payload, type);
        if (type === 'Event') {
          asynchronous.accept(deployed, payload, requestId);
          return { StatusCode: 202, Payload: '' };
        }
        const outcome = await registry.invoke(deployed, payload, requestId);
        return {
          StatusCode: 200,
          ExecutedVersion: '$LATEST',
          ...(outcome.functionError ? { FunctionError: outcome.functionError } : {}),
          Payload: outcome.payload,
        };
      },
    },
    GetFunction: {
      access: (input, { caller }) => [accessTo('GetFunction', resolveArn(caller.account, input.FunctionName))],
      run(input, { caller }) {
        const deployed = registry.require(resolveArn(caller.account, input.FunctionName));
        const reserved = deployed.configuration.ReservedConcurrentExecutions;
        return {
          Configuration: describe(deployed),
          ...(reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reserved } }),
        };
      },
    },
    ListFunctions: {
      access: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
      run: (_input, { caller }) => ({ Functions: registry.ofAccount(caller.account).map(describe) }),
    },
    ListEventSourceMappings: {
      access: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],
      run(input, { caller }) {
        const wanted = input.FunctionName && resolveArn(caller.account, input.FunctionName);
        const shown = mappings.filter(
          ({ deployed, configuration }) =>
            deployed.account === caller.account &&
            (!wanted || deployed.arn === wanted) &&
            (!input.EventSourceArn || configuration.EventSourceArn === input.EventSourceArn),
        );
        return { EventSourceMappings: shown.map(describeMapping) };
      },
    },
  };
}

/** @throws InvalidRequestContentException, RequestTooLargeException */
export function requireEvent(payload: string, type: keyof typeof LARGEST_EVENT): void {
  const size = Buffer.byteLength(payload);
  if (size > LARGEST_EVENT[type]) {
    throw new AwsError(
      'RequestTooLargeException',
      `${size} byte payload is too large for the ${type} invocation type (limit ${LARGEST_EVENT[type]} bytes)`,
      { status: 413 },
    );
  }
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
    );
  }
}

function describe({ arn, configuration, modifiedAt }: DeployedFunction): object {
  const { FunctionName, Runtime, Role, Handler, Timeout, MemorySize, Environment } = configuration;
  return {
    FunctionName,
    FunctionArn: arn,
    Runtime,
    Role,
    Handler,
    Timeout,
    MemorySize,
    ...(Environment ? { Environment } : {}),
    LastModified: modifiedAt.replace('Z', '+0000'),
    Version: '$LATEST',
    PackageType: 'Zip',
    State: 'Active',
    LastUpdateStatus: 'Successful',
  };
}

function describeMapping({ id, configuration, deployed }: QueueMapping): object {
  const { EventSourceArn, BatchSize = 10, MaximumBatchingWindowInSeconds = 0 } = configuration;
  return {
    UUID: id,
    EventSourceArn,
    FunctionArn: deployed.arn,
    BatchSize,
    MaximumBatchingWindowInSeconds,
    State: configuration.Enabled === false ? 'Disabled' : 'Enabled',
    FunctionResponseTypes: configuration.FunctionResponseTypes ?? [],
    ...(configuration.ScalingConfig ? { ScalingConfig: configuration.ScalingConfig } : {}),
  };
}
