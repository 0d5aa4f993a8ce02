import { jsonText, type ResourceType } from '../resource-type.ts';

const Key: ResourceType = {
  properties: ['Description', 'KeyPolicy'],
  ignored: ['EnableKeyRotation', 'PendingWindowInDays', 'Tags'],
  async make({ account, properties }, { call }) {
    const { KeyMetadata } = await call(account, 'kms', 'CreateKey', {
      Description: properties.Description ?? '',
      ...(properties.KeyPolicy && { Policy: jsonText(properties.KeyPolicy) }),
    });
    return { ref: KeyMetadata.KeyId, attributes: { Arn: KeyMetadata.Arn, KeyId: KeyMetadata.KeyId } };
  },
};

export const KMS_TYPES: Record<string, ResourceType> = { 'AWS::KMS::Key': Key };
