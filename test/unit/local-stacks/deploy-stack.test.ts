import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { deployStack } from '../../../local/stacks/deploy-stack.ts';
import { parseTemplate } from '../../../local/stacks/template.ts';
import { ACCOUNT, recordingTargets } from './recording-targets.ts';

async function deploy(yaml: string, recording = recordingTargets()) {
  const outputs = await deployStack(
    { template: parseTemplate(yaml), stackName: 'trellis-local', account: ACCOUNT, parameters: {} },
    recording.targets,
  );
  return { outputs, ...recording };
}

const names = (asked: Wire[]) => asked.map(([name, input]) => `${name} ${input.QueueName ?? input.Name ?? ''}`.trim());

const ROLE = `
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: runner
      Description: for the test
      AssumeRolePolicyDocument:
        Statement:
          - { Effect: Allow, Principal: { Service: [lambda.amazonaws.com, states.amazonaws.com] }, Action: sts:AssumeRole }
      Policies:
        - PolicyName: own
          PolicyDocument: { Statement: [{ Effect: Allow, Action: sqs:SendMessage, Resource: '*' }] }
`;

describe('the order of creation', () => {
  it('follows references and DependsOn, otherwise the template', async () => {
    const { asked } = await deploy(`
Resources:
  First: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub ['\${X}', { X: !GetAtt [Third, QueueName] }] } }
  Second: { Type: AWS::SQS::Queue, DependsOn: [Fourth], Properties: { QueueName: second } }
  Third: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub '\${Fifth.QueueName}-3' } }
  Fourth: { Type: AWS::SQS::Queue, Properties: { QueueName: fourth } }
  Fifth: { Type: AWS::SQS::Queue, Properties: { QueueName: fifth } }
`);
    expect(names(asked).filter(name => name.startsWith('sqs:CreateQueue'))).toEqual(
      ['fifth', 'fifth-3', 'fifth-3', 'fourth', 'second'].map(name => `sqs:CreateQueue ${name}`),
    );
  });

  it('refuses a circle', async () => {
    const circle = `
Resources:
  A: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref B } }
  B: { Type: AWS::SQS::Queue, DependsOn: A }
`;
    await expect(deploy(circle)).rejects.toThrow('in a circle: A → B → A');
  });
});

describe('what the mesh does not have', () => {
  it.each([
    [
      'A: { Type: AWS::EC2::Instance }',
      'trellis-local: A (AWS::EC2::Instance): the local mesh does not have the resource type',
    ],
    [
      'A: { Type: AWS::SQS::Queue, Properties: { Colour: red } }',
      'A (AWS::SQS::Queue): the local mesh does not have the property Colour',
    ],
    ['A: { Type: AWS::SQS::Queue, CreationPolicy: {} }', 'the resource attribute CreationPolicy'],
    ['A: { Type: AWS::SQS::Queue, Properties: { QueueName: !ImportValue x } }', 'Fn::ImportValue'],
    ['A: { Type: AWS::SQS::Queue, Condition: None }', 'there is no condition None'],
  ])('stops the boot: %s', async (resource, message) => {
    await expect(deploy(`Resources:\n  ${resource}`)).rejects.toThrow(message);
  });

  it('is seen before anything is made', async () => {
    const recording = recordingTargets();
    const template = 'Resources: { A: { Type: AWS::SQS::Queue }, B: { Type: AWS::EC2::Instance } }';
    await expect(deploy(template, recording)).rejects.toThrow('AWS::EC2::Instance');
    expect(recording.asked).toEqual([]);
  });

  it('does not matter in a resource whose condition is false', async () => {
    const { asked } = await deploy(`
Conditions: { Never: !Equals [a, b] }
Resources:
  A: { Type: AWS::EC2::Instance, Condition: Never }
  B: { Type: AWS::SQS::Queue, DependsOn: A, Properties: { QueueName: b } }
Outputs: { A: { Condition: Never, Value: !Ref A } }
`);
    expect(names(asked)[0]).toBe('sqs:CreateQueue b');
  });

  it('is noted where it changes nothing', async () => {
    const { notes, outputs } = await deploy(`
Resources:
  Log: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /aws/lambda/x } }
  Topic: { Type: AWS::SNS::Topic }
  Alarm: { Type: AWS::CloudWatch::Alarm, Properties: { AlarmActions: [!Ref Topic] } }
  Queue: { Type: AWS::SQS::Queue, Properties: { Tags: [] } }
  Bus: { Type: AWS::Events::EventBus, Properties: { LogConfig: { Level: INFO } } }
Outputs: { Log: { Value: !GetAtt Log.Arn }, Topic: { Value: !Ref Topic } }
`);
    expect(notes).toContain('AWS::CloudWatch::Alarm has no effect in the local mesh');
    expect(notes).toContain('AWS::Events::EventBus: LogConfig has no effect in the local mesh');
    expect(notes.join()).not.toContain('Tags');
    expect(outputs).toEqual({
      Log: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/x:*`,
      Topic: `arn:aws:sns:us-east-1:${ACCOUNT}:trellis-local-Topic`,
    });
  });
});

describe('a failing service', () => {
  it('is named with the stack and the resource', async () => {
    const rule = `
Resources:
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [a] }, Targets: [{ Id: bad, Arn: x }] } }
`;
    await expect(deploy(rule)).rejects.toThrow(
      'trellis-local: Rule (AWS::Events::Rule) cannot be made: PutTargets refused',
    );
  });
});

describe('SNS and KMS resources', () => {
  it('are topics with their key and their policy', async () => {
    const { asked, outputs } = await deploy(`
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: news, KmsMasterKeyId: !GetAtt Key.Arn } }
  Key: { Type: AWS::KMS::Key, Properties: { Description: for news, EnableKeyRotation: true, KeyPolicy: { Statement: [] } } }
  Policy: { Type: AWS::SNS::TopicPolicy, Properties: { Topics: [!Ref Topic], PolicyDocument: { Statement: [] } } }
Outputs: { Topic: { Value: !Ref Topic }, Key: { Value: !Ref Key } }
`);
    const TopicArn = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
    const KmsMasterKeyId = `arn:aws:kms:us-east-1:${ACCOUNT}:key/key-1`;
    expect(asked).toEqual([
      ['kms:CreateKey', { Description: 'for news', Policy: '{"Statement":[]}' }],
      ['sns:CreateTopic', { Name: 'news', Attributes: { KmsMasterKeyId } }],
      ['sns:SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue: '{"Statement":[]}' }],
    ]);
    expect(outputs).toEqual({ Topic: TopicArn, Key: 'key-1' });
  });
});

describe('S3 resources', () => {
  it('are buckets with their encryption and their policy', async () => {
    const { asked, notes, outputs } = await deploy(`
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true }
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: AES256 } }] }
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: { Bucket: !Ref Bucket, PolicyDocument: { Statement: [] } }
Outputs: { Name: { Value: !Ref Bucket }, Arn: { Value: !GetAtt Bucket.Arn } }
`);
    const Bucket = 'trellis-local-bucket';
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }];
    expect(asked).toEqual([
      ['s3:CreateBucket', { Bucket }],
      ['s3:PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules } }],
      ['s3:PutBucketPolicy', { Bucket, Policy: '{"Statement":[]}' }],
    ]);
    expect(notes).toEqual(['AWS::S3::Bucket: PublicAccessBlockConfiguration has no effect in the local mesh']);
    expect(outputs).toEqual({ Name: Bucket, Arn: `arn:aws:s3:::${Bucket}` });
  });
});

describe('EventBridge resources', () => {
  it('are made as the API takes them', async () => {
    const { asked, outputs } = await deploy(`
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: mesh } }
  Archive:
    Type: AWS::Events::Archive
    Properties: { SourceArn: !GetAtt Bus.Arn, EventPattern: { source: [{ anything-but: trellis }] }, RetentionDays: '30' }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [trellis.access] }
      State: ENABLED
      Targets: [{ Id: t, Arn: arn:x, RetryPolicy: { MaximumRetryAttempts: '3' }, DeadLetterConfig: { Arn: arn:dlq } }]
  Schedule: { Type: AWS::Events::Rule, Properties: { Name: sweep, ScheduleExpression: rate(1 minute) } }
Outputs: { Rule: { Value: !Ref Rule }, Schedule: { Value: !Ref Schedule }, Arn: { Value: !GetAtt Rule.Arn } }
`);
    expect(asked).toEqual([
      ['events:CreateEventBus', { Name: 'mesh' }],
      [
        'events:CreateArchive',
        {
          ArchiveName: 'trellis-local-Archive',
          EventSourceArn: `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/mesh`,
          EventPattern: '{"source":[{"anything-but":"trellis"}]}',
          RetentionDays: 30,
        },
      ],
      [
        'events:PutRule',
        {
          Name: 'trellis-local-Rule',
          EventBusName: 'mesh',
          State: 'ENABLED',
          EventPattern: '{"source":["trellis.access"]}',
        },
      ],
      [
        'events:PutTargets',
        {
          Rule: 'trellis-local-Rule',
          EventBusName: 'mesh',
          Targets: [
            { Id: 't', Arn: 'arn:x', RetryPolicy: { MaximumRetryAttempts: 3 }, DeadLetterConfig: { Arn: 'arn:dlq' } },
          ],
        },
      ],
      ['events:PutRule', { Name: 'sweep', ScheduleExpression: 'rate(1 minute)' }],
    ]);
    expect(outputs).toEqual({
      Rule: 'mesh|trellis-local-Rule',
      Schedule: 'sweep',
      Arn: `arn:aws:events:us-east-1:${ACCOUNT}:rule/trellis-local-Rule`,
    });
  });

  it('add the statements of several policies of one bus, each under its id', async () => {
    const statement = (id: string, account: string) => `
  ${id}:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: mesh
      StatementId: ${id.toLowerCase()}
      Statement: { Effect: Allow, Principal: { AWS: '${account}' }, Action: events:PutEvents, Resource: '*' }`;
    const { asked } = await deploy(`Resources:${statement('One', '222222222222')}${statement('Two', '333333333333')}`);
    const [, last] = asked.at(-1);
    expect(JSON.parse(last.Policy).Statement).toMatchObject([
      { Sid: 'one', Principal: { AWS: '222222222222' } },
      { Sid: 'two', Principal: { AWS: '333333333333' } },
    ]);
  });

  it('refuse a bus policy that IAM cannot evaluate, when it is loaded', async () => {
    const policy = `
Resources:
  P:
    Type: AWS::Events::EventBusPolicy
    Properties:
      StatementId: p
      Statement: { Effect: Allow, Principal: '*', Action: '*', Resource: '*', Condition: { IpAddress: { x: y } } }`;
    await expect(deploy(policy)).rejects.toThrow('the condition operator IpAddress');
  });
});

describe('queues and tables', () => {
  it('are made as the APIs take them', async () => {
    const { asked } = await deploy(`
Resources:
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: work
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn }] }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: ledger
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: expires, Enabled: true }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
`);
    const inputs = (name: string) => asked.filter(([asked]) => asked === name).map(([, input]) => input);
    expect(inputs('sqs:CreateQueue')[1]).toEqual({
      QueueName: 'work',
      Attributes: {
        VisibilityTimeout: '60',
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:dead`,
          maxReceiveCount: 5,
        }),
      },
    });
    const [set] = inputs('sqs:SetQueueAttributes');
    expect(set.QueueUrl).toBe(`http://127.0.0.1/${ACCOUNT}/work`);
    expect(JSON.parse(set.Attributes.Policy).Statement[0].Resource).toBe(`arn:aws:sqs:us-east-1:${ACCOUNT}:work`);
    expect(inputs('dynamodb:CreateTable')[0]).not.toHaveProperty('PointInTimeRecoverySpecification');
    expect(inputs('dynamodb:UpdateTimeToLive')).toEqual([
      { TableName: 'ledger', TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } },
    ]);
  });
});

describe('functions', () => {
  it('have the code of their folder, permissions as policy statements, and names without ARN', async () => {
    const { asked, outputs } = await deploy(`
Resources:
  ${ROLE.trim()}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: sync-table
      Handler: dist/sync-table/index.handler
      Runtime: nodejs24.x
      Timeout: 30
      Code: { S3Bucket: b, S3Key: k }
      Role: !GetAtt Role.Arn
      Environment: { Variables: { STAGE: local } }
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !GetAtt Fn.Arn
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: arn:aws:events:us-east-1:${ACCOUNT}:rule/r
      SourceAccount: !Ref AWS::AccountId
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !GetAtt Fn.Arn, EventSourceArn: arn:queue, BatchSize: 5 }
  Async:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: { FunctionName: !Ref Fn, Qualifier: $LATEST, MaximumRetryAttempts: 1 }
  FnVersion: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Fn, CodeSha256: x } }
Outputs: { Version: { Value: !Ref FnVersion } }
`);
    const arn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:sync-table`;
    expect(asked).toEqual([
      [
        'create',
        ACCOUNT,
        {
          FunctionName: 'sync-table',
          Handler: 'dist/sync-table/index.handler',
          Runtime: 'nodejs24.x',
          Timeout: 30,
          Role: `arn:aws:iam::${ACCOUNT}:role/runner`,
          Environment: { Variables: { STAGE: 'local' } },
          codeDirectory: '/checkout/dist/sync-table',
        },
      ],
      [
        'addPermission',
        ACCOUNT,
        'sync-table',
        {
          Sid: 'trellis-local-Permission',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: arn,
          Condition: {
            StringEquals: { 'aws:SourceAccount': ACCOUNT },
            ArnLike: { 'aws:SourceArn': `arn:aws:events:us-east-1:${ACCOUNT}:rule/r` },
          },
        },
      ],
      ['mapQueue', ACCOUNT, { FunctionName: 'sync-table', EventSourceArn: 'arn:queue', BatchSize: 5 }],
      ['configureAsync', ACCOUNT, 'sync-table', { MaximumRetryAttempts: 1 }],
    ]);
    expect(outputs).toEqual({ Version: `${arn}:1` });
  });

  it('need a role that trusts Lambda', async () => {
    const template = `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sts:AssumeRole }] }
  Fn: { Type: AWS::Lambda::Function, Properties: { Handler: dist/a/index.handler, Runtime: nodejs24.x, Role: !GetAtt Role.Arn } }
`;
    await expect(deploy(template)).rejects.toThrow('lambda.amazonaws.com is not authorized to perform: sts:AssumeRole');
  });
});

describe('state machines', () => {
  it('take their definition as an object or as text, with substitutions', async () => {
    const { asked } = await deploy(`
Resources:
  ${ROLE.trim()}
  Object:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      Definition: { QueryLanguage: JSONata, StartAt: A, States: { A: { Type: Succeed, Output: '\${Kept} {% $states.input %}', Comment: '\${Name}' } } }
      DefinitionSubstitutions: { Name: sync }
  Text:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: text
      StateMachineType: EXPRESS
      RoleArn: !GetAtt Role.Arn
      DefinitionString: !Sub '{"TimeoutSeconds": $\{!Seconds}}'
      DefinitionSubstitutions: { Seconds: 5 }
`);
    expect(asked).toEqual([
      [
        'states:CreateStateMachine',
        {
          name: 'trellis-local-Object',
          type: 'STANDARD',
          roleArn: `arn:aws:iam::${ACCOUNT}:role/runner`,
          definition: JSON.stringify({
            QueryLanguage: 'JSONata',
            StartAt: 'A',
            States: { A: { Type: 'Succeed', Output: '${Kept} {% $states.input %}', Comment: 'sync' } },
          }),
        },
      ],
      [
        'states:CreateStateMachine',
        expect.objectContaining({ name: 'text', type: 'EXPRESS', definition: '{"TimeoutSeconds": 5}' }),
      ],
    ]);
  });
});

describe('roles', () => {
  it('have their policies, inline, managed and attached', async () => {
    const { iam, outputs } = await deploy(`
Resources:
  ${ROLE.trim()}
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties: { Roles: [!Ref Role], PolicyDocument: { Statement: [{ Effect: Allow, Action: glue:GetTable, Resource: '*' }] } }
  Inline:
    Type: AWS::IAM::Policy
    Properties: { PolicyName: more, Roles: [!Ref Role], PolicyDocument: { Statement: { Effect: Allow, Action: sns:Publish, Resource: '*' } } }
Outputs: { Role: { Value: !Ref Role }, Arn: { Value: !GetAtt Role.Arn }, Managed: { Value: !Ref Managed } }
`);
    expect(outputs).toEqual({
      Role: 'runner',
      Arn: `arn:aws:iam::${ACCOUNT}:role/runner`,
      Managed: `arn:aws:iam::${ACCOUNT}:policy/trellis-local-Managed`,
    });
    const may = (action: string) => () => iam.requireRole(outputs.Arn, { action, resource: '*' });
    for (const action of ['sqs:SendMessage', 'glue:GetTable', 'sns:Publish']) expect(may(action)).not.toThrow();
    expect(may('glue:DeleteTable')).toThrow('glue:DeleteTable');
  });

  it('stop the boot with the name of a managed policy that is not there', async () => {
    const role = ROLE.replace(
      'Description: for the test',
      'ManagedPolicyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess]',
    );
    await expect(deploy(`Resources:${role}`)).rejects.toThrow(
      "Role (AWS::IAM::Role) cannot be made: The local mesh's IAM does not have the managed policy arn:aws:iam::aws:policy/ReadOnlyAccess",
    );
  });
});
