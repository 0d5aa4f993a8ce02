import { physicalName, pick, type ResourceType } from '../resource-type.ts';

const ROLE = ['AssumeRolePolicyDocument', 'ManagedPolicyArns', 'MaxSessionDuration', 'Path', 'Policies'] as const;

const Role: ResourceType = {
  properties: ['RoleName', ...ROLE],
  ignored: ['Description', 'Tags'],
  make(resource, { iam }) {
    const { AssumeRolePolicyDocument, ...others } = pick(resource.properties, ROLE);
    const role = iam.roles.put(resource.account, {
      RoleName: physicalName(resource, 'RoleName'),
      AssumeRolePolicyDocument,
      ...others,
    });
    return { ref: role.name, attributes: { Arn: role.arn } };
  },
};

const ManagedPolicy: ResourceType = {
  properties: ['ManagedPolicyName', 'Path', 'PolicyDocument', 'Roles'],
  ignored: ['Description'],
  make(resource, { iam }) {
    const { Path, PolicyDocument, Roles } = resource.properties;
    const arn = iam.roles.putManagedPolicy(resource.account, {
      name: physicalName(resource, 'ManagedPolicyName', 128),
      path: Path,
      document: PolicyDocument,
      roles: Roles ?? [],
    });
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
};

const Policy: ResourceType = {
  properties: ['PolicyDocument', 'PolicyName', 'Roles'],
  ignored: [],
  make({ account, properties }, { iam }) {
    const { PolicyDocument, PolicyName, Roles } = properties;
    for (const role of Roles ?? []) iam.roles.putRolePolicy(account, role, PolicyName, PolicyDocument);
    return { ref: PolicyName };
  },
};

export const IAM_TYPES: Record<string, ResourceType> = {
  'AWS::IAM::Role': Role,
  'AWS::IAM::ManagedPolicy': ManagedPolicy,
  'AWS::IAM::Policy': Policy,
};
