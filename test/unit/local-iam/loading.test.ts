import { describe, expect, it } from 'vitest';
import type { PolicyStatement } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';
import { compilePolicy, type PolicyKind } from '../../../local/iam/policy.ts';

const IDENTITY: PolicyStatement = { Effect: 'Allow', Action: 'sqs:*', Resource: '*' };
const RESOURCE: PolicyStatement = { ...IDENTITY, Principal: '*' };
// biome-ignore lint/suspicious/noExplicitAny: policies that the types refuse are what is tested.
const wrong = (statement: Record<string, any>) => statement as PolicyStatement;

const REFUSED: [string, PolicyKind, PolicyStatement][] = [
  [
    'the condition operator IpAddress',
    'identity',
    { ...IDENTITY, Condition: { IpAddress: { 'sqs:x': '10.0.0.0/8' } } },
  ],
  ['the condition operator StringEqual', 'identity', { ...IDENTITY, Condition: { StringEqual: { 'sqs:x': 'a' } } }],
  [
    'the condition operator ForSomeValues:StringEquals',
    'identity',
    { ...IDENTITY, Condition: { 'ForSomeValues:StringEquals': { 'sqs:x': 'a' } } },
  ],
  [
    'the condition key aws:CalledVia',
    'identity',
    { ...IDENTITY, Condition: { StringEquals: { 'aws:CalledVia': 'a' } } },
  ],
  ['policy variables', 'identity', { ...IDENTITY, Condition: { StringEquals: { 'sqs:x': '${aws:username}' } } }],
  ['policy variables', 'identity', { ...IDENTITY, Resource: 'arn:aws:s3:::b/${aws:username}' }],
  ['without "Version"', 'identity', { ...IDENTITY, Resource: 'arn:aws:s3:::b/${aws:PrincipalAccount}' }],
  ['"many" as a number', 'identity', { ...IDENTITY, Condition: { NumericLessThan: { 'sqs:x': 'many' } } }],
  ['the policy element NotPrincipal', 'resource', { ...IDENTITY, NotPrincipal: { AWS: '111111111111' } }],
  ['the policy effect "allow"', 'identity', wrong({ ...IDENTITY, Effect: 'allow' })],
  ['a Principal in an identity policy', 'identity', RESOURCE],
  ['a resource policy without Principal', 'resource', IDENTITY],
  ['exactly one of Action and NotAction', 'identity', { ...IDENTITY, NotAction: 'sqs:*' }],
  ['exactly one of Resource and NotResource', 'identity', wrong({ Effect: 'Allow', Action: '*' })],
  [
    'the principal type Federated',
    'trust',
    { ...RESOURCE, Principal: { Federated: 'cognito-identity.amazonaws.com' } },
  ],
  [
    'the principal "arn:aws:iam::111111111111:role/*"',
    'resource',
    { ...IDENTITY, Principal: { AWS: 'arn:aws:iam::111111111111:role/*' } },
  ],
];

describe('loading a policy', () => {
  it.each(REFUSED)('refuses %s by name', (what, kind, statement) => {
    expect(() => compilePolicy({ Statement: statement }, kind)).toThrow(what);
  });

  it.each([
    ['policy variables (arn:aws:s3:::b/${aws:username})', { Resource: 'arn:aws:s3:::b/${aws:username}' }],
    ['policy variables (b/${aws:PrincipalTag})', { Resource: 'b/${aws:PrincipalTag}' }],
    ['policy variables (b/${aws:PrincipalAccount)', { Resource: 'b/${aws:PrincipalAccount' }],
    ["policy variables (${aws:PrincipalTag/a, 'b'})", { Resource: "${aws:PrincipalTag/a, 'b'}" }],
    ['policy variables (${*})', { Condition: { StringLike: { 'sqs:x': '${*}' } } }],
    ['policy variables in an Action', { Action: 'sqs:${aws:PrincipalTag/a}' }],
    [
      'policy variables in the condition operator NumericLessThan',
      { Condition: { NumericLessThan: { 'sqs:x': '${aws:PrincipalTag/n}' } } },
    ],
    ['the condition key aws:PrincipalTag/', { Condition: { StringEquals: { 'aws:PrincipalTag/': 'a' } } }],
  ])('refuses %s by name, in the version that has variables', (what, more) => {
    const document = { Version: '2012-10-17', Statement: { ...IDENTITY, ...more } as PolicyStatement };
    expect(() => compilePolicy(document, 'identity')).toThrow(what);
  });

  it('knows the managed policy of Lambda logs and refuses others by name', () => {
    const iam = new Iam(() => undefined);
    const role = (arn: string) =>
      iam.roles.put('111111111111', {
        RoleName: 'R',
        AssumeRolePolicyDocument: { Statement: { ...RESOURCE, Action: 'sts:AssumeRole' } },
        ManagedPolicyArns: [arn],
      });
    const { arn: principal } = role('arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole');
    const caller = { account: '111111111111', arn: 'a', principal, isAdministrator: false };
    expect(() => iam.authorize(caller, { action: 'logs:PutLogEvents', resource: '*' })).not.toThrow();
    expect(() => iam.authorize(caller, { action: 'logs:DeleteLogGroup', resource: '*' })).toThrow();
    expect(() => role('arn:aws:iam::aws:policy/AdministratorAccess')).toThrow('AdministratorAccess');
  });

  it('gives a role the policies attached to it later', () => {
    const iam = new Iam(() => undefined);
    const document = (Action: string) => ({ Statement: { Effect: 'Allow', Action, Resource: '*' } as PolicyStatement });
    const { arn } = iam.roles.put('111111111111', {
      RoleName: 'R',
      AssumeRolePolicyDocument: { Statement: { ...RESOURCE, Action: 'sts:AssumeRole' } },
    });
    iam.roles.putRolePolicy('111111111111', 'R', 'inline', document('sqs:SendMessage'));
    iam.roles.putManagedPolicy('111111111111', { name: 'P', document: document('glue:GetTable'), roles: ['R'] });
    expect(() => iam.requireRole(arn, { action: 'sqs:SendMessage', resource: '*' })).not.toThrow();
    expect(() => iam.requireRole(arn, { action: 'glue:GetTable', resource: '*' })).not.toThrow();
    expect(() => iam.requireRole(arn, { action: 'glue:DropTable', resource: '*' })).toThrow();
    expect(() => iam.roles.putRolePolicy('222222222222', 'R', 'inline', document('sqs:*'))).toThrow('the role R');
  });
});
