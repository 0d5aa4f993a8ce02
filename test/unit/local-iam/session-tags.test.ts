import { describe, expect, it } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import type { Caller, PolicyStatement, Wire } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';
import { Sessions } from '../../../local/iam/sessions.ts';
import { createSts } from '../../../local/iam/sts.ts';

const HUB = '111111111111';
const SPOKE = '222222222222';
const OTHER = '333333333333';
const READER = `arn:aws:iam::${HUB}:role/reader`;
const TABLE = `arn:aws:dynamodb:us-east-1:${HUB}:table/t`;
const BOTH = ['sts:AssumeRole', 'sts:TagSession'];
const OWN_ACCOUNT = { StringEquals: { 'aws:RequestTag/account': '${aws:PrincipalAccount}' } };

const allow = (Action: string | string[], Resource: string, Condition?: PolicyStatement['Condition']) =>
  ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) }) satisfies PolicyStatement;

/** A hub's role `reader` and a role of each of two other accounts that may assume it. */
function mesh(
  parts: {
    trustActions?: string[];
    trustCondition?: PolicyStatement['Condition'];
    callerActions?: string[];
    reader?: PolicyStatement;
  } = {},
) {
  const clock = new VirtualClock(new Activity());
  const iam = new Iam(() => 'o-mesh');
  const sessions = new Sessions(
    () => clock.now(),
    account => [HUB, SPOKE, OTHER].includes(account),
  );
  const { service } = createSts({ clock, iam, sessions });
  iam.roles.put(HUB, {
    RoleName: 'reader',
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: [SPOKE, OTHER] },
        Action: parts.trustActions ?? BOTH,
        Condition: parts.trustCondition ?? OWN_ACCOUNT,
      },
    },
    Policies: [
      {
        PolicyName: 'p',
        PolicyDocument: { Version: '2012-10-17', Statement: parts.reader ?? allow('dynamodb:Query', TABLE) },
      },
    ],
  });
  const callerOf = (account: string): Caller => {
    const { arn } = iam.roles.put(account, {
      RoleName: 'function',
      AssumeRolePolicyDocument: {
        Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      },
      Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: allow(parts.callerActions ?? BOTH, READER) } }],
    });
    return { account, arn: `${arn}/s`, principal: arn, isAdministrator: false };
  };
  const assume = (account: string, Tags?: Wire, more: Wire = {}): Caller => {
    const input = { RoleArn: READER, RoleSessionName: 'function', ...(Tags && { Tags }), ...more };
    const answer = service.operations.AssumeRole!.run(input, { caller: callerOf(account), requestId: 'r' }) as Wire;
    return sessions.callerOf(answer.Credentials.AccessKeyId, answer.Credentials.SessionToken);
  };
  const may = (caller: Caller, resource: string, context: Record<string, string | string[]> = {}) => {
    try {
      iam.authorize(caller, { action: 'dynamodb:Query', resource, context });
      return true;
    } catch {
      return false;
    }
  };
  return { iam, assume, may };
}

const account = (Value: string) => [{ Key: 'account', Value }];

describe('session tags', () => {
  it('open a session when the trust policy finds the caller’s own account in them', () => {
    const { assume, iam } = mesh();
    expect(assume(SPOKE, account(SPOKE)).sessionTags).toEqual({ account: SPOKE });
    expect(assume(OTHER, account(OTHER)).sessionTags).toEqual({ account: OTHER });
    expect(iam.recorded.all()).toContainEqual({
      principal: `arn:aws:iam::${SPOKE}:role/function`,
      action: 'sts:TagSession',
      resource: READER,
      allowed: true,
    });
  });

  it.each([
    ['another account', account(OTHER)],
    ['nothing', undefined],
    ['another key', [{ Key: 'tenant', Value: SPOKE }]],
  ])('are refused with %s where the trust policy asks for the caller’s account', (_what, tags) => {
    expect(() => mesh().assume(SPOKE, tags)).toThrow(/not authorized to perform: sts:AssumeRole/);
  });

  it('need sts:TagSession in the trust policy, and in the caller’s own policies', () => {
    const anything = { Null: { 'sts:RoleSessionName': 'false' } };
    const trusting = (actions: string[], own: string[]) =>
      mesh({ trustActions: actions, trustCondition: anything, callerActions: own });
    expect(() => trusting(['sts:AssumeRole'], BOTH).assume(SPOKE, account(SPOKE))).toThrow(/sts:TagSession/);
    expect(() => trusting(BOTH, ['sts:AssumeRole']).assume(SPOKE, account(SPOKE))).toThrow(/sts:TagSession/);
    expect(trusting(['sts:AssumeRole'], ['sts:AssumeRole']).assume(SPOKE).sessionTags).toBeUndefined();
  });

  it('can be limited to certain keys', () => {
    const only = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['account'] } };
    const { assume } = mesh({ trustCondition: only });
    expect(assume(SPOKE, account(SPOKE)).account).toBe(HUB);
    expect(() => assume(SPOKE, [...account(SPOKE), { Key: 'more', Value: 'x' }])).toThrow(/not authorized/);
  });

  it.each([
    ['the same key twice', [...account('a'), { Key: 'Account', Value: 'b' }], 'InvalidParameterValue'],
    ['a key that is reserved', [{ Key: 'aws:account', Value: 'b' }], 'InvalidParameterValue'],
    ['a wildcard for a value', account('*'), 'ValidationError'],
    ['no value', [{ Key: 'account' }], 'ValidationError'],
    ['51 of them', Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: 'v' })), 'ValidationError'],
  ])('are refused with %s', (_what, tags, code) => {
    expect(() => mesh().assume(SPOKE, tags)).toThrow(expect.objectContaining({ code }));
  });

  it('cannot be made transitive here', () => {
    expect(() => mesh().assume(SPOKE, account(SPOKE), { TransitiveTagKeys: ['account'] })).toThrow(/TransitiveTagKeys/);
  });
});

describe('policy variables', () => {
  it('limit a tagged session to its account’s items', () => {
    const leading = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['${aws:PrincipalTag/account}'] } };
    const { assume, may } = mesh({ reader: allow('dynamodb:Query', TABLE, leading) });
    const session = assume(SPOKE, account(SPOKE));
    expect(may(session, TABLE, { 'dynamodb:LeadingKeys': [SPOKE] })).toBe(true);
    expect(may(session, TABLE, { 'dynamodb:LeadingKeys': [OTHER] })).toBe(false);
    expect(may(session, TABLE, { 'dynamodb:LeadingKeys': [SPOKE, OTHER] })).toBe(false);
  });

  it('stand in resources, among other text and whatever the case of their names', () => {
    const { assume, may } = mesh({ reader: allow('dynamodb:Query', `${TABLE}-\${aws:principaltag/Account}-*`) });
    const session = assume(SPOKE, account(SPOKE));
    expect(may(session, `${TABLE}-${SPOKE}-x`)).toBe(true);
    expect(may(session, `${TABLE}-${OTHER}-x`)).toBe(false);
  });

  it('have the role’s ARN for aws:PrincipalArn', () => {
    const own = { ArnEquals: { 'dynamodb:x': '${aws:PrincipalArn}' } };
    const { assume, may } = mesh({ reader: allow('dynamodb:Query', '*', own) });
    const session = assume(SPOKE, account(SPOKE));
    expect(may(session, TABLE, { 'dynamodb:x': READER })).toBe(true);
    expect(may(session, TABLE, { 'dynamodb:x': session.arn })).toBe(false);
  });

  it.each([
    [
      'a condition',
      allow('dynamodb:Query', TABLE, { StringEquals: { 'dynamodb:x': ['a', '${aws:PrincipalTag/no}'] } }),
    ],
    [
      'a negated condition',
      allow('dynamodb:Query', TABLE, { StringNotEquals: { 'dynamodb:x': '${aws:PrincipalTag/no}' } }),
    ],
    ['a resource', allow('dynamodb:Query', `${TABLE}\${aws:PrincipalTag/no}*`)],
    ['a NotResource', { Effect: 'Allow' as const, Action: 'dynamodb:Query', NotResource: 'x${aws:PrincipalTag/no}' }],
  ])('without a value keep the statement from matching, in %s', (_where, reader) => {
    const { assume, may } = mesh({ reader });
    expect(may(assume(SPOKE, account(SPOKE)), TABLE, { 'dynamodb:x': 'a' })).toBe(false);
    // With the tag, the same statement matches.
    expect(may(assume(SPOKE, [...account(SPOKE), { Key: 'no', Value: '' }]), TABLE, { 'dynamodb:x': 'a' })).toBe(true);
  });

  it('need no value where …IfExists finds no key', () => {
    const reader = allow('dynamodb:Query', TABLE, { StringEqualsIfExists: { 'dynamodb:x': '${aws:PrincipalTag/no}' } });
    const { assume, may } = mesh({ reader });
    const session = assume(SPOKE, account(SPOKE));
    expect(may(session, TABLE)).toBe(true);
    expect(may(session, TABLE, { 'dynamodb:x': 'a' })).toBe(false);
  });

  it('compare with a session’s tags, which an untagged principal has not', () => {
    const tagged = { StringEquals: { 'aws:PrincipalTag/ACCOUNT': SPOKE } };
    const { assume, may } = mesh({ reader: allow('dynamodb:Query', TABLE, tagged) });
    const session = assume(SPOKE, account(SPOKE));
    expect(may(session, TABLE)).toBe(true);
    const { sessionTags: _, ...untagged } = session;
    expect(may(untagged, TABLE)).toBe(false);
  });
});
