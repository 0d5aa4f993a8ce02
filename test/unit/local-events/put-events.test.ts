import { beforeEach, describe, expect, it } from 'vitest';
import { busArn, type EventBridgeFixture, HUB, queue, SPOKE, startEventBridge } from './fixture.ts';

let bridge: EventBridgeFixture;
beforeEach(() => {
  bridge = startEventBridge();
  bridge.rule('all', { source: [{ prefix: '' }] }, { Arn: queue('inbox') });
});

describe('PutEvents', () => {
  it('delivers the event in the envelope of AWS', async () => {
    const time = Date.UTC(2026, 1, 3, 4, 5, 6, 789) / 1000;
    const { EventId } = await bridge.put({
      Source: 's',
      DetailType: 'T',
      Detail: '{"a":1}',
      Resources: ['r'],
      Time: time,
    });
    expect(bridge.delivered).toMatchObject([{ targetArn: queue('inbox'), ruleAccount: HUB }]);
    expect(bridge.delivered[0]!.event).toEqual({
      version: '0',
      id: EventId,
      'detail-type': 'T',
      source: 's',
      account: HUB,
      time: '2026-02-03T04:05:06Z',
      region: 'us-east-1',
      resources: ['r'],
      detail: { a: 1 },
    });
  });

  it('keeps numbers that a double cannot hold', async () => {
    await bridge.put({ Detail: '{"n": 12345678901234567890}' });
    expect(bridge.delivered[0]!.payload).toContain('12345678901234567890');
  });

  it('answers before anything is delivered', async () => {
    bridge.call('PutEvents', { Entries: [{ Source: 's', DetailType: 'T', Detail: '{}' }] });
    expect(bridge.delivered).toEqual([]);
    await bridge.activity.idle();
    expect(bridge.delivered).toHaveLength(1);
  });

  it('takes the clock for a time that was not sent', async () => {
    await bridge.clock.advance(86_400);
    await bridge.put({});
    expect(Date.parse(bridge.delivered[0]!.event.time)).toBeGreaterThan(Date.now() + 86_000_000);
  });

  it.each([
    [
      'Source',
      { Source: undefined },
      'InvalidArgument',
      'Parameter Source is not valid. Reason: Source is a required argument.',
    ],
    [
      'DetailType',
      { DetailType: undefined },
      'InvalidArgument',
      'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
    ],
    [
      'Detail',
      { Detail: undefined },
      'InvalidArgument',
      'Parameter Detail is not valid. Reason: Detail is a required argument.',
    ],
    ['a detail that is text', { Detail: '"x"' }, 'MalformedDetail', 'Detail is malformed.'],
    ['a detail that is an array', { Detail: '[1]' }, 'MalformedDetail', 'Detail is malformed.'],
    ['a detail that is null', { Detail: 'null' }, 'MalformedDetail', 'Detail is malformed.'],
    ['a detail that is no JSON', { Detail: '{"a"' }, 'MalformedDetail', 'Detail is malformed.'],
    ['a source of AWS', { Source: 'aws.glue' }, 'NotAuthorizedForSourceException', 'Not authorized for the source.'],
  ])('refuses the entry alone: %s', async (_name, entry, ErrorCode, ErrorMessage) => {
    const good = { Source: 's', DetailType: 'T', Detail: '{}' };
    const answer = bridge.call('PutEvents', { Entries: [good, { ...good, ...entry }, good] });
    await bridge.activity.idle();
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries).toEqual([
      { EventId: expect.any(String) },
      { ErrorCode, ErrorMessage },
      { EventId: expect.any(String) },
    ]);
    expect(bridge.delivered).toHaveLength(2);
  });

  it('takes a source that merely begins like those of AWS', async () => {
    expect(await bridge.put({ Source: 'awsome' })).toEqual({ EventId: expect.any(String) });
  });

  it('refuses more than ten entries, and none', () => {
    const entry = { Source: 's', DetailType: 'T', Detail: '{}' };
    expect(bridge.refusal('PutEvents', { Entries: new Array(11).fill(entry) }).message).toMatch(
      /'entries'.*less than or equal to 10$/,
    );
    expect(bridge.refusal('PutEvents', { Entries: [] })).toMatchObject({ code: 'ValidationException' });
    expect(bridge.refusal('PutEvents', {})).toMatchObject({ code: 'ValidationException' });
  });

  it('refuses the whole call when its entries are over 256 KB together', async () => {
    const entry = { Source: 's', DetailType: 'T', Detail: JSON.stringify({ text: 'x'.repeat(140_000) }) };
    expect(bridge.refusal('PutEvents', { Entries: [entry, entry] })).toMatchObject({
      code: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    });
    expect(await bridge.put(entry)).toEqual({ EventId: expect.any(String) });
  });

  it('puts nothing when one time is none', async () => {
    const entry = { Source: 's', DetailType: 'T', Detail: '{}' };
    expect(bridge.refusal('PutEvents', { Entries: [entry, { ...entry, Time: 'soon' }] }).code).toBe(
      'ValidationException',
    );
    await bridge.activity.idle();
    expect(bridge.delivered).toEqual([]);
  });

  it('swallows events for a bus that does not exist, as AWS does', async () => {
    expect(await bridge.put({ EventBusName: 'nowhere' })).toEqual({ EventId: expect.any(String) });
    expect(bridge.delivered).toEqual([]);
  });

  it('puts to another account’s bus under the sender’s account', async () => {
    await bridge.put({ EventBusName: busArn('default', HUB) }, SPOKE);
    expect(bridge.delivered[0]!.event.account).toBe(SPOKE);
  });

  it('says what it touches: each bus and detail-type, with all the sources of the call', () => {
    bridge.allow('default', SPOKE);
    const entries = [
      { Source: 'a', DetailType: 'T', Detail: '{}', EventBusName: busArn('default', HUB) },
      { Source: 'b', DetailType: 'T', Detail: '{}', EventBusName: busArn('default', HUB) },
      { Source: 'b', DetailType: 'U', Detail: '{}' },
    ];
    const context = { 'events:source': ['a', 'b'], 'events:eventBusInvocation': 'false' };
    expect(bridge.access('PutEvents', { Entries: entries }, SPOKE)).toEqual([
      {
        action: 'events:PutEvents',
        resource: busArn('default', HUB),
        context: { ...context, 'events:detail-type': 'T' },
        resourcePolicy: expect.objectContaining({ Statement: [expect.objectContaining({ Sid: SPOKE })] }),
      },
      {
        action: 'events:PutEvents',
        resource: busArn('default', SPOKE),
        context: { ...context, 'events:detail-type': 'U' },
        resourcePolicy: undefined,
      },
    ]);
  });
});

describe('native events', () => {
  it('arise on the default bus of their account alone', async () => {
    bridge.rule('all', { source: ['aws.glue'] }, { Arn: queue('spoke', SPOKE) }, { account: SPOKE });
    bridge.emitNative(SPOKE, {
      source: 'aws.glue',
      'detail-type': 'Glue Job State Change',
      detail: { state: 'SUCCEEDED' },
    });
    await bridge.activity.idle();
    expect(
      bridge.delivered.map(({ targetArn, event }) => [targetArn, event.account, event.resources, event.detail]),
    ).toEqual([[queue('spoke', SPOKE), SPOKE, [], { state: 'SUCCEEDED' }]]);
  });

  it('of accounts outside the mesh are nobody’s', async () => {
    bridge.emitNative('999999999999', { source: 'aws.glue', 'detail-type': 'T', detail: {} });
    await bridge.activity.idle();
    expect(bridge.delivered).toEqual([]);
  });

  it('that are read-only calls in CloudTrail go only to rules in the state for them', async () => {
    const pattern = { source: ['aws.lakeformation'] };
    bridge.rule('usage', pattern, { Arn: queue('usage') }, { state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' });
    bridge.rule('drift', pattern, { Arn: queue('drift') });
    const call = { source: 'aws.lakeformation', 'detail-type': 'AWS API Call via CloudTrail' };
    bridge.emitNative(HUB, { ...call, detail: { eventName: 'GetDataAccess', readOnly: true } });
    bridge.emitNative(HUB, { ...call, detail: { eventName: 'GrantPermissions', readOnly: false } });
    await bridge.activity.idle();
    const got = bridge.delivered.map(
      ({ targetArn, event }) => `${targetArn.split(':').at(-1)} ${event.detail.eventName}`,
    );
    expect(got.filter(line => !line.startsWith('inbox')).sort()).toEqual([
      'drift GrantPermissions',
      'usage GetDataAccess',
      'usage GrantPermissions',
    ]);
  });
});
