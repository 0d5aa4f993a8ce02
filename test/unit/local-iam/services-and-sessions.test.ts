import { describe, expect, it } from 'vitest';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Call, type PolicyStatement, type Wire } from '../../../local/core/service.ts';
import { Iam } from '../../../local/iam/iam.ts';
import { Sessions } from '../../../local/iam/sessions.ts';
import { createSts } from '../../../local/iam/sts.ts';

const HUB = '111111111111';
const SPOKE = '222222222222';
const QUEUE = `arn:aws:sqs:us-east-1:${HUB}:events`;
const RULE = `arn:aws:events:us-east-1:${HUB}:rule/r`;
const BUS = `arn:aws:events:us-east-1:${HUB}:event-bus/trellis-local`;

function trust(Principal: NonNullable<PolicyStatement['Principal']>, Condition?: PolicyStatement['Condition']) {
  return {
    Statement: {
      Effect: 'Allow',
      Principal,
      Action: 'sts:AssumeRole',
      ...(Condition && { Condition }),
    } as PolicyStatement,
  };
}

function mesh() {
  const clock = new VirtualClock(new Activity());
  const iam = new Iam(() => 'o-mesh');
  const sessions = new Sessions(
    () => clock.now(),
    account => [HUB, SPOKE].includes(account),
  );
  return { clock, iam, sessions, ...createSts({ clock, iam, sessions }) };
}

type TestMesh = ReturnType<typeof mesh>;

function assume({ service }: TestMesh, call: Call, input: Wire): Wire {
  return service.operations.AssumeRole!.run({ RoleSessionName: 'anna', ...input }, call);
}

function role(
  parts: TestMesh,
  account: string,
  name: string,
  document: ReturnType<typeof trust>,
  allowed: string[] = [],
) {
  return parts.iam.roles.put(account, {
    RoleName: name,
    AssumeRolePolicyDocument: document,
    MaxSessionDuration: 7200,
    Policies: [
      {
        PolicyName: 'p',
        PolicyDocument: { Statement: allowed.map(Action => ({ Effect: 'Allow', Action, Resource: '*' })) },
      },
    ],
  });
}

/** A call of a session of the role. */
function sessionCall(parts: TestMesh, by: Call, roleArn: string): Call {
  const { Credentials } = assume(parts, by, { RoleArn: roleArn });
  return { caller: parts.sessions.callerOf(Credentials.AccessKeyId, Credentials.SessionToken), requestId: 'r' };
}

const denied = expect.objectContaining({ code: 'AccessDenied', status: 403 });

describe('AssumeRole', () => {
  it('gives keys that are the role session', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'Reader', trust({ AWS: SPOKE }));
    const answer = assume(parts, administrator(SPOKE), { RoleArn: arn });
    expect(answer.AssumedRoleUser.Arn).toBe(`arn:aws:sts::${HUB}:assumed-role/Reader/anna`);
    const { AccessKeyId, SessionToken, Expiration } = answer.Credentials;
    expect(parts.sessions.callerOf(AccessKeyId, SessionToken)).toEqual({
      account: HUB,
      arn: `arn:aws:sts::${HUB}:assumed-role/Reader/anna`,
      principal: `arn:aws:iam::${HUB}:role/Reader`,
      isAdministrator: false,
    });
    expect(Date.parse(Expiration)).toBeGreaterThan(parts.clock.now() + 3_590_000);
    expect(Date.parse(Expiration)).toBeLessThanOrEqual(parts.clock.now() + 3_600_000);
  });

  it('keeps a role path in the principal and out of the session', () => {
    const parts = mesh();
    const { arn } = parts.iam.roles.put(HUB, {
      RoleName: 'R',
      Path: '/a/b/',
      AssumeRolePolicyDocument: trust({ AWS: HUB }),
    });
    const { caller } = sessionCall(parts, administrator(HUB), arn);
    expect(caller).toMatchObject({
      arn: `arn:aws:sts::${HUB}:assumed-role/R/anna`,
      principal: `arn:aws:iam::${HUB}:role/a/b/R`,
    });
  });

  it('refuses a role that does not trust the caller, and one that does not exist, in the same words', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'Lambda', trust({ Service: 'lambda.amazonaws.com' }));
    for (const RoleArn of [arn, `arn:aws:iam::${HUB}:role/None`]) {
      expect(() => assume(parts, administrator(HUB), { RoleArn })).toThrow(denied);
      expect(() => assume(parts, administrator(HUB), { RoleArn })).toThrow(
        `User: arn:aws:iam::${HUB}:root is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
      );
    }
  });

  it('lets a role whose account is trusted assume only with its own permission', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'Reader', trust({ AWS: [HUB, SPOKE] }));
    const may = role(parts, SPOKE, 'May', trust({ AWS: SPOKE }), ['sts:AssumeRole']).arn;
    const mayNot = role(parts, SPOKE, 'MayNot', trust({ AWS: SPOKE })).arn;
    const neighbour = role(parts, HUB, 'Neighbour', trust({ AWS: HUB })).arn;
    expect(() => assume(parts, sessionCall(parts, administrator(SPOKE), may), { RoleArn: arn })).not.toThrow();
    expect(() => assume(parts, sessionCall(parts, administrator(SPOKE), mayNot), { RoleArn: arn })).toThrow(denied);
    expect(() => assume(parts, sessionCall(parts, administrator(HUB), neighbour), { RoleArn: arn })).toThrow(denied);
  });

  it('lets a role that is trusted by name assume without its own permission in its account only', () => {
    const parts = mesh();
    const neighbour = role(parts, HUB, 'Neighbour', trust({ AWS: HUB })).arn;
    const stranger = role(parts, SPOKE, 'Stranger', trust({ AWS: SPOKE })).arn;
    const { arn } = role(parts, HUB, 'Reader', trust({ AWS: [neighbour, stranger] }));
    expect(() => assume(parts, sessionCall(parts, administrator(HUB), neighbour), { RoleArn: arn })).not.toThrow();
    expect(() => assume(parts, sessionCall(parts, administrator(SPOKE), stranger), { RoleArn: arn })).toThrow(denied);
  });

  it('asks for the external id that the trust policy wants', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: SPOKE }, { StringEquals: { 'sts:ExternalId': 'trellis' } }));
    expect(() => assume(parts, administrator(SPOKE), { RoleArn: arn })).toThrow(denied);
    expect(() => assume(parts, administrator(SPOKE), { RoleArn: arn, ExternalId: 'other' })).toThrow(denied);
    expect(() => assume(parts, administrator(SPOKE), { RoleArn: arn, ExternalId: 'trellis' })).not.toThrow();
  });

  it.each([
    [{ DurationSeconds: '899' }, 'greater than or equal to 900'],
    [{ DurationSeconds: '7201' }, 'exceeds the MaxSessionDuration set for this role'],
    [{ DurationSeconds: 'long' }, 'durationSeconds'],
    [{ RoleSessionName: 'a b' }, 'roleSessionName'],
    [{ RoleSessionName: undefined }, 'roleSessionName'],
    [{ ExternalId: 'x' }, 'externalId'],
    [{ Policy: '{}' }, "AssumeRole's parameter Policy"],
  ])('refuses %o', (input, message) => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: SPOKE }));
    expect(() => assume(parts, administrator(SPOKE), { RoleArn: arn, ...input })).toThrow(message);
  });

  it('limits a session of a session to an hour', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: HUB }), ['sts:AssumeRole']);
    const chained = sessionCall(parts, administrator(HUB), arn);
    expect(() => assume(parts, chained, { RoleArn: arn, DurationSeconds: '3601' })).toThrow('role chaining');
    expect(() => assume(parts, chained, { RoleArn: arn, DurationSeconds: '3600' })).not.toThrow();
  });
});

describe('sessions', () => {
  it('refuses keys that are nobody and a wrong token', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: HUB }));
    const { Credentials } = assume(parts, administrator(HUB), { RoleArn: arn });
    const unknown = expect.objectContaining({ code: 'UnrecognizedClientException' });
    expect(() => parts.sessions.callerOf('999999999999', undefined)).toThrow(unknown);
    expect(() => parts.sessions.callerOf('AKIAEXAMPLE', undefined)).toThrow(unknown);
    expect(() => parts.sessions.callerOf(Credentials.AccessKeyId, undefined)).toThrow(unknown);
    expect(() => parts.sessions.callerOf(Credentials.AccessKeyId, 'wrong')).toThrow(unknown);
    expect(parts.sessions.callerOf(SPOKE, undefined)).toMatchObject({ account: SPOKE, isAdministrator: true });
  });

  it('end when the virtual clock says so, but those of functions do not', async () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: HUB, Service: 'lambda.amazonaws.com' }));
    const { Credentials } = assume(parts, administrator(HUB), { RoleArn: arn, DurationSeconds: '900' });
    const keys = parts.credentialsFor(arn, 'sync-table');
    await parts.clock.advance(901);
    expect(() => parts.sessions.callerOf(Credentials.AccessKeyId, Credentials.SessionToken)).toThrow(
      expect.objectContaining({ code: 'ExpiredTokenException' }),
    );
    expect(parts.sessions.callerOf(keys.accessKeyId, keys.sessionToken).arn).toBe(
      `arn:aws:sts::${HUB}:assumed-role/R/sync-table`,
    );
  });

  it('are forgotten some time after their end, while live ones stay', async () => {
    const parts = mesh();
    const live = parts.sessions.open(administrator(HUB).caller, Number.POSITIVE_INFINITY);
    const ended = parts.sessions.open(administrator(HUB).caller, parts.clock.now() - 1);
    for (let i = 0; i < 1000; i++) parts.sessions.open(administrator(HUB).caller, parts.clock.now() - 1);
    expect(() => parts.sessions.callerOf(live.accessKeyId, live.sessionToken)).not.toThrow();
    expect(() => parts.sessions.callerOf(ended.accessKeyId, ended.sessionToken)).toThrow(
      expect.objectContaining({ code: 'UnrecognizedClientException' }),
    );
  });

  it('are not given for a function whose role does not trust Lambda', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ Service: 'states.amazonaws.com' }));
    expect(() => parts.credentialsFor(arn, 'f')).toThrow(
      'lambda.amazonaws.com is not authorized to perform: sts:AssumeRole',
    );
  });
});

describe('AWS services', () => {
  const send = (Condition?: PolicyStatement['Condition']) => ({
    action: 'sqs:SendMessage',
    resource: QUEUE,
    context: { 'aws:SourceArn': RULE, 'aws:SourceAccount': HUB },
    resourcePolicy: {
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QUEUE,
        ...(Condition && { Condition }),
      } as PolicyStatement,
    },
  });

  it('need the resource policy, with its conditions', () => {
    const { iam } = mesh();
    expect(() => iam.requireServicePrincipal('events.amazonaws.com', send())).not.toThrow();
    expect(() =>
      iam.requireServicePrincipal('events.amazonaws.com', send({ ArnEquals: { 'aws:SourceArn': RULE } })),
    ).not.toThrow();
    expect(() =>
      iam.requireServicePrincipal('events.amazonaws.com', send({ ArnEquals: { 'aws:SourceArn': `${RULE}2` } })),
    ).toThrow('events.amazonaws.com is not authorized to perform: sqs:SendMessage');
    expect(() => iam.requireServicePrincipal('sns.amazonaws.com', send())).toThrow(
      'sns.amazonaws.com is not authorized',
    );
    expect(() =>
      iam.requireServicePrincipal('events.amazonaws.com', { action: 'sqs:SendMessage', resource: QUEUE }),
    ).toThrow();
  });

  it('need a role that trusts them and allows the action', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ Service: 'events.amazonaws.com' }), ['states:StartExecution']);
    const access = { action: 'states:StartExecution', resource: `arn:aws:states:us-east-1:${HUB}:stateMachine:m` };
    expect(() => parts.iam.requireRoleOf('events.amazonaws.com')(arn, access)).not.toThrow();
    expect(() => parts.iam.requireRoleOf('states.amazonaws.com')(arn, access)).toThrow('sts:AssumeRole');
    expect(() =>
      parts.iam.requireRoleOf('events.amazonaws.com')(arn, { ...access, action: 'states:StopExecution' }),
    ).toThrow('states:StopExecution');
    expect(() => parts.iam.requireRole(`${arn}2`, access)).toThrow('does not exist');
  });

  it('forward events where the bus policy lets the account, its rules or its role', () => {
    const { iam } = mesh();
    const put = (Condition?: PolicyStatement['Condition'], context = {}) => ({
      action: 'events:PutEvents',
      resource: BUS,
      context,
      resourcePolicy: {
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: SPOKE },
          Action: '*',
          Resource: '*',
          ...(Condition && { Condition }),
        } as PolicyStatement,
      },
    });
    const directOnly = { Bool: { 'events:eventBusInvocation': 'false' } };
    expect(iam.mayPutEvents(put(), SPOKE, true)).toBe(true);
    expect(iam.mayPutEvents(put(), HUB, true)).toBe(false);
    expect(iam.mayPutEvents(put(directOnly), SPOKE, true)).toBe(false);
    expect(iam.mayPutEvents(put(directOnly), SPOKE, false)).toBe(true);
    const role = `arn:aws:iam::${SPOKE}:role/forward`;
    const byRole = { ArnEquals: { 'aws:PrincipalArn': role } };
    expect(iam.mayPutEvents(put(byRole, { 'aws:PrincipalArn': role }), SPOKE, true)).toBe(true);
    expect(iam.mayPutEvents(put(byRole), SPOKE, true)).toBe(false);
  });
});

describe('GetCallerIdentity', () => {
  it('says who calls, without any permission', () => {
    const parts = mesh();
    const { arn } = role(parts, HUB, 'R', trust({ AWS: HUB }));
    const { access, run } = parts.service.operations.GetCallerIdentity!;
    const session = sessionCall(parts, administrator(HUB), arn);
    expect(access({}, session)).toEqual([]);
    expect(run({}, administrator(SPOKE))).toEqual({ UserId: SPOKE, Account: SPOKE, Arn: `arn:aws:iam::${SPOKE}:root` });
    expect(run({}, session)).toMatchObject({
      UserId: expect.stringMatching(/^AROA\w{17}:anna$/),
      Account: HUB,
      Arn: `arn:aws:sts::${HUB}:assumed-role/R/anna`,
    });
  });
});
