import { dirname, resolve } from 'node:path';
import { type PolicyStatement, REGION, type Wire } from '../../core/service.ts';
import { physicalName, pick, type ResourceType } from '../resource-type.ts';

const CONFIGURATION = [
  'Environment',
  'Handler',
  'MemorySize',
  'ReservedConcurrentExecutions',
  'Role',
  'Runtime',
  'Timeout',
];

const LambdaFunction: ResourceType = {
  // The code is not taken from the bucket that `Code` names, but from the folder that it was packed from.
  properties: ['Code', 'FunctionName', ...CONFIGURATION],
  ignored: [
    'Architectures',
    'Description',
    'EphemeralStorage',
    'KmsKeyArn',
    'LoggingConfig',
    'PackageType',
    'Tags',
    'TracingConfig',
  ],
  async make(resource, { functions, iam, codeRoot }) {
    const { account, properties } = resource;
    const FunctionName = physicalName(resource, 'FunctionName');
    iam.requireTrust(properties.Role, 'lambda.amazonaws.com');
    await functions.create(account, {
      FunctionName,
      ...pick(properties, CONFIGURATION),
      codeDirectory: resolve(codeRoot, dirname(properties.Handler)),
    });
    return { ref: FunctionName, attributes: { Arn: functionArn(account, FunctionName) } };
  },
};

const Permission: ResourceType = {
  properties: ['Action', 'FunctionName', 'Principal', 'PrincipalOrgID', 'SourceAccount', 'SourceArn'],
  ignored: [],
  async make({ account, logicalId, stackName, properties }, { functions }) {
    const name = nameOf(properties.FunctionName);
    const Sid = `${stackName}-${logicalId}`;
    await functions.addPermission(account, name, permissionStatement(Sid, functionArn(account, name), properties));
    return { ref: Sid };
  },
};

const EventSourceMapping: ResourceType = {
  properties: [
    'BatchSize',
    'Enabled',
    'EventSourceArn',
    'FilterCriteria',
    'FunctionName',
    'FunctionResponseTypes',
    'MaximumBatchingWindowInSeconds',
    'ScalingConfig',
  ],
  ignored: ['Tags'],
  async make({ account, logicalId, stackName, properties }, { functions }) {
    await functions.mapQueue(account, { ...properties, FunctionName: nameOf(properties.FunctionName) });
    return { ref: `${stackName}-${logicalId}` };
  },
};

const EventInvokeConfig: ResourceType = {
  properties: ['DestinationConfig', 'FunctionName', 'MaximumEventAgeInSeconds', 'MaximumRetryAttempts'],
  // There is one version of each function, whatever the qualifier.
  ignored: ['Qualifier'],
  async make({ account, logicalId, stackName, properties }, { functions }) {
    const { FunctionName, Qualifier: _, ...configuration } = properties;
    await functions.configureAsync(account, nameOf(FunctionName), configuration);
    return { ref: `${stackName}-${logicalId}` };
  },
};

/** Simplification: a function has one version, the code in its folder. */
const Version: ResourceType = {
  properties: ['FunctionName'],
  ignored: 'all',
  make: ({ account, properties }) => ({
    ref: `${functionArn(account, nameOf(properties.FunctionName))}:1`,
    attributes: { Version: '1' },
  }),
};

export const FUNCTION_TYPES: Record<string, ResourceType> = {
  'AWS::Lambda::Function': LambdaFunction,
  'AWS::Lambda::Permission': Permission,
  'AWS::Lambda::EventSourceMapping': EventSourceMapping,
  'AWS::Lambda::EventInvokeConfig': EventInvokeConfig,
  'AWS::Lambda::Version': Version,
};

/** The statement that Lambda adds to a function's policy. Source: Lambda API reference, AddPermission. */
function permissionStatement(sid: string, arn: string, properties: Record<string, Wire>): PolicyStatement {
  const { Action, Principal, PrincipalOrgID, SourceAccount, SourceArn } = properties;
  const equals = {
    ...(SourceAccount !== undefined && { 'aws:SourceAccount': SourceAccount }),
    ...(PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': PrincipalOrgID }),
  };
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal:
      Principal === '*' ? '*' : { [String(Principal).endsWith('.amazonaws.com') ? 'Service' : 'AWS']: Principal },
    Action,
    Resource: arn,
    Condition: {
      ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
      ...(SourceArn !== undefined && { ArnLike: { 'aws:SourceArn': SourceArn } }),
    },
  };
}

function functionArn(account: string, name: string): string {
  return `arn:aws:lambda:${REGION}:${account}:function:${name}`;
}

/** Templates name a function by its name or its ARN. */
function nameOf(nameOrArn: Wire): string {
  const text = String(nameOrArn);
  return text.startsWith('arn:') ? text.split(':')[6]! : text;
}
