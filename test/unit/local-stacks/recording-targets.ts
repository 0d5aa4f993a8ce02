/** Targets that write down what a stack asks of the services, and answer as they would. */
import type { Wire } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';
import type { StackTargets } from '../../../local/stacks/resource-type.ts';

export const ACCOUNT = '111111111111';

export function recordingTargets() {
  const asked: Wire[] = [];
  const notes: string[] = [];
  const iam = new Iam(() => undefined);
  let busPolicy: string | undefined;
  const record =
    (name: string) =>
    (...args: Wire[]) => {
      asked.push([name, ...args]);
    };
  const targets: StackTargets = {
    iam,
    codeRoot: '/checkout',
    note: message => notes.push(message),
    functions: {
      create: record('create'),
      mapQueue: record('mapQueue'),
      configureAsync: record('configureAsync'),
      addPermission: record('addPermission'),
    },
    async call(account, service, operation, input) {
      asked.push([`${service}:${operation}`, input]);
      switch (operation) {
        case 'CreateEventBus':
          return { EventBusArn: `arn:aws:events:us-east-1:${account}:event-bus/${input.Name}` };
        case 'DescribeEventBus':
          return { Policy: busPolicy };
        case 'PutPermission':
          busPolicy = input.Policy;
          return {};
        case 'PutRule':
          return { RuleArn: `arn:aws:events:us-east-1:${account}:rule/${input.Name}` };
        case 'PutTargets':
          return { FailedEntryCount: 0, FailedEntries: input.Targets.filter((target: Wire) => target.Id === 'bad') };
        case 'CreateArchive':
          return { ArchiveArn: `arn:aws:events:us-east-1:${account}:archive/${input.ArchiveName}` };
        case 'CreateQueue':
          return { QueueUrl: `http://127.0.0.1/${account}/${input.QueueName}` };
        case 'GetQueueAttributes':
          return { Attributes: { QueueArn: `arn:aws:sqs:us-east-1:${account}:${input.QueueUrl.split('/').at(-1)}` } };
        case 'CreateTopic':
          return { TopicArn: `arn:aws:sns:us-east-1:${account}:${input.Name}` };
        case 'CreateKey':
          return { KeyMetadata: { KeyId: 'key-1', Arn: `arn:aws:kms:us-east-1:${account}:key/key-1` } };
        case 'CreateTable':
          return { TableDescription: { TableArn: `arn:aws:dynamodb:us-east-1:${account}:table/${input.TableName}` } };
        case 'CreateStateMachine':
          return { stateMachineArn: `arn:aws:states:us-east-1:${account}:stateMachine:${input.name}` };
        default:
          return {};
      }
    },
  };
  return { asked, notes, iam, targets };
}
