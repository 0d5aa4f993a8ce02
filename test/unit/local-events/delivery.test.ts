import { beforeEach, describe, expect, it } from 'vitest';
import { AwsError, notInLocalMesh } from '../../../local/core/aws-error.ts';
import { busArn, type EventBridgeFixture, HUB, OTHER, queue, SPOKE, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
beforeEach(() => {
  bridge = startEventBridge();
});

const DEAD = { DeadLetterConfig: { Arn: queue('dead') } };
const unavailable = () => new AwsError('ServiceUnavailable', 'down', { status: 503 });

describe('a target that fails', () => {
  const attempts: number[] = [];
  const failing = (error: () => unknown, times = Number.POSITIVE_INFINITY) => {
    attempts.length = 0;
    bridge.answers.deliver = () => {
      attempts.push(bridge.clock.now());
      if (attempts.length <= times) throw error();
    };
  };

  it('is tried again after doubling waits until it takes the event', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q'), ...DEAD });
    failing(unavailable, 3);
    await bridge.put({});
    await bridge.clock.advance(60);
    expect(attempts).toHaveLength(4);
    const waits = attempts.slice(1).map((at, index) => Math.round((at - attempts[index]!) / 1000));
    expect(waits).toEqual([1, 2, 4]);
    expect(bridge.delivered).toHaveLength(1);
    expect(bridge.deadLetters).toEqual([]);
  });

  it('does not count as activity while it waits', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q') });
    failing(unavailable);
    await bridge.put({});
    expect(bridge.activity.labels()).toEqual([]);
    expect(attempts).toHaveLength(1);
  });

  it('loses the event to the dead-letter queue after the retries that it may have', async () => {
    const rule = bridge.rule(
      'r',
      { source: ['test'] },
      { Arn: queue('q'), ...DEAD, RetryPolicy: { MaximumRetryAttempts: 2 } },
    );
    failing(unavailable);
    const { EventId } = await bridge.put({});
    await bridge.clock.advance(60);
    expect(attempts).toHaveLength(3);
    expect(bridge.deadLetters).toMatchObject([
      {
        queue: queue('dead'),
        attributes: {
          RULE_ARN: rule,
          TARGET_ARN: queue('q'),
          ERROR_CODE: 'ERROR_FROM_TARGET',
          ERROR_MESSAGE: 'down',
          EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
          RETRY_ATTEMPTS: '2',
        },
      },
    ]);
    expect(JSON.parse(bridge.deadLetters[0]!.body)).toMatchObject({ id: EventId, source: 'test' });
  });

  it('loses it at the age that it may have, by default a day', async () => {
    bridge.rule(
      'short',
      { source: ['test'] },
      { Arn: queue('q'), ...DEAD, RetryPolicy: { MaximumEventAgeInSeconds: 60 } },
    );
    failing(unavailable);
    const put = bridge.clock.now();
    await bridge.put({});
    await bridge.clock.advance(59);
    expect(bridge.deadLetters).toEqual([]);
    await bridge.clock.advance(2);
    expect(bridge.deadLetters).toMatchObject([
      { attributes: { EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds', RETRY_ATTEMPTS: '5' } },
    ]);
    expect(Math.round((bridge.deadLetters[0]!.at - put) / 1000)).toBe(60);
  });

  it('is tried 185 times more within a day by default', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q'), ...DEAD });
    failing(unavailable);
    await bridge.put({});
    await bridge.clock.advance(86_400);
    expect(attempts).toHaveLength(186);
    expect(bridge.deadLetters).toMatchObject([
      { attributes: { EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts', RETRY_ATTEMPTS: '185' } },
    ]);
  });

  it.each([
    ['no permission', () => new AwsError('AccessDeniedException', 'no', { status: 403 }), 'NO_PERMISSIONS'],
    [
      'a role that cannot be assumed',
      () => new AwsError('FAILED_TO_ASSUME_ROLE', 'no', { status: 403 }),
      'FAILED_TO_ASSUME_ROLE',
    ],
    ['a missing queue', () => new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'no'), 'NO_RESOURCE'],
    ['a missing function', () => new AwsError('ResourceNotFoundException', 'no', { status: 404 }), 'NO_RESOURCE'],
    ['a missing state machine', () => new AwsError('StateMachineDoesNotExist', 'no'), 'NO_RESOURCE'],
    ['an invalid request', () => new AwsError('InvalidParameterValueException', 'no'), 'INVALID_PARAMETER'],
    ['what the mesh has not', () => notInLocalMesh('Kinesis'), 'INVALID_PARAMETER'],
  ])('is not tried again for %s', async (_name, error, ERROR_CODE) => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q'), ...DEAD });
    failing(error);
    await bridge.put({});
    expect(bridge.deadLetters).toHaveLength(1);
    expect(bridge.deadLetters[0]!.attributes).toMatchObject({ ERROR_CODE, RETRY_ATTEMPTS: '0' });
    expect(bridge.deadLetters[0]!.attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
    await bridge.clock.advance(3600);
    expect(attempts).toHaveLength(1);
  });

  it.each([
    ['throttling', () => new AwsError('ThrottlingException', 'slow')],
    ['too many requests', () => new AwsError('TooManyRequestsException', 'slow', { status: 429 })],
    ['what is no answer of AWS', () => new Error('socket hang up')],
  ])('is tried again for %s', async (_name, error) => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q'), ...DEAD });
    failing(error, 1);
    await bridge.put({});
    await bridge.clock.advance(2);
    expect(bridge.delivered).toHaveLength(1);
  });

  it('does not keep the event from other targets', async () => {
    bridge.rule('bad', { source: ['test'] }, { Arn: queue('bad') });
    bridge.rule('good', { source: ['test'] }, { Arn: queue('good') });
    bridge.answers.deliver = targetArn => {
      if (targetArn === queue('bad')) throw new AwsError('AccessDeniedException', 'no');
    };
    await bridge.put({});
    expect(bridge.delivered.map(({ targetArn }) => targetArn)).toEqual([queue('good')]);
    expect(bridge.deadLetters).toEqual([]);
  });

  it('drops the event when the dead-letter queue refuses it too', async () => {
    bridge.rule('r', { source: ['test'] }, { Arn: queue('q'), ...DEAD });
    failing(() => new AwsError('AccessDeniedException', 'no'));
    bridge.answers.sendToQueue = () => {
      throw new AwsError('AccessDeniedException', 'no');
    };
    await bridge.put({});
    expect(bridge.deadLetters).toEqual([]);
    expect(bridge.activity.labels()).toEqual([]);
  });
});

describe('a bus as target', () => {
  const ROLE = `arn:aws:iam::${SPOKE}:role/forward`;
  const forward = (target = {}) =>
    bridge.rule(
      'forward',
      { source: [{ prefix: '' }] },
      { Arn: busArn('hub'), ...DEAD, ...target },
      { account: SPOKE },
    );
  beforeEach(() => {
    bridge.call('CreateEventBus', { Name: 'hub' });
    bridge.rule('inbox', { source: [{ prefix: '' }] }, { Arn: queue('inbox') }, { bus: 'hub' });
  });

  it('in another account gets the event with its source, type, time and account of origin', async () => {
    bridge.allow('hub', SPOKE);
    forward();
    const { EventId } = await bridge.put({ Source: 'trellis.access', DetailType: 'T', Time: 1_700_000_000 }, SPOKE);
    expect(bridge.delivered).toHaveLength(1);
    expect(bridge.delivered[0]).toMatchObject({ targetArn: queue('inbox'), ruleAccount: HUB });
    expect(bridge.delivered[0]!.event).toMatchObject({
      id: EventId,
      source: 'trellis.access',
      'detail-type': 'T',
      time: '2023-11-14T22:13:20Z',
      account: SPOKE,
    });
  });

  it('in another account gets native events', async () => {
    bridge.allow('hub', SPOKE);
    forward();
    bridge.emitNative(SPOKE, { source: 'aws.glue', 'detail-type': 'T', detail: {} });
    await bridge.activity.idle();
    expect(bridge.delivered[0]!.event).toMatchObject({ source: 'aws.glue', account: SPOKE });
  });

  it('is asked whether its policy lets the rule’s account, and for what', async () => {
    bridge.allow('hub', SPOKE);
    const rule = forward({ RoleArn: ROLE });
    await bridge.put({ Source: 's', DetailType: 'T' }, SPOKE);
    const access = {
      action: 'events:PutEvents',
      resource: busArn('hub'),
      context: {
        'events:source': ['s'],
        'events:detail-type': 'T',
        'events:eventBusInvocation': 'true',
        'aws:SourceArn': rule,
        'aws:PrincipalArn': ROLE,
      },
      resourcePolicy: expect.objectContaining({ Version: '2012-10-17' }),
    };
    expect(bridge.asked).toEqual([{ access, callerAccount: SPOKE, viaRule: true }]);
    expect(bridge.roleCalls).toEqual([{ roleArn: ROLE, access }]);
  });

  it('that does not allow the account sends the event to the dead letters at once', async () => {
    forward();
    await bridge.put({}, SPOKE);
    expect(bridge.delivered).toEqual([]);
    expect(bridge.deadLetters).toMatchObject([
      { attributes: { ERROR_CODE: 'NO_PERMISSIONS', TARGET_ARN: busArn('hub'), RETRY_ATTEMPTS: '0' } },
    ]);
  });

  it('gets nothing when the target’s role may not', async () => {
    bridge.allow('hub', SPOKE);
    bridge.answers.requireRole = () => {
      throw new AwsError('AccessDeniedException', 'the role may not');
    };
    forward({ RoleArn: ROLE });
    await bridge.put({}, SPOKE);
    expect(bridge.delivered).toEqual([]);
    expect(bridge.deadLetters).toMatchObject([{ attributes: { ERROR_MESSAGE: 'the role may not' } }]);
  });

  it('that does not exist is a missing resource', async () => {
    forward({ Arn: busArn('gone') });
    await bridge.put({}, SPOKE);
    expect(bridge.deadLetters).toMatchObject([{ attributes: { ERROR_CODE: 'NO_RESOURCE' } }]);
  });

  it('in the same account needs the role or the policy, not both', async () => {
    bridge.rule('home', { source: [{ prefix: '' }] }, { Arn: busArn('hub'), ...DEAD });
    await bridge.put({});
    expect(bridge.deadLetters).toMatchObject([{ attributes: { ERROR_CODE: 'NO_PERMISSIONS' } }]);
    bridge.rule('home', { source: [{ prefix: '' }] }, { Arn: busArn('hub'), RoleArn: `arn:aws:iam::${HUB}:role/r` });
    await bridge.put({});
    expect(bridge.delivered).toHaveLength(1);
  });

  it('does not forward again what was forwarded to it', async () => {
    bridge.allow('hub', SPOKE);
    bridge.allow('default', HUB, OTHER);
    forward();
    bridge.rule('onward', { source: [{ prefix: '' }] }, { Arn: busArn('default', OTHER), ...DEAD }, { bus: 'hub' });
    bridge.rule('end', { source: [{ prefix: '' }] }, { Arn: queue('end', OTHER) }, { account: OTHER });
    await bridge.put({}, SPOKE);
    expect(bridge.delivered.map(({ targetArn }) => targetArn)).toEqual([queue('inbox')]);
    expect(bridge.deadLetters).toMatchObject([{ attributes: { ERROR_CODE: 'THIRD_ACCOUNT_HOP_DETECTED' } }]);
    // The hub's own events do go on.
    await bridge.put({ EventBusName: 'hub' });
    expect(bridge.delivered.map(({ targetArn }) => targetArn)).toContain(queue('end', OTHER));
  });

  it('that is its own target does not loop', async () => {
    bridge.allow('hub', HUB);
    bridge.rule('loop', { source: [{ prefix: '' }] }, { Arn: busArn('hub') }, { bus: 'hub' });
    await bridge.put({ EventBusName: 'hub' });
    expect(bridge.delivered).toHaveLength(2);
  });
});
