import { notInLocalMesh } from '../core/aws-error.ts';
import { invalidDefinition } from './errors.ts';

/** What a Task's `Resource` asks for. `waitsForToken`: the task ends when somebody sends its token back. */
export type TaskResource =
  | { kind: 'function'; arn: string; waitsForToken: false }
  | { kind: 'lambda-invoke'; waitsForToken: boolean }
  | { kind: 'start-execution'; waitsForToken: boolean }
  | {
      kind: 'service';
      /** As `Service.id` has it. */
      serviceId: string;
      /** As on the wire: `PutEvents`. */
      operation: string;
      /** What stands before the error's name: `DynamoDb.ConditionalCheckFailedException`. */
      errorPrefix: string;
      waitsForToken: boolean;
      /** Optimized integrations do a little more than the call. */
      isOptimized: boolean;
      /** The service's wire names are in camel case; a state machine's are always in Pascal case. */
      hasCamelCaseWire: boolean;
    };

/** Services behind `aws-sdk:`: the name in the ARN, ours, and the name in errors. Source: "AWS SDK service integrations", Step Functions Developer Guide. */
const SDK_SERVICES: Record<string, { serviceId: string; errorPrefix: string; hasCamelCaseWire?: true }> = {
  athena: { serviceId: 'athena', errorPrefix: 'Athena' },
  dynamodb: { serviceId: 'dynamodb', errorPrefix: 'DynamoDb' },
  eventbridge: { serviceId: 'events', errorPrefix: 'EventBridge' },
  glue: { serviceId: 'glue', errorPrefix: 'Glue' },
  lakeformation: { serviceId: 'lakeformation', errorPrefix: 'LakeFormation' },
  ram: { serviceId: 'ram', errorPrefix: 'Ram', hasCamelCaseWire: true },
  sfn: { serviceId: 'states', errorPrefix: 'Sfn', hasCamelCaseWire: true },
  sqs: { serviceId: 'sqs', errorPrefix: 'Sqs' },
  sts: { serviceId: 'sts', errorPrefix: 'Sts' },
};

/** Optimized integrations. Source: "Integrating optimized services", Step Functions Developer Guide. */
const OPTIMIZED: Record<string, { serviceId: string; errorPrefix: string; takesToken: boolean }> = {
  'dynamodb:getItem': { serviceId: 'dynamodb', errorPrefix: 'DynamoDB', takesToken: false },
  'dynamodb:putItem': { serviceId: 'dynamodb', errorPrefix: 'DynamoDB', takesToken: false },
  'dynamodb:updateItem': { serviceId: 'dynamodb', errorPrefix: 'DynamoDB', takesToken: false },
  'dynamodb:deleteItem': { serviceId: 'dynamodb', errorPrefix: 'DynamoDB', takesToken: false },
  'events:putEvents': { serviceId: 'events', errorPrefix: 'EventBridge', takesToken: true },
  'sqs:sendMessage': { serviceId: 'sqs', errorPrefix: 'SQS', takesToken: true },
};

/** @throws AwsError InvalidDefinition for what is no resource, NotImplementedInLocalMesh for an integration that only AWS has. */
export function parseResource(resource: unknown, path: string): TaskResource {
  if (typeof resource !== 'string') throw invalidDefinition(path, 'A Task needs a Resource, an ARN');
  if (/^arn:aws:lambda:us-east-1:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(resource)) {
    return { kind: 'function', arn: resource, waitsForToken: false };
  }
  const match = /^arn:aws:states:::(aws-sdk:)?([a-z0-9]+:[A-Za-z0-9]+)(\.[A-Za-z0-9:]+)?$/.exec(resource);
  if (!match) throw invalidDefinition(path, `The resource provided ${resource} is not recognized`);
  const [, sdk, action = '', pattern] = match;
  const [service = '', operation = ''] = action.split(':');
  if (pattern && pattern !== '.waitForTaskToken') {
    throw notInLocalMesh(`the integration pattern ${pattern} (${resource})`);
  }
  const waitsForToken = pattern !== undefined;
  const wireOperation = operation.charAt(0).toUpperCase() + operation.slice(1);
  if (sdk) {
    const known = SDK_SERVICES[service];
    if (!known) throw notInLocalMesh(`the integration ${resource}`);
    return {
      kind: 'service',
      serviceId: known.serviceId,
      operation: wireOperation,
      errorPrefix: known.errorPrefix,
      waitsForToken,
      isOptimized: false,
      hasCamelCaseWire: known.hasCamelCaseWire ?? false,
    };
  }
  if (action === 'lambda:invoke') return { kind: 'lambda-invoke', waitsForToken };
  if (action === 'states:startExecution') return { kind: 'start-execution', waitsForToken };
  const optimized = OPTIMIZED[action];
  if (!optimized) throw notInLocalMesh(`the integration ${resource}`);
  if (waitsForToken && !optimized.takesToken) {
    throw invalidDefinition(path, `The resource provided ${resource} is not recognized`);
  }
  return {
    kind: 'service',
    serviceId: optimized.serviceId,
    operation: wireOperation,
    errorPrefix: optimized.errorPrefix,
    waitsForToken,
    isOptimized: true,
    hasCamelCaseWire: false,
  };
}
