import { jsonText, physicalName, pick, type ResourceType } from '../resource-type.ts';

const ATTRIBUTES = ['DisplayName', 'KmsMasterKeyId'];

const Topic: ResourceType = {
  properties: ['TopicName', ...ATTRIBUTES],
  ignored: ['Tags'],
  async make(resource, { call }) {
    const Name = physicalName(resource, 'TopicName', 256);
    const Attributes = pick(resource.properties, ATTRIBUTES);
    const { TopicArn } = await call(resource.account, 'sns', 'CreateTopic', { Name, Attributes });
    return { ref: TopicArn, attributes: { TopicArn, TopicName: Name } };
  },
};

const TopicPolicy: ResourceType = {
  properties: ['PolicyDocument', 'Topics'],
  ignored: [],
  async make({ account, logicalId, stackName, properties }, { call }) {
    const AttributeValue = jsonText(properties.PolicyDocument);
    for (const TopicArn of properties.Topics)
      await call(account, 'sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue });
    return { ref: `${stackName}-${logicalId}` };
  },
};

export const SNS_TYPES: Record<string, ResourceType> = {
  'AWS::SNS::Topic': Topic,
  'AWS::SNS::TopicPolicy': TopicPolicy,
};
