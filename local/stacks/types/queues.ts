import { compilePolicy } from '../../iam/policy.ts';
import { jsonText, physicalName, pick, type ResourceType } from '../resource-type.ts';

const ATTRIBUTES = [
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'DelaySeconds',
  'FifoQueue',
  'FifoThroughputLimit',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedriveAllowPolicy',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'VisibilityTimeout',
];

const Queue: ResourceType = {
  properties: ['QueueName', ...ATTRIBUTES],
  ignored: ['Tags'],
  async make(resource, { call }) {
    const QueueName = physicalName(resource, 'QueueName', 80);
    // SQS takes every attribute as text, the policies as JSON.
    const given = Object.entries(pick(resource.properties, ATTRIBUTES));
    const Attributes = Object.fromEntries(
      given.map(([name, value]) => [name, typeof value === 'object' ? jsonText(value) : String(value)]),
    );
    const { QueueUrl } = await call(resource.account, 'sqs', 'CreateQueue', { QueueName, Attributes });
    const made = await call(resource.account, 'sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
    return { ref: QueueUrl, attributes: { Arn: made.Attributes.QueueArn, QueueName, QueueUrl } };
  },
};

const QueuePolicy: ResourceType = {
  properties: ['PolicyDocument', 'Queues'],
  ignored: [],
  async make({ account, logicalId, stackName, properties }, { call }) {
    compilePolicy(properties.PolicyDocument, 'resource');
    const Policy = jsonText(properties.PolicyDocument);
    for (const QueueUrl of properties.Queues)
      await call(account, 'sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
    return { ref: `${stackName}-${logicalId}` };
  },
};

export const QUEUE_TYPES: Record<string, ResourceType> = {
  'AWS::SQS::Queue': Queue,
  'AWS::SQS::QueuePolicy': QueuePolicy,
};
