import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Transition } from '../../../shared/access/ledger.ts';
import { afterTransition, newPair } from '../../../shared/access/pair-record.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { fault } from './faults.ts';
import { END, grant, NOW, pair, pairItem, request, told } from './ledger-sample.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const ledger = new LedgerTable(DynamoDBDocumentClient.from(new DynamoDBClient()), 'ledger');

beforeEach(() => dynamo.reset());

function transition(changes: Partial<Transition> = {}): Transition {
  const before = { record: newPair(pair), grants: [] };
  const after = afterTransition(before.record, [grant]);
  return {
    at: NOW,
    cause: { account: '444444444444', eventId: 'event-1' },
    request,
    requestDueAt: END,
    pairs: [{ before, after, put: grant }],
    tell: [told],
    ...changes,
  };
}

/** The cancellation of a transaction, with a code for each write. */
function cancelled(...codes: (string | undefined)[]): Error {
  return fault('TransactionCanceledException', 'cancelled', { CancellationReasons: codes.map(Code => ({ Code })) });
}

async function writes(given: Transition) {
  dynamo.on(TransactWriteCommand).resolves({});
  expect(await ledger.commit(given)).toBe('committed');
  return dynamo.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems ?? [];
}

describe('committing a transition', () => {
  it('writes the mark of its event, the request, its step, the pair with its grants, and the event to tell in one transaction', async () => {
    const [mark, update, step, record, open, tell, ...rest] = await writes(transition());
    // A table that is being removed takes no new grant.
    expect(open).toEqual({
      ConditionCheck: {
        TableName: 'ledger',
        Key: { pk: 'table#aviation_ops.flights', sk: 'closed' },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    });
    expect(rest).toEqual([]);
    const ttl = Date.parse(NOW) / 1000 + 400 * 86_400;
    expect(mark?.Put).toMatchObject({
      Item: { pk: 'seen#444444444444#event-1', sk: 'seen', at: NOW, ttl },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    expect(update?.Update).toMatchObject({
      Key: { pk: 'request#req-1', sk: 'request' },
      ConditionExpression: 'attribute_not_exists(pk)',
      ExpressionAttributeValues: { ':request': request, ':version': 1, ':due': 'due', ':dueAt': END },
    });
    expect(step?.Put).toMatchObject({
      Item: { pk: 'request#req-1', sk: 'step#000001', at: NOW, state: request.state, cause: { eventId: 'event-1' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    expect(record?.Update).toMatchObject({
      Key: pairItem,
      UpdateExpression: expect.stringContaining('grants = :grants'),
      ConditionExpression: 'attribute_not_exists(pk)',
      ExpressionAttributeValues: { ':grants': [grant], ':revision': 1, ':due': 'due', ':dueAt': NOW },
    });
    expect(tell?.Put?.Item).toEqual({
      pk: `told#${told.eventId}`,
      sk: 'told',
      event: told,
      due: 'due',
      dueAt: '2026-11-21T09:01:00.000Z',
    });
  });

  it('keeps why an event is refused beside its mark, for who sent it', async () => {
    const { request: _, requestDueAt: __, ...refusal } = transition({ pairs: [], refused: ['No such table.'] });
    const [mark] = await writes(refusal);
    expect(mark?.Put?.Item).toMatchObject({ pk: 'seen#444444444444#event-1', refused: ['No such table.'] });
  });

  it('expects a later request and pair as they were read', async () => {
    const record = { ...newPair(pair), desiredVersion: 3, settledVersion: 3, revision: 5 };
    const change = { before: { record, grants: [grant] }, after: afterTransition(record, []), remove: 'req-1' };
    const later = { ...request, version: 4, taskToken: 'secret' };
    const [update, , put] = await writes({ at: NOW, request: later, pairs: [change], tell: [] });
    expect(update?.Update).toMatchObject({
      ConditionExpression: 'version = :read',
      ExpressionAttributeValues: { ':read': 3 },
    });
    expect(update?.Update?.UpdateExpression).toContain('REMOVE due, dueAt');
    // The token is written by whoever waits; a transition that was read earlier must not bring an old one back.
    expect(JSON.stringify(update)).not.toContain('secret');
    expect(put?.Update).toMatchObject({
      ConditionExpression: 'revision = :read',
      ExpressionAttributeValues: { ':read': 5 },
    });
  });

  it.each([
    ['adds a grant to the others', { put: grant }, ['req-0', 'req-1']],
    ['puts a grant in the place of its earlier terms', { put: { ...grant, requestId: 'req-0' } }, ['req-0']],
    ['takes away a grant that ends, and no other', { remove: 'req-0' }, []],
    ['leaves grants alone when it ends none of them', { remove: 'req-9' }, ['req-0']],
  ])('%s', async (_, change, expected) => {
    const before = { record: { ...newPair(pair), revision: 5 }, grants: [{ ...grant, requestId: 'req-0' }] };
    const after = afterTransition(before.record, []);
    const [update] = await writes({ at: NOW, pairs: [{ before, after, ...change }], tell: [] });
    const grants: { requestId: string }[] = update?.Update?.ExpressionAttributeValues?.[':grants'];
    expect(grants.map(one => one.requestId)).toEqual(expected);
  });

  it('says that the event was seen when its mark was there, whatever else failed', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejects(cancelled('ConditionalCheckFailed', 'ConditionalCheckFailed', 'None', 'None', 'None', 'None'));
    expect(await ledger.commit(transition())).toBe('seen');
  });

  it.each([
    ['the request moved', cancelled('None', 'ConditionalCheckFailed', 'None', 'None', 'None', 'None')],
    ['the pair moved', cancelled('None', 'None', 'None', 'ConditionalCheckFailed', 'None', 'None')],
    [
      'another transaction has its hands on it',
      cancelled('None', 'TransactionConflict', 'None', 'None', 'None', 'None'),
    ],
    [
      'another transaction has its hands on the mark',
      cancelled('TransactionConflict', 'None', 'None', 'None', 'None', 'None'),
    ],
    ['a write without a code is beside it', cancelled(undefined, 'ConditionalCheckFailed')],
  ])('asks to be decided again when %s', async (_, cause) => {
    dynamo.on(TransactWriteCommand).rejects(cause);
    await expect(ledger.commit(transition())).rejects.toThrow(
      expect.objectContaining({
        name: 'LedgerConflictError',
        message: 'The request req-1 changed since it was read. Read it again and decide again.',
        cause,
      }),
    );
  });

  it('does not take the first write of a transition without an event for its mark', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('ConditionalCheckFailed', 'None'));
    const { cause: _, ...uncaused } = transition();
    await expect(ledger.commit(uncaused)).rejects.toThrow(expect.objectContaining({ name: 'LedgerConflictError' }));
  });

  it.each([
    cancelled('None', 'ThrottlingError'),
    cancelled('None', 'ConditionalCheckFailed', 'ItemCollectionSizeLimitExceeded'),
    cancelled('ValidationError'),
    fault('ProvisionedThroughputExceededException'),
    fault('AccessDeniedException'),
  ])('surfaces what is no conflict: $name', async cause => {
    dynamo.on(TransactWriteCommand).rejects(cause);
    await expect(ledger.commit(transition())).rejects.toBe(cause);
  });
});
