import { describe, expect, it } from 'vitest';
import type { Access, Caller, PolicyDocument, PolicyStatement } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';

const HUB = '111111111111';
const SPOKE = '222222222222';
const OUTSIDE = '999999999999';
const BUS = `arn:aws:events:us-east-1:${HUB}:event-bus/trellis-local`;
const OWN_BUS = `arn:aws:events:us-east-1:${SPOKE}:event-bus/default`;
const ROLE = `arn:aws:iam::${SPOKE}:role/Steward`;
const SESSION = `arn:aws:sts::${SPOKE}:assumed-role/Steward/anna`;
const TRUST: PolicyDocument = {
  Statement: { Effect: 'Allow', Principal: { AWS: SPOKE }, Action: 'sts:AssumeRole' },
};
const PUT_ANY = allow('events:PutEvents', '*');

const session: Caller = { account: SPOKE, arn: SESSION, principal: ROLE, isAdministrator: false };
const administrator: Caller = {
  account: SPOKE,
  arn: `arn:aws:iam::${SPOKE}:root`,
  principal: `arn:aws:iam::${SPOKE}:root`,
  isAdministrator: true,
};

function allow(Action: string | string[], Resource: string | string[], Condition?: PolicyStatement['Condition']) {
  return { Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) } satisfies PolicyStatement;
}

function deny(Action: string, Resource: string, Condition?: PolicyStatement['Condition']) {
  return { Effect: 'Deny', Action, Resource, ...(Condition && { Condition }) } satisfies PolicyStatement;
}

/** A statement of a bus's policy. */
function letIn(
  Principal: NonNullable<PolicyStatement['Principal']>,
  Condition?: PolicyStatement['Condition'],
  Effect: 'Allow' | 'Deny' = 'Allow',
): PolicyStatement {
  return { Effect, Principal, Action: 'events:PutEvents', Resource: BUS, ...(Condition && { Condition }) };
}

function iamWith(identity: PolicyStatement[]): Iam {
  const iam = new Iam(account => (account === OUTSIDE ? undefined : 'o-mesh'));
  iam.roles.put(SPOKE, {
    RoleName: 'Steward',
    AssumeRolePolicyDocument: TRUST,
    Policies: [{ PolicyName: 'own', PolicyDocument: { Statement: identity } }],
  });
  return iam;
}

interface Case {
  name: string;
  allowed: boolean;
  caller?: Caller;
  identity?: PolicyStatement[];
  action?: string;
  resource?: string;
  context?: Access['context'];
  resourceStatements?: PolicyStatement[];
}

const put = { action: 'events:PutEvents', resource: BUS };
const own = { action: 'events:PutEvents', resource: OWN_BUS };

const CASES: Case[] = [
  // Identity policies in one account.
  { name: 'nothing said is denied', ...own, allowed: false },
  { name: 'an identity allow is enough in its own account', ...own, identity: [PUT_ANY], allowed: true },
  {
    name: 'an explicit deny beats an allow',
    ...own,
    identity: [PUT_ANY, deny('events:PutEvents', OWN_BUS)],
    allowed: false,
  },
  { name: 'actions match whatever their case', ...own, identity: [allow('Events:putevents', '*')], allowed: true },
  { name: 'an action pattern with *', ...own, identity: [allow('events:Put*', '*')], allowed: true },
  { name: 'an action pattern with ?', ...own, identity: [allow('events:PutEvent?', '*')], allowed: true },
  { name: '? is exactly one character', ...own, identity: [allow('events:PutEvents?', '*')], allowed: false },
  { name: 'resources match by case', ...own, identity: [allow('events:*', OWN_BUS.toUpperCase())], allowed: false },
  {
    name: 'a resource pattern with *',
    ...own,
    identity: [allow('*', 'arn:aws:events:*:*:event-bus/*')],
    allowed: true,
  },
  { name: 'another resource', ...own, identity: [allow('*', BUS)], allowed: false },
  {
    name: 'a resource that looks like a regular expression is taken as it is',
    action: 'glue:GetTable',
    resource: `arn:aws:glue:us-east-1:${SPOKE}:table/a/bXc`,
    identity: [allow('glue:GetTable', `arn:aws:glue:us-east-1:${SPOKE}:table/a/b.c`)],
    allowed: false,
  },
  {
    name: 'one of several actions and resources',
    ...own,
    identity: [allow(['sqs:SendMessage', 'events:PutEvents'], [BUS, OWN_BUS])],
    allowed: true,
  },
  {
    name: 'NotAction leaves out what it names',
    ...own,
    identity: [{ Effect: 'Allow', NotAction: 'events:*', Resource: '*' }],
    allowed: false,
  },
  {
    name: 'NotAction has everything else',
    ...own,
    identity: [{ Effect: 'Allow', NotAction: 'sqs:*', Resource: '*' }],
    allowed: true,
  },
  {
    name: 'a deny with NotResource spares what it names',
    ...own,
    identity: [PUT_ANY, { Effect: 'Deny', Action: '*', NotResource: OWN_BUS }],
    allowed: true,
  },
  {
    name: 'a deny with NotResource hits the rest',
    ...own,
    identity: [PUT_ANY, { Effect: 'Deny', Action: '*', NotResource: BUS }],
    allowed: false,
  },
  {
    name: 'a resource without an account is of the caller account',
    action: 'glue:GetDatabases',
    resource: '*',
    identity: [allow('glue:GetDatabases', '*')],
    allowed: true,
  },

  // Resource policies in one account.
  {
    name: 'in one account a resource policy that names the role is enough',
    ...own,
    resourceStatements: [{ ...letIn({ AWS: ROLE }), Resource: OWN_BUS }],
    allowed: true,
  },
  {
    name: 'in one account a resource policy that names the account only lets its policies decide',
    ...own,
    resourceStatements: [{ ...letIn({ AWS: SPOKE }), Resource: OWN_BUS }],
    allowed: false,
  },
  {
    name: 'a resource policy denies its own account',
    ...own,
    identity: [PUT_ANY],
    resourceStatements: [{ ...letIn('*', undefined, 'Deny'), Resource: OWN_BUS }],
    allowed: false,
  },

  // Across accounts.
  { name: 'across accounts an identity allow is not enough', ...put, identity: [PUT_ANY], allowed: false },
  {
    name: 'across accounts a resource policy is not enough',
    ...put,
    resourceStatements: [letIn({ AWS: ROLE })],
    allowed: false,
  },
  {
    name: 'across accounts both are needed',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: ROLE })],
    allowed: true,
  },
  {
    name: 'the account id stands for the account',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: SPOKE })],
    allowed: true,
  },
  {
    name: 'the root ARN stands for the account',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: [`arn:aws:iam::${OUTSIDE}:root`, `arn:aws:iam::${SPOKE}:root`] })],
    allowed: true,
  },
  {
    name: 'another account in the resource policy',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: OUTSIDE })],
    allowed: false,
  },
  { name: 'the principal *', ...put, identity: [PUT_ANY], resourceStatements: [letIn('*')], allowed: true },
  {
    name: 'the principal AWS *',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: '*' })],
    allowed: true,
  },
  {
    name: 'the session itself as principal',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: SESSION })],
    allowed: true,
  },
  {
    name: 'a service in the resource policy is not the caller',
    ...put,
    identity: [PUT_ANY],
    resourceStatements: [letIn({ Service: 'events.amazonaws.com' })],
    allowed: false,
  },

  // Administrators.
  { name: 'an administrator may do all in its account', ...own, caller: administrator, allowed: true },
  { name: 'an administrator has nothing elsewhere', ...put, caller: administrator, allowed: false },
  {
    name: 'an administrator has what resource policies give it elsewhere',
    ...put,
    caller: administrator,
    resourceStatements: [letIn({ AWS: SPOKE })],
    allowed: true,
  },

  // Conditions: each on the statement that would otherwise let the session in.
  ...conditionCases(),
];

function conditionCases(): Case[] {
  const rows: [string, PolicyStatement['Condition'], Access['context'], boolean][] = [
    ['StringEquals that is met', { StringEquals: { 'aws:PrincipalAccount': SPOKE } }, {}, true],
    [
      'StringEquals by case',
      { StringEquals: { 'events:detail-type': 'access' } },
      { 'events:detail-type': 'Access' },
      false,
    ],
    [
      'StringEquals with one of several values',
      { StringEquals: { 'events:detail-type': ['a', 'b'] } },
      { 'events:detail-type': 'b' },
      true,
    ],
    [
      'StringEquals takes * as it is',
      { StringEquals: { 'events:detail-type': 'a*' } },
      { 'events:detail-type': 'ab' },
      false,
    ],
    ['StringEquals of a key that the request has not', { StringEquals: { 'events:detail-type': 'a' } }, {}, false],
    [
      'StringEqualsIfExists of a key that the request has not',
      { StringEqualsIfExists: { 'events:detail-type': 'a' } },
      {},
      true,
    ],
    [
      'StringEqualsIfExists of another value',
      { StringEqualsIfExists: { 'events:detail-type': 'a' } },
      { 'events:detail-type': 'b' },
      false,
    ],
    [
      'StringNotEquals of another value',
      { StringNotEquals: { 'events:detail-type': 'a' } },
      { 'events:detail-type': 'b' },
      true,
    ],
    [
      'StringNotEquals of one of its values',
      { StringNotEquals: { 'events:detail-type': ['a', 'b'] } },
      { 'events:detail-type': 'b' },
      false,
    ],
    ['StringNotEquals of a key that the request has not', { StringNotEquals: { 'events:detail-type': 'a' } }, {}, true],
    [
      'StringEqualsIgnoreCase',
      { StringEqualsIgnoreCase: { 'events:detail-type': 'A' } },
      { 'events:detail-type': 'a' },
      true,
    ],
    [
      'StringLike',
      { StringLike: { 'events:detail-type': 'Access *' } },
      { 'events:detail-type': 'Access Requested' },
      true,
    ],
    [
      'StringNotLike',
      { StringNotLike: { 'events:detail-type': 'Access *' } },
      { 'events:detail-type': 'Access Requested' },
      false,
    ],
    ['keys match whatever their case', { StringEquals: { 'AWS:principalaccount': SPOKE } }, {}, true],
    ['ArnLike of the role', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::*:role/Stew*` } }, {}, true],
    [
      'ArnEquals takes wildcards as ArnLike does',
      { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::*:role/*` } },
      {},
      true,
    ],
    ['ArnLike with a pattern of too few parts', { ArnLike: { 'aws:PrincipalArn': 'arn:*:role/Steward' } }, {}, false],
    [
      'ArnLike whose parts do not match, though the whole would',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:lambda:*:*:f' } },
      { 'aws:SourceArn': `arn:aws:lambda:us-east-1:${SPOKE}:function:f` },
      false,
    ],
    ['aws:PrincipalArn is the role, not the session', { ArnLike: { 'aws:PrincipalArn': SESSION } }, {}, false],
    [
      'aws:SourceArn',
      { ArnLike: { 'aws:SourceArn': `arn:aws:events:us-east-1:${SPOKE}:rule/*` } },
      { 'aws:SourceArn': `arn:aws:events:us-east-1:${SPOKE}:rule/r` },
      true,
    ],
    ['aws:SourceAccount', { StringEquals: { 'aws:SourceAccount': OUTSIDE } }, { 'aws:SourceAccount': SPOKE }, false],
    ['aws:PrincipalOrgID', { StringEquals: { 'aws:PrincipalOrgID': 'o-mesh' } }, {}, true],
    ['another aws:PrincipalOrgID', { StringEquals: { 'aws:PrincipalOrgID': 'o-other' } }, {}, false],
    ['Bool', { Bool: { 'events:eventBusInvocation': 'false' } }, { 'events:eventBusInvocation': 'false' }, true],
    [
      'Bool of the other value',
      { Bool: { 'events:eventBusInvocation': 'false' } },
      { 'events:eventBusInvocation': 'true' },
      false,
    ],
    ['Null true of a key that is not there', { Null: { 'events:source': 'true' } }, {}, true],
    ['Null false of a key that is not there', { Null: { 'events:source': 'false' } }, {}, false],
    ['Null false of an empty list', { Null: { 'events:source': 'false' } }, { 'events:source': [] }, false],
    ['NumericLessThan', { NumericLessThan: { 'sqs:Size': '10' } }, { 'sqs:Size': '9' }, true],
    [
      'NumericLessThan compares numbers, not text',
      { NumericLessThan: { 'sqs:Size': '10' } },
      { 'sqs:Size': '9.5' },
      true,
    ],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { 'sqs:Size': '10' } }, { 'sqs:Size': '9' }, false],
    [
      'ForAllValues where all are listed',
      { 'ForAllValues:StringEquals': { 'events:source': ['a', 'b'] } },
      { 'events:source': ['b', 'a'] },
      true,
    ],
    [
      'ForAllValues where one is not listed',
      { 'ForAllValues:StringEquals': { 'events:source': ['a', 'b'] } },
      { 'events:source': ['a', 'c'] },
      false,
    ],
    ['ForAllValues of a key that is not there', { 'ForAllValues:StringEquals': { 'events:source': 'a' } }, {}, true],
    [
      'ForAllValues with Null false of a key that is not there',
      { 'ForAllValues:StringEquals': { 'events:source': 'a' }, Null: { 'events:source': 'false' } },
      {},
      false,
    ],
    [
      'ForAnyValue where one is listed',
      { 'ForAnyValue:StringLike': { 'events:source': 'trellis.*' } },
      { 'events:source': ['x', 'trellis.access'] },
      true,
    ],
    ['ForAnyValue of a key that is not there', { 'ForAnyValue:StringEquals': { 'events:source': 'a' } }, {}, false],
    [
      'all operators and keys must be met',
      { StringEquals: { 'events:source': 'a', 'events:detail-type': 'x' } },
      { 'events:source': 'a', 'events:detail-type': 'y' },
      false,
    ],
  ];
  return rows.map(([name, condition, context, allowed]) => ({
    name,
    ...put,
    ...(context && { context }),
    identity: [PUT_ANY],
    resourceStatements: [letIn({ AWS: SPOKE }, condition)],
    allowed,
  }));
}

describe('policy evaluation', () => {
  it.each(CASES)(
    '$name: allowed $allowed',
    ({ caller, identity, action, resource, context, resourceStatements, allowed }) => {
      const iam = iamWith(identity ?? []);
      const access: Access = {
        action: action!,
        resource: resource!,
        ...(context && { context }),
        resourcePolicy: resourceStatements && { Statement: resourceStatements },
      };
      const ask = () => iam.authorize(caller ?? session, access);
      if (allowed) expect(ask).not.toThrow();
      else expect(ask).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
      expect(iam.recorded.all()).toEqual([{ principal: (caller ?? session).principal, action, resource, allowed }]);
    },
  );

  it('records the same access once', () => {
    const iam = iamWith([PUT_ANY]);
    for (let i = 0; i < 3; i++) iam.authorize(session, own);
    expect(iam.recorded.all()).toHaveLength(1);
  });
});

describe('refusals in the words of AWS', () => {
  it('names the caller, the action, the resource and the policy that does not allow it', () => {
    expect(() => iamWith([]).authorize(session, own)).toThrow(
      `User: ${SESSION} is not authorized to perform: events:PutEvents on resource: ${OWN_BUS} because no identity-based policy allows the events:PutEvents action`,
    );
    expect(() => iamWith([PUT_ANY]).authorize(session, put)).toThrow(
      `User: ${SESSION} is not authorized to perform: events:PutEvents on resource: ${BUS} because no resource-based policy allows the events:PutEvents action`,
    );
  });

  it('says when it was denied explicitly', () => {
    expect(() => iamWith([deny('*', '*')]).authorize(session, own)).toThrow(
      'with an explicit deny in an identity-based policy',
    );
    const access = { ...own, resourcePolicy: { Statement: { ...letIn('*', undefined, 'Deny'), Resource: '*' } } };
    expect(() => iamWith([PUT_ANY]).authorize(session, access)).toThrow(
      'with an explicit deny in a resource-based policy',
    );
  });
});
