import { beforeEach, describe, expect, it } from 'vitest';
import { busArn, type EventBridgeFixture, HUB, queue, SPOKE, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
beforeEach(() => {
  bridge = startEventBridge();
});

describe('event buses', () => {
  it('are made, described, listed and deleted; default is always there', () => {
    expect(bridge.call('CreateEventBus', { Name: 'orders', Description: 'd' })).toEqual({
      EventBusArn: busArn('orders'),
      Description: 'd',
    });
    expect(bridge.call('DescribeEventBus', { Name: 'orders' })).toMatchObject({
      Name: 'orders',
      Arn: busArn('orders'),
      CreationTime: expect.any(Number),
    });
    expect(bridge.call('DescribeEventBus')).toMatchObject({ Name: 'default' });
    const names = (input = {}, account = HUB) =>
      bridge.call('ListEventBuses', input, account).EventBuses.map((bus: { Name: string }) => bus.Name);
    expect(names()).toEqual(['default', 'orders']);
    expect(names({ NamePrefix: 'ord' })).toEqual(['orders']);
    expect(names({}, SPOKE)).toEqual(['default']);
    bridge.call('DeleteEventBus', { Name: 'orders' });
    bridge.call('DeleteEventBus', { Name: 'orders' });
    expect(names()).toEqual(['default']);
  });

  it('are listed page by page', () => {
    for (const name of ['a', 'b', 'c']) bridge.call('CreateEventBus', { Name: name });
    const first = bridge.call('ListEventBuses', { Limit: 2 });
    expect(first.EventBuses.map((bus: { Name: string }) => bus.Name)).toEqual(['a', 'b']);
    bridge.call('DeleteEventBus', { Name: 'b' });
    const second = bridge.call('ListEventBuses', { Limit: 2, NextToken: first.NextToken });
    expect(second.EventBuses.map((bus: { Name: string }) => bus.Name)).toEqual(['c', 'default']);
    expect(second.NextToken).toBeUndefined();
    expect(bridge.refusal('ListEventBuses', { NextToken: 'bad' }).code).toBe('ValidationException');
    expect(bridge.refusal('ListEventBuses', { Limit: 0 }).code).toBe('ValidationException');
    expect(bridge.refusal('ListEventBuses', { Limit: 101 }).code).toBe('ValidationException');
  });

  it.each([
    ['CreateEventBus', { Name: 'default' }, 'ResourceAlreadyExistsException', 'Event bus default already exists.'],
    ['CreateEventBus', { Name: 'a b' }, 'ValidationException', /regular expression pattern: \[\/\.\\-_A-Za-z0-9\]\+$/],
    ['CreateEventBus', { Name: 'x'.repeat(257) }, 'ValidationException', /less than or equal to 256/],
    ['CreateEventBus', {}, 'ValidationException', /must not be null/i],
    ['CreateEventBus', { Name: 'aws.partner/x' }, 'ValidationException', /must not contain/],
    ['CreateEventBus', { Name: 'x', KmsKeyIdentifier: 'k' }, 'NotImplementedInLocalMesh', /KmsKeyIdentifier/],
    ['DescribeEventBus', { Name: 'none' }, 'ResourceNotFoundException', 'Event bus none does not exist.'],
    ['DeleteEventBus', { Name: 'default' }, 'ValidationException', 'Cannot delete event bus default.'],
  ])('%s %j is refused', (operation, input, code, message) => {
    const refusal = bridge.refusal(operation, input);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(message);
  });

  it('are not deleted while they have rules', () => {
    bridge.call('CreateEventBus', { Name: 'orders' });
    bridge.rule('r', { source: ['s'] }, { Arn: queue('q') }, { bus: 'orders' });
    expect(bridge.refusal('DeleteEventBus', { Name: 'orders' }).code).toBe('ValidationException');
  });

  it('number a hundred at most', () => {
    for (let at = 0; at < 99; at++) bridge.call('CreateEventBus', { Name: `bus${at}` });
    expect(bridge.refusal('CreateEventBus', { Name: 'more' }).code).toBe('LimitExceededException');
  });
});

describe('TestEventPattern', () => {
  const event = {
    id: '1',
    account: HUB,
    source: 's',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    'detail-type': 'T',
  };
  const pattern = JSON.stringify({ source: ['s'] });

  it('says whether the pattern matches', () => {
    expect(bridge.call('TestEventPattern', { EventPattern: pattern, Event: JSON.stringify(event) })).toEqual({
      Result: true,
    });
    const other = JSON.stringify({ ...event, source: 'x' });
    expect(bridge.call('TestEventPattern', { EventPattern: pattern, Event: other })).toEqual({ Result: false });
  });

  it('refuses an invalid pattern and an event without its envelope', () => {
    const refusal = bridge.refusal('TestEventPattern', {
      EventPattern: '{"source":"s"}',
      Event: JSON.stringify(event),
    });
    expect(refusal.code).toBe('InvalidEventPatternException');
    for (const Event of ['{}', '[]', 'x', JSON.stringify({ ...event, id: undefined })]) {
      expect(bridge.refusal('TestEventPattern', { EventPattern: pattern, Event }).message).toBe(
        'Parameter Event is not valid.',
      );
    }
  });
});

describe('the policy of a bus', () => {
  const policy = () => {
    const text = bridge.call('DescribeEventBus').Policy;
    return text && JSON.parse(text);
  };
  const permission = { Action: 'events:PutEvents', Principal: SPOKE, StatementId: 'spoke' };

  it('grows by a statement, which the same id replaces', () => {
    bridge.call('PutPermission', permission);
    bridge.call('PutPermission', { ...permission, StatementId: 'all', Principal: '*' });
    bridge.call('PutPermission', {
      ...permission,
      Condition: { Type: 'StringEquals', Key: 'aws:PrincipalOrgID', Value: 'o-1' },
    });
    expect(policy()).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'all', Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: busArn('default') },
        {
          Sid: 'spoke',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${SPOKE}:root` },
          Action: 'events:PutEvents',
          Resource: busArn('default'),
          Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
        },
      ],
    });
  });

  it('is replaced as a whole', () => {
    bridge.call('PutPermission', permission);
    const statement = {
      Sid: 'a',
      Effect: 'Allow',
      Principal: { AWS: SPOKE },
      Action: 'events:*',
      Resource: busArn('default'),
    };
    bridge.call('PutPermission', { Policy: JSON.stringify({ Version: '2012-10-17', Statement: statement }) });
    expect(policy()).toEqual({ Version: '2012-10-17', Statement: [statement] });
  });

  it('loses a statement, or all', () => {
    bridge.call('PutPermission', permission);
    bridge.call('PutPermission', { ...permission, StatementId: 'two' });
    bridge.call('RemovePermission', { StatementId: 'spoke' });
    expect(policy().Statement).toHaveLength(1);
    bridge.call('RemovePermission', { RemoveAllPermissions: true });
    expect(policy()).toBeUndefined();
  });

  it.each([
    ['PutPermission', { ...permission, EventBusName: 'none' }, 'ResourceNotFoundException'],
    ['PutPermission', { ...permission, Action: 'events:PutRule' }, 'ValidationException'],
    ['PutPermission', { ...permission, Principal: 'someone' }, 'ValidationException'],
    ['PutPermission', { ...permission, StatementId: undefined }, 'ValidationException'],
    [
      'PutPermission',
      { ...permission, Condition: { Type: 'StringLike', Key: 'x', Value: 'y' } },
      'ValidationException',
    ],
    ['PutPermission', { Policy: '{' }, 'ValidationException'],
    ['PutPermission', { Policy: '{}' }, 'ValidationException'],
    [
      'PutPermission',
      { Policy: '{"Statement":[{"Effect":"Allow","Action":"events:PutEvents"}]}' },
      'ValidationException',
    ],
    ['PutPermission', { ...permission, Policy: '{}' }, 'ValidationException'],
    ['RemovePermission', { StatementId: 'x' }, 'ResourceNotFoundException'],
    ['RemovePermission', {}, 'ValidationException'],
  ])('%s %j is refused', (operation, input, code) => {
    expect(bridge.refusal(operation, input).code).toBe(code);
  });

  it('has at most 10,240 characters', () => {
    const statement = { Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: 'x'.repeat(10_240) };
    const refusal = bridge.refusal('PutPermission', { Policy: JSON.stringify({ Statement: [statement] }) });
    expect(refusal.code).toBe('PolicyLengthExceededException');
    expect(policy()).toBeUndefined();
  });
});
