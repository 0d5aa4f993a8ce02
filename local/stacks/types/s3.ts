import type { Wire } from '../../core/service.ts';
import { jsonText, physicalName, type ResourceType } from '../resource-type.ts';

const Bucket: ResourceType = {
  properties: ['BucketName', 'BucketEncryption'],
  ignored: ['PublicAccessBlockConfiguration', 'Tags'],
  async make(resource, { call }) {
    const { account, properties } = resource;
    const name = physicalName(resource, 'BucketName', 63).toLowerCase();
    await call(account, 's3', 'CreateBucket', { Bucket: name });
    if (properties.BucketEncryption) {
      const rules: Wire[] = properties.BucketEncryption.ServerSideEncryptionConfiguration;
      // CloudFormation has another name for the same.
      const Rules = rules.map(({ ServerSideEncryptionByDefault, ...others }) => ({
        ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
        ...others,
      }));
      await call(account, 's3', 'PutBucketEncryption', { Bucket: name, ServerSideEncryptionConfiguration: { Rules } });
    }
    return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: `${name}.s3.amazonaws.com` } };
  },
};

const BucketPolicy: ResourceType = {
  properties: ['Bucket', 'PolicyDocument'],
  ignored: [],
  async make({ account, logicalId, stackName, properties }, { call }) {
    const Policy = jsonText(properties.PolicyDocument);
    await call(account, 's3', 'PutBucketPolicy', { Bucket: properties.Bucket, Policy });
    return { ref: `${stackName}-${logicalId}` };
  },
};

export const S3_TYPES: Record<string, ResourceType> = {
  'AWS::S3::Bucket': Bucket,
  'AWS::S3::BucketPolicy': BucketPolicy,
};
