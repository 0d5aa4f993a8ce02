import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Wire } from '../../../local/core/service.ts';
import { operationOf } from '../../../local/mesh/call-as-role.ts';
import { type JoinedServices, joinServices } from '../../../local/mesh/join-services.ts';
import { deployStack } from '../../../local/stacks/deploy-stack.ts';
import { parseTemplate } from '../../../local/stacks/template.ts';
import { parseMesh } from '../../../shared/mesh/parse-mesh.ts';

const HUB = '111111111111';
const DAY_SECONDS = 86_400;

const role = (service: string, action: string, condition = '') => `
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: { Effect: Allow, Principal: { Service: ${service} }, Action: sts:AssumeRole${condition} }
      Policies: [{ PolicyName: p, PolicyDocument: { Statement: { Effect: Allow, Action: '${action}', Resource: '*' } } }]`;

const ONLY_NIGHTLY = `, Condition: { ArnEquals: { aws:SourceArn: 'arn:aws:events:us-east-1:${HUB}:rule/nightly' } }`;

/** A machine that gives back its input, and rules that start it: by the clock, by an event, and with roles that do not do. */
const TEMPLATE = `
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: machine
      RoleArn: !GetAtt MachineRole.Arn
      Definition: { QueryLanguage: JSONata, StartAt: Done, States: { Done: { Type: Succeed } } }
  MachineRole:${role('states.amazonaws.com', 'sqs:SendMessage')}
  StartRole:${role('events.amazonaws.com', 'states:StartExecution')}
  NightlyRole:${role('events.amazonaws.com', 'states:StartExecution', ONLY_NIGHTLY)}
  Untrusting:${role('states.amazonaws.com', 'states:StartExecution')}
  Powerless:${role('events.amazonaws.com', 'states:StopExecution')}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      Name: nightly
      ScheduleExpression: cron(30 2 * * ? *)
      Targets:
        - { Id: event, Arn: !Ref Machine, RoleArn: !GetAtt NightlyRole.Arn }
        - { Id: constant, Arn: !Ref Machine, RoleArn: !GetAtt NightlyRole.Arn, Input: '{"domain":"aviation"}' }
  Ordered:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets:
        - Id: machine
          Arn: !Ref Machine
          RoleArn: !GetAtt StartRole.Arn
          InputTransformer: { InputPathsMap: { order: $.detail.order }, InputTemplate: '{"order": <order>}' }
  Failing:
    Type: AWS::Events::Rule
    Properties:
      Name: failing
      EventPattern: { source: [fail] }
      Targets:
        - { Id: untrusting, Arn: !Ref Machine, RoleArn: !GetAtt Untrusting.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
        - { Id: other-rule, Arn: !Ref Machine, RoleArn: !GetAtt NightlyRole.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
        - { Id: powerless, Arn: !Ref Machine, RoleArn: !GetAtt Powerless.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
        - { Id: missing, Arn: !Sub '\${Machine}2', RoleArn: !GetAtt StartRole.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  DeadPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Dead]
      PolicyDocument:
        Statement: { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sqs:SendMessage, Resource: !GetAtt Dead.Arn }
`;

const MESH = `
stages:
  local:
    hub: '${HUB}'
    organization: o-mesh123456
    domains: {}
    consumers: {}
`;

let root: string;
let activity: Activity;
let clock: VirtualClock;
let joined: JoinedServices;

async function call(service: string, operation: string, input: Wire): Promise<Wire> {
  return operationOf(joined.services, service, operation).run(input, administrator(HUB));
}

async function deploy(yaml: string): Promise<void> {
  await deployStack(
    { template: parseTemplate(yaml), stackName: 'stack', account: HUB, parameters: {} },
    {
      iam: joined.iam,
      functions: joined.functions,
      codeRoot: root,
      call: (_account, service, operation, input) => call(service, operation, input),
      note() {},
    },
  );
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trellis-test-'));
  activity = new Activity();
  clock = new VirtualClock(activity);
  joined = await joinServices({
    clock,
    activity,
    meshFile: parseMesh(MESH, 'local'),
    accounts: new Set([HUB]),
    files: createDataFiles(root),
    endpoint: () => 'http://127.0.0.1:1',
    log: () => {},
  });
  await deploy(TEMPLATE);
});

afterEach(async () => {
  await joined.stop();
  clock.stop();
  await rm(root, { recursive: true });
});

async function put(Source: string, detail: Wire): Promise<string> {
  const { Entries } = await call('events', 'PutEvents', {
    Entries: [{ Source, DetailType: 'x', Detail: JSON.stringify(detail) }],
  });
  await activity.idle();
  return Entries[0].EventId;
}

/** The oldest first. */
async function executions(): Promise<{ name: string; status: string; input: Wire }[]> {
  const stateMachineArn = `arn:aws:states:us-east-1:${HUB}:stateMachine:machine`;
  const listed = await call('states', 'ListExecutions', { stateMachineArn });
  const described: Wire[] = await Promise.all(
    listed.executions.map(({ executionArn }: Wire) => call('states', 'DescribeExecution', { executionArn })),
  );
  return described.map(({ name, status, input }) => ({ name, status, input: JSON.parse(input) })).reverse();
}

describe('a state machine as a target', () => {
  it('is started by a schedule once a night of a jump of three, with the event or what the target says', async () => {
    await clock.advance(3 * DAY_SECONDS);
    const started = await executions();
    const events = started.filter(({ input }) => input.source !== undefined);
    expect(events.map(({ input }) => input.time.slice(11))).toEqual(Array(3).fill('02:30:00Z'));
    const nights = events.map(({ input }) => Date.parse(input.time));
    expect(nights.slice(1).map((night, at) => night - nights[at]!)).toEqual([86_400_000, 86_400_000]);
    expect(events[0]!.input).toMatchObject({
      'detail-type': 'Scheduled Event',
      resources: [`arn:aws:events:us-east-1:${HUB}:rule/nightly`],
    });
    const constants = started.filter(({ input }) => input.source === undefined);
    expect(constants.map(({ input }) => input)).toEqual(Array(3).fill({ domain: 'aviation' }));
    expect(new Set(started.map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']));
  });

  it('is started by an event, with the transformed input, and named after the event', async () => {
    const id = await put('shop', { order: { number: 7 } });
    const [execution, ...others] = await executions();
    expect(execution!.input).toEqual({ order: { number: 7 } });
    expect(execution!.name).toMatch(new RegExp(`^${id}_[0-9a-f-]{36}$`));
    expect(others).toEqual([]);
  });

  it('is asked for with the role, which EventBridge assumes for the rule', async () => {
    await put('shop', {});
    const start = joined.iam.roles.get(`arn:aws:iam::${HUB}:role/stack-StartRole`)!;
    const asked = joined.iam.recorded
      .all()
      .filter(({ action }) => action === 'sts:AssumeRole' || action === 'states:StartExecution')
      .filter(({ principal, resource }) => principal === start.arn || resource === start.arn);
    expect(asked).toMatchObject([
      { principal: 'events.amazonaws.com', action: 'sts:AssumeRole' },
      { principal: start.arn, action: 'states:StartExecution' },
    ]);
  });

  it('that cannot be started leaves a dead letter that says why, without another attempt', async () => {
    const id = await put('fail', {});
    expect(await executions()).toEqual([]);
    const { Messages } = await call('sqs', 'ReceiveMessage', {
      QueueUrl: `http://127.0.0.1:1/${HUB}/dead`,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    });
    const letters = Messages.map(({ Body, MessageAttributes }: Wire) => ({
      id: JSON.parse(Body).id,
      code: MessageAttributes.ERROR_CODE.StringValue,
      attempts: MessageAttributes.RETRY_ATTEMPTS.StringValue,
      target: MessageAttributes.TARGET_ARN.StringValue.split(':').at(-1),
    }));
    const letter = (code: string, target = 'machine') => ({ id, code, attempts: '0', target });
    expect(letters).toHaveLength(4);
    expect(letters).toEqual(
      expect.arrayContaining([
        letter('NO_PERMISSIONS'),
        letter('NO_RESOURCE', 'machine2'),
        letter('FAILED_TO_ASSUME_ROLE'),
      ]),
    );
    expect(letters.filter(({ code }: Wire) => code === 'FAILED_TO_ASSUME_ROLE')).toHaveLength(2);
  });

  it.each([
    ['its role', 'cron(0 1 * * ? *)', '{ Id: t, Arn: !Ref Machine }', 'RoleArn is required for target'],
    ['a valid schedule', 'cron(0 1 * * * *)', '', 'Parameter ScheduleExpression is not valid.'],
  ])('cannot be deployed without %s', async (_what, schedule, target, message) => {
    const rule = `
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::${HUB}:role/stack-MachineRole
      Definition: { QueryLanguage: JSONata, StartAt: Done, States: { Done: { Type: Succeed } } }
  Rule: { Type: AWS::Events::Rule, Properties: { ScheduleExpression: ${schedule}, Targets: [${target}] } }
`;
    await expect(deploy(rule)).rejects.toThrow(message);
  });
});
