import { physicalName, pick, type ResourceType } from '../resource-type.ts';

const CREATED_WITH = [
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'LocalSecondaryIndexes',
  'ProvisionedThroughput',
];

const Table: ResourceType = {
  properties: ['TableName', 'TimeToLiveSpecification', ...CREATED_WITH],
  ignored: ['DeletionProtectionEnabled', 'PointInTimeRecoverySpecification', 'SSESpecification', 'TableClass', 'Tags'],
  async make(resource, { call }) {
    const { account, properties } = resource;
    const TableName = physicalName(resource, 'TableName', 255);
    const { TableDescription } = await call(account, 'dynamodb', 'CreateTable', {
      TableName,
      ...pick(properties, CREATED_WITH),
    });
    if (properties.TimeToLiveSpecification) {
      const { AttributeName, Enabled } = properties.TimeToLiveSpecification;
      await call(account, 'dynamodb', 'UpdateTimeToLive', {
        TableName,
        TimeToLiveSpecification: { AttributeName, Enabled: String(Enabled) === 'true' },
      });
    }
    return { ref: TableName, attributes: { Arn: TableDescription.TableArn } };
  },
};

export const DYNAMO_TYPES: Record<string, ResourceType> = { 'AWS::DynamoDB::Table': Table };
