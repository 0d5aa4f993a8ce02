import { AwsError } from '../core/aws-error.ts';
import type { InvokeFunction, RequireRole } from '../core/ports.ts';
import { REGION, type Wire } from '../core/service.ts';
import { payloadText, StateError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { TaskResource } from './resources.ts';

/** Does what a Task asks for, in the state machine's role, and gives the result as the Task sees it. @throws StateError */
export type CallIntegration = (resource: TaskResource, args: unknown, execution: Execution) => Promise<unknown>;

export interface IntegrationPorts {
  invoke: InvokeFunction;
  callService: (serviceId: string, operation: string, input: unknown, roleArn: string) => Promise<unknown>;
  requireRole: RequireRole;
  start: (
    stateMachineArn: string,
    input: string,
    name?: string,
  ) => Promise<{ executionArn: string; startedAt: number }>;
}

export function integrations(ports: IntegrationPorts): CallIntegration {
  return async (resource, args, execution) => {
    const input = args as Wire;
    switch (resource.kind) {
      case 'function':
        return (await invokeFunction(ports, execution, resource.arn, input)).Payload;
      case 'lambda-invoke':
        return invokeFunction(ports, execution, functionArn(input, execution), input.Payload ?? {});
      case 'start-execution':
        return startExecution(ports, execution, input);
      case 'service':
        return callService(ports, execution, resource, input);
    }
  };
}

/** Source: "Invoke an AWS Lambda function with Step Functions": a name, a partial ARN or an ARN. */
function functionArn(input: Wire, { version }: Execution): string {
  const given: unknown = input?.FunctionName;
  if (typeof given !== 'string' || given === '') {
    throw new StateError('States.Runtime', 'The field FunctionName is required in the Arguments of lambda:invoke.');
  }
  if ((input.InvocationType ?? 'RequestResponse') !== 'RequestResponse') {
    throw new StateError(
      'States.Runtime',
      `The local mesh's lambda:invoke has no InvocationType ${input.InvocationType}.`,
    );
  }
  const named = given.startsWith('arn:') ? given : `arn:aws:lambda:${REGION}:${version.account}:function:${given}`;
  const qualified = input.Qualifier === undefined ? named : `${named}:${input.Qualifier}`;
  // Simplification: $LATEST is the function; what another version or alias is, the Lambda service says.
  return qualified.replace(/:\$LATEST$/, '');
}

/** A function's own error is the task's: `errorType` its name, the payload its cause. */
async function invokeFunction(
  { invoke, requireRole }: IntegrationPorts,
  { version }: Execution,
  arn: string,
  payload: unknown,
): Promise<{ ExecutedVersion: string; Payload: unknown; StatusCode: number }> {
  const answer = await asTaskError('Lambda', async () => {
    requireRole(version.roleArn, { action: 'lambda:InvokeFunction', resource: arn });
    return invoke(arn, payloadText(payload, 'a payload'));
  });
  if (answer.functionError) {
    let errorType: unknown;
    try {
      errorType = JSON.parse(answer.payload)?.errorType;
    } catch {
      // A payload that is no JSON has no errorType: that it failed is said below.
    }
    throw new StateError(typeof errorType === 'string' ? errorType : 'Lambda.Unknown', answer.payload);
  }
  const result = answer.payload === '' ? null : JSON.parse(answer.payload);
  payloadText(result, 'a result');
  return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
}

async function startExecution(
  { start, requireRole }: IntegrationPorts,
  { version }: Execution,
  input: Wire,
): Promise<{ ExecutionArn: string; StartDate: string }> {
  return asTaskError('StepFunctions', async () => {
    requireRole(version.roleArn, { action: 'states:StartExecution', resource: String(input?.StateMachineArn) });
    const text = typeof input?.Input === 'string' ? input.Input : JSON.stringify(input?.Input ?? {});
    const { executionArn, startedAt } = await start(String(input?.StateMachineArn), text, input?.Name);
    return { ExecutionArn: executionArn, StartDate: new Date(startedAt).toISOString() };
  });
}

async function callService(
  ports: IntegrationPorts,
  execution: Execution,
  resource: TaskResource & { kind: 'service' },
  input: Wire,
): Promise<unknown> {
  const asked = resource.isOptimized ? prepare(resource.operation, input, execution) : input;
  const wire = resource.hasCamelCaseWire ? renameKeys(asked, key => key.charAt(0).toLowerCase() + key.slice(1)) : asked;
  const answer = await asTaskError(resource.errorPrefix, () =>
    ports.callService(resource.serviceId, resource.operation, wire, execution.version.roleArn),
  );
  // What a service answers may be shared with it, or hold what JSON has not.
  const json: Wire = JSON.parse(payloadText(answer ?? {}, 'a result'));
  if (resource.isOptimized && resource.operation === 'PutEvents' && json.FailedEntryCount > 0) {
    // Source: "Add EventBridge events with Step Functions": entries that failed fail the task.
    throw new StateError('EventBridge.FailedEntry', JSON.stringify(json));
  }
  return resource.hasCamelCaseWire ? renameKeys(json, key => key.charAt(0).toUpperCase() + key.slice(1)) : json;
}

/** What optimized integrations add to a call: JSON in place of text, and the execution among an event's resources. */
function prepare(operation: string, input: Wire, execution: Execution): Wire {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  if (operation === 'SendMessage') return { ...input, MessageBody: text(input?.MessageBody) };
  if (operation !== 'PutEvents') return input;
  return {
    ...input,
    Entries: (input?.Entries ?? []).map((entry: Wire) => ({
      ...entry,
      Detail: text(entry.Detail),
      Resources: [...(entry.Resources ?? []), execution.arn, execution.version.arn],
    })),
  };
}

/** Simplification: keys are renamed at every depth, without the service's model; texts within are left alone. */
function renameKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => renameKeys(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), renameKeys(item, rename)]));
}

/**
 * Names a service's error as Step Functions does: `DynamoDb.ConditionalCheckFailedException`. Lambda's missing permission is
 * `Lambda.AWSLambdaException`, as AWS reports it. Simplification: other services' errors keep their own name, in the model or not.
 */
export async function asTaskError<T>(prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StateError) throw error;
    if (!(error instanceof AwsError)) {
      throw new StateError(`${prefix}.SdkClientException`, error instanceof Error ? error.message : String(error));
    }
    const isDenied = error.code.startsWith('AccessDenied');
    const code = /Exception$/.test(error.code) ? error.code : `${error.code}Exception`;
    throw new StateError(
      prefix === 'Lambda' && isDenied ? 'Lambda.AWSLambdaException' : `${prefix}.${code}`,
      `${error.message} (Service: ${prefix}; Status Code: ${error.status}; Error Code: ${error.code})`,
    );
  }
}
