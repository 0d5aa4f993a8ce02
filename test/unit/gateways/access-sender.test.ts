import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventBridgeAccessSender } from '../../../shared/aws/access-sender.ts';
import { fault } from './faults.ts';
import { NOW } from './ledger-sample.ts';

const HUB = '111111111111';
const ANALYTICS = '444444444444';
const events = mockClient(EventBridgeClient);
const event = { detailType: 'Access Requested', data: { requestId: 'r' } };

const send = (account: string, isDirect = false) =>
  new EventBridgeAccessSender(
    new EventBridgeClient({ region: 'eu-west-1' }),
    { stage: 'prod', account, hub: HUB, isDirect },
    () => NOW,
  ).send(event, 'e-1');

beforeEach(() => {
  events.reset();
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: 'id' }] });
});

describe('an event of access', () => {
  const entry = {
    Source: 'trellis.access',
    DetailType: 'Access Requested',
    Detail: JSON.stringify({
      metadata: { eventId: 'e-1', occurredAt: NOW, schemaVersion: '1.0' },
      data: { requestId: 'r' },
    }),
  };
  const EventBusName = `arn:aws:events:eu-west-1:${HUB}:event-bus/trellis-prod`;

  it.each([
    ['on the default bus of the account', ANALYTICS, false, entry],
    ['straight on the hub’s bus, when it is to be proved who put it', ANALYTICS, true, { ...entry, EventBusName }],
    ['from the hub on its bus: its default bus forwards none of ours', HUB, false, { ...entry, EventBusName }],
  ])('is put %s', async (_, account, isDirect, Entry) => {
    await send(account, isDirect);
    expect(events).toHaveReceivedCommandExactlyOnceWith(PutEventsCommand, { Entries: [Entry] });
  });

  it.each([
    ['is answered 200 and not taken', { Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'Later.' }] }],
    ['is answered with nothing', {}],
  ])('is not put when it %s', async (_, answer) => {
    events.on(PutEventsCommand).resolves(answer);
    await expect(send(ANALYTICS)).rejects.toThrow(expect.objectContaining({ name: 'EventNotPutError' }));
  });

  it('is not put when it fails', async () => {
    events.on(PutEventsCommand).rejects(fault('AccessDeniedException'));
    await expect(send(ANALYTICS)).rejects.toThrow('AccessDeniedException');
  });
});
