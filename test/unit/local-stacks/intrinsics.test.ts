import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { deployStack } from '../../../local/stacks/deploy-stack.ts';
import { parseTemplate } from '../../../local/stacks/template.ts';
import { ACCOUNT, recordingTargets } from './recording-targets.ts';

const HEAD = `
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Stage: { Type: String, Default: local }
  Accounts: { Type: CommaDelimitedList, Default: '222222222222, 333333333333' }
  Days: { Type: Number, Default: 7 }
Mappings:
  Retention:
    local: { days: 3 }
    prod: { days: 90 }
Conditions:
  IsLocal: !Equals [!Ref Stage, local]
  IsProd: !Not [!Condition IsLocal]
  Both: !And [!Condition IsLocal, !Equals [!Ref Days, '7']]
  Neither: !Or [!Condition IsProd, !Equals [a, b]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: { QueueName: !Sub 'events-\${Stage}' }
Outputs:
`;

/** What the value is worth as an output of a stack that has parameters, a mapping, conditions and a queue. */
async function outputOf(yaml: string): Promise<Wire> {
  const template = parseTemplate(`${HEAD}  Value: { Value: ${yaml} }`);
  const stack = { template, stackName: 'trellis', account: ACCOUNT, parameters: {} };
  return (await deployStack(stack, recordingTargets().targets)).Value;
}

const QUEUE_ARN = `arn:aws:sqs:us-east-1:${ACCOUNT}:events-local`;

describe('intrinsic functions', () => {
  it.each<[string, Wire]>([
    ['!Ref Stage', 'local'],
    ['{ Ref: Stage }', 'local'],
    ['!Ref Accounts', ['222222222222', '333333333333']],
    ['!Ref Queue', `http://127.0.0.1/${ACCOUNT}/events-local`],
    ['!Ref AWS::AccountId', ACCOUNT],
    ['!Ref AWS::Region', 'us-east-1'],
    ['!Ref AWS::Partition', 'aws'],
    ['!Ref AWS::StackName', 'trellis'],
    ['!Ref AWS::URLSuffix', 'amazonaws.com'],
    ['!Ref AWS::NotificationARNs', []],
    ['!GetAtt Queue.Arn', QUEUE_ARN],
    ['!GetAtt [Queue, Arn]', QUEUE_ARN],
    ['{ Fn::GetAtt: [Queue, Arn] }', QUEUE_ARN],
    ['{ Fn::GetAtt: Queue.QueueName }', 'events-local'],
    ["!Sub 'a-${Stage}-${AWS::Region}-${Queue.Arn}-${!Kept}'", `a-local-us-east-1-${QUEUE_ARN}-\${Kept}`],
    ["!Sub ['${Stage}/${Own}', { Own: !Ref Days }]", 'local/7'],
    ["!Sub ['${Stage}', { Stage: shadow }]", 'shadow'],
    ["!Join ['-', [a, !Ref Stage, 1]]", 'a-local-1'],
    ["!Join [',', !Ref Accounts]", '222222222222,333333333333'],
    ["!Split ['-', 'a-b-c']", ['a', 'b', 'c']],
    ["!Select [1, !Split ['-', 'a-b-c']]", 'b'],
    ["!Select ['0', !Ref Accounts]", '222222222222'],
    ['!If [IsLocal, yes-local, no]', 'yes-local'],
    ['!If [IsProd, !Ref Nothing, [!Ref Stage]]', ['local']],
    ['!If [Both, 1, 2]', 1],
    ['!If [Neither, 1, 2]', 2],
    ['!FindInMap [Retention, !Ref Stage, days]', 3],
    ['!Base64 hello', 'aGVsbG8='],
    ['{ a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, !If [IsProd, x, !Ref AWS::NoValue], 1] }', { b: [1] }],
    ['{ Nested: { Deep: [!Sub "${Stage}"] } }', { Nested: { Deep: ['local'] } }],
    ['{ Condition: "{% $x %}", Next: Done }', { Condition: '{% $x %}', Next: 'Done' }],
    ['{ Condition: kept }', { Condition: 'kept' }],
    ['{ Version: 2012-10-17, On: yes }', { Version: '2012-10-17', On: 'yes' }],
  ])('%s', async (yaml, expected) => {
    expect(await outputOf(yaml)).toEqual(expected);
  });

  it.each([
    ['!ImportValue Other', 'the intrinsic function Fn::ImportValue'],
    ["!GetAZs ''", 'the intrinsic function Fn::GetAZs'],
    ['!Cidr [a, b]', 'the intrinsic function Fn::Cidr'],
    ['!Transform { Name: AWS::Include }', 'the intrinsic function Fn::Transform'],
    ['{ Fn::Length: [1] }', 'the intrinsic function Fn::Length'],
    ['{ Fn::Sub: a, other: 1 }', 'Fn::Sub stands beside other keys'],
    ['!Ref Nothing', 'there is nothing that Nothing refers to'],
    ['!Sub "${Nothing}"', 'there is nothing that Nothing refers to'],
    ['!GetAtt Queue.Colour', "Queue's attribute Colour"],
    ['!GetAtt Nothing.Arn', 'no resource Nothing'],
    ['!If [Unknown, 1, 2]', 'no condition Unknown'],
    ['!FindInMap [Retention, dev, days]', 'Retention.dev.days'],
    ['!Select [5, [a]]', 'Fn::Select has no item 5'],
    ["!Join ['-', text]", 'Fn::Join needs a list'],
    ["!Join ['-', [[a]]]", 'Fn::Join needs text'],
    ["!Join ['-']", 'Fn::Join takes a list of two'],
    ['!Sub "${Accounts}"', 'needs text'],
  ])('%s is refused', async (yaml, message) => {
    await expect(outputOf(yaml)).rejects.toThrow(message);
  });
});

describe('a template', () => {
  it('may be JSON', () => {
    expect(parseTemplate('{"Resources": {"A": {"Type": "T", "Properties": {"X": {"Ref": "B"}}}}}').Resources.A).toEqual(
      {
        Type: 'T',
        Properties: { X: { Ref: 'B' } },
      },
    );
  });

  it.each([
    ['Resources: [', 'neither JSON nor YAML'],
    ['Parameters: {}', 'no Resources'],
    ['{ Transform: AWS::Serverless-2016-10-31, Resources: {} }', 'the template section Transform'],
  ])('%s is refused', (text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });

  it('refuses a tag that is no intrinsic', () => {
    expect(() => parseTemplate('Resources: { A: !Magic x }')).toThrow('Magic');
  });
});

describe('parameters', () => {
  const deploy = (parameters: string, given: Record<string, string>) =>
    deployStack(
      {
        template: parseTemplate(
          `{ Parameters: { P: ${parameters} }, Resources: {}, Outputs: { P: { Value: !Ref P } } }`,
        ),
        stackName: 's',
        account: ACCOUNT,
        parameters: given,
      },
      recordingTargets().targets,
    );

  it('take the value given before the default', async () => {
    expect(await deploy('{ Type: String, Default: a }', { P: 'b' })).toEqual({ P: 'b' });
    expect(await deploy('{ Type: Number, Default: 5 }', {})).toEqual({ P: '5' });
  });

  it.each([
    ['{ Type: String }', {}, 'P has neither a value nor a default'],
    ['{ Type: String }', { P: 'a', Q: 'b' }, 'no parameter Q'],
    ['{ Type: String, AllowedValues: [a, b] }', { P: 'c' }, 'P may not be "c"'],
    ['{ Type: String, AllowedPattern: "[0-9]{12}" }', { P: '1234567890123' }, 'P may not be "1234567890123"'],
    ['{ Type: "AWS::SSM::Parameter::Value<String>" }', { P: 'x' }, 'the type AWS::SSM::Parameter::Value<String>'],
  ])('%s with %o are refused', async (declared, given, message) => {
    await expect(deploy(declared, given)).rejects.toThrow(message);
  });
});
