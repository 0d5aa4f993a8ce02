import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Wire } from '../../../local/core/service.ts';
import { deployStacks } from '../../../local/mesh/deploy-stacks.ts';
import { type JoinedServices, joinServices } from '../../../local/mesh/join-services.ts';
import { settle } from '../../../local/mesh/settle.ts';
import { accountsOf } from '../../../shared/mesh/mesh.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';

const HUB = '111111111111';
const SPOKE = '222222222222';
const STRANGER = '333333333333';
const OUTSIDE = '444444444444';

const MESH = `
stages:
  local:
    hub: '${HUB}'
    organization: o-mesh123456
    domains:
      aviation: { account: '${SPOKE}', databases: '*', prefixes: [s3://aviation/], stewards: [arn:aws:iam::${SPOKE}:role/S], policies: p }
    consumers:
      stranger: { account: '${STRANGER}' }
      auditor: { account: '${OUTSIDE}', outsideOrganization: true }
`;

/** The hub lets only the one spoke in; one queue lets its rule, one does not; one rule starts a state machine that sends a message. */
const HUB_TEMPLATE = `
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: trellis-local } }
  BusPolicy:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: spoke
      Statement:
        Effect: Allow
        Principal: { AWS: 'arn:aws:iam::${SPOKE}:root' }
        Action: events:PutEvents
        Resource: !GetAtt Bus.Arn
        Condition: { 'ForAllValues:StringEquals': { events:source: [trellis.access] }, 'Null': { events:source: 'false' } }
  Open: { Type: AWS::SQS::Queue, Properties: { QueueName: open } }
  Closed: { Type: AWS::SQS::Queue, Properties: { QueueName: closed } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Sent: { Type: AWS::SQS::Queue, Properties: { QueueName: sent } }
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Open, !Ref Dead]
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: { Service: events.amazonaws.com }
          Action: sqs:SendMessage
          Resource: [!GetAtt Open.Arn, !GetAtt Dead.Arn]
          Condition: { ArnEquals: { aws:SourceArn: !GetAtt Rule.Arn } }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [trellis.access] }
      Targets:
        - { Id: open, Arn: !GetAtt Open.Arn }
        - { Id: closed, Arn: !GetAtt Closed.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
        - { Id: machine, Arn: !Ref Machine, RoleArn: !GetAtt StartRole.Arn }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      Definition:
        QueryLanguage: JSONata
        StartAt: Send
        States:
          Send:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage
            Arguments: { QueueUrl: '\${Queue}', MessageBody: '{% $states.input.detail.id %}' }
            Next: Forbidden
          Forbidden:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage
            Arguments: { QueueUrl: '\${Closed}', MessageBody: never }
            End: true
      DefinitionSubstitutions: { Queue: !Ref Sent, Closed: !Ref Closed }
  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: { Effect: Allow, Principal: { Service: states.amazonaws.com }, Action: sts:AssumeRole } }
      Policies: [{ PolicyName: p, PolicyDocument: { Statement: { Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Sent.Arn } } }]
  StartRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sts:AssumeRole } }
      Policies: [{ PolicyName: p, PolicyDocument: { Statement: { Effect: Allow, Action: states:StartExecution, Resource: !Ref Machine } } }]
`;

const SPOKE_TEMPLATE = `
Parameters: { HubAccountId: { Type: String }, BusName: { Type: String } }
Resources:
  Forward:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [{ prefix: trellis. }] }
      Targets: [{ Id: hub, Arn: !Sub 'arn:aws:events:\${AWS::Region}:\${HubAccountId}:event-bus/\${BusName}', RoleArn: !GetAtt Role.Arn }]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: forward
      AssumeRolePolicyDocument: { Statement: { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sts:AssumeRole } }
      Policies: [{ PolicyName: p, PolicyDocument: { Statement: { Effect: Allow, Action: events:PutEvents, Resource: '*' } } }]
`;

let root: string;
let activity: Activity;
let clock: VirtualClock;
let joined: JoinedServices;

async function boot(hubTemplate: string): Promise<void> {
  root = await mkdtemp(join(tmpdir(), 'trellis-test-'));
  await mkdir(join(root, '.serverless'));
  await writeFile(join(root, '.serverless/cloudformation-template-update-stack.json'), hubTemplate);
  await writeFile(join(root, 'spoke.yml'), SPOKE_TEMPLATE);
  const meshFile = parseMesh(MESH, 'local');
  activity = new Activity();
  clock = new VirtualClock(activity);
  const log = () => {};
  const files = createDataFiles(join(root, 's3'));
  const accounts = new Set(accountsOf(meshFile));
  joined = await joinServices({
    clock,
    activity,
    meshFile,
    accounts,
    files,
    endpoint: () => 'http://127.0.0.1:1',
    log,
  });
  await deployStacks({ root, meshFile, joined, log });
}

afterEach(async () => {
  await joined.stop();
  clock.stop();
  await rm(root, { recursive: true });
});

async function call(account: string, service: string, operation: string, input: Wire): Promise<Wire> {
  return joined.services.get(service)!.operations[operation]!.run(input, administrator(account));
}

async function put(account: string, source: string): Promise<void> {
  await call(account, 'events', 'PutEvents', { Entries: [{ Source: source, DetailType: 'x', Detail: '{"id":"7"}' }] });
  expect(await settle(activity, 5000)).toEqual([]);
}

async function messages(queue: string): Promise<Wire[]> {
  const QueueUrl = `http://127.0.0.1:1/${HUB}/${queue}`;
  const { Messages = [] } = await call(HUB, 'sqs', 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ['All'],
  });
  return Messages;
}

describe('an event put in a spoke', () => {
  beforeEach(() => boot(HUB_TEMPLATE));

  it('comes to the queue whose policy lets the rule, and says where it is from', async () => {
    await put(SPOKE, 'trellis.access');
    const [message, ...others] = await messages('open');
    expect(JSON.parse(message.Body)).toMatchObject({ source: 'trellis.access', account: SPOKE, detail: { id: '7' } });
    expect(others).toEqual([]);
  });

  it('becomes a dead letter where the queue does not let the rule', async () => {
    await put(SPOKE, 'trellis.access');
    expect(await messages('closed')).toEqual([]);
    const [dead] = await messages('dead');
    expect(dead.MessageAttributes.ERROR_CODE.StringValue).toBe('NO_PERMISSIONS');
    expect(dead.MessageAttributes.ERROR_MESSAGE.StringValue).toContain(
      'events.amazonaws.com is not authorized to perform: sqs:SendMessage',
    );
  });

  it('starts the state machine, which may do what its role allows and no more', async () => {
    await put(SPOKE, 'trellis.access');
    expect((await messages('sent')).map(({ Body }) => Body)).toEqual(['7']);
    const { stateMachines } = await call(HUB, 'states', 'ListStateMachines', {});
    const { executions } = await call(HUB, 'states', 'ListExecutions', {
      stateMachineArn: stateMachines[0].stateMachineArn,
    });
    expect(executions).toMatchObject([{ status: 'FAILED' }]);
    const { cause } = await call(HUB, 'states', 'DescribeExecution', { executionArn: executions[0].executionArn });
    expect(cause).toMatch(/assumed-role\/trellis-local-MachineRole\/\w+ is not authorized to perform: sqs:SendMessage/);
  });

  it.each([
    ['of a source that the bus does not let in', SPOKE, 'trellis.other'],
    ['of an account that the bus does not let in', STRANGER, 'trellis.access'],
  ])('%s stays there', async (_what, account, source) => {
    await put(account, source);
    expect(await messages('open')).toEqual([]);
  });
});

describe('accounts', () => {
  beforeEach(() => boot(HUB_TEMPLATE));

  it('have their organization, unless they are outside it', () => {
    const { organizationOf } = joined.iam;
    expect([HUB, SPOKE, STRANGER, OUTSIDE, '999999999999'].map(organizationOf)).toEqual([
      'o-mesh123456',
      'o-mesh123456',
      'o-mesh123456',
      undefined,
      undefined,
    ]);
  });

  it('are the only ones with keys', () => {
    expect(joined.sessions.callerOf(OUTSIDE, undefined).isAdministrator).toBe(true);
    expect(() => joined.sessions.callerOf('999999999999', undefined)).toThrow('invalid');
  });
});

describe('Glue, RAM and Lake Formation', () => {
  beforeEach(() => boot(HUB_TEMPLATE));

  it('see each other: a database made in an account is seen by its administrator and on its bus', async () => {
    await call(SPOKE, 'events', 'PutRule', { Name: 'glue', EventPattern: '{"source":["aws.glue"]}' });
    const { QueueUrl } = await call(SPOKE, 'sqs', 'CreateQueue', { QueueName: 'glue' });
    const queueArn = `arn:aws:sqs:us-east-1:${SPOKE}:glue`;
    const Policy = JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
      },
    });
    await call(SPOKE, 'sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
    await call(SPOKE, 'events', 'PutTargets', { Rule: 'glue', Targets: [{ Id: 'q', Arn: queueArn }] });
    await call(SPOKE, 'glue', 'CreateDatabase', { DatabaseInput: { Name: 'ops' } });
    expect(await settle(activity, 5000)).toEqual([]);
    const { Messages } = await call(SPOKE, 'sqs', 'ReceiveMessage', { QueueUrl });
    expect(JSON.parse(Messages[0].Body).detail).toMatchObject({ databaseName: 'ops', typeOfChange: 'CreateDatabase' });
    const { DatabaseList } = await call(SPOKE, 'glue', 'GetDatabases', {});
    expect(DatabaseList).toMatchObject([{ Name: 'ops' }]);
  });
});

describe('a hub stack', () => {
  it('of another stage is refused', async () => {
    await expect(boot(HUB_TEMPLATE.replaceAll('trellis-local', 'trellis-prod'))).rejects.toThrow(
      'makes no bus trellis-local: it is not of the stage local',
    );
  });
});
