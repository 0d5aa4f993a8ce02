import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../../shared/access/ledger.ts';
import { releaseLease, takeLease } from '../../../shared/aws/ledger-lease.ts';
import { fault } from './faults.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
const Key = { pk: 'table#aviation_ops.flights', sk: 'lease' };

const NOW = '2026-11-21T09:00:00.000Z';
const UNTIL = '2026-11-21T09:01:00.000Z';

interface Item {
  lease: Lease;
}

/** The lease's item, with DynamoDB's word on the three conditions that are used. */
let kept: Item | undefined;

beforeEach(() => {
  dynamo.reset();
  kept = undefined;
  const check = (condition: string | undefined, values: Record<string, string> = {}) => {
    const [, variable = ''] = /^lease\.holder = (:\w+)$/.exec(condition ?? '') ?? [];
    const isMet =
      condition === 'attribute_not_exists(pk)' ? !kept : !variable || kept?.lease.holder === values[variable];
    if (!isMet) throw fault('ConditionalCheckFailedException');
  };
  dynamo.on(PutCommand).callsFake(({ Item, ConditionExpression, ExpressionAttributeValues }) => {
    check(ConditionExpression, ExpressionAttributeValues);
    kept = Item;
  });
  dynamo.on(DeleteCommand).callsFake(({ ConditionExpression, ExpressionAttributeValues }) => {
    check(ConditionExpression, ExpressionAttributeValues);
    kept = undefined;
  });
  dynamo.on(GetCommand).callsFake(() => ({ Item: kept && { ...Key, ...kept } }));
});

function take(holder: string, now = NOW, until = UNTIL): Promise<Lease> {
  return takeLease(documents, 'ledger', { table: 'aviation_ops.flights', holder, now, until });
}

describe("a table's lease", () => {
  it('that is free is taken in one call', async () => {
    expect(await take('a')).toEqual({ table: 'aviation_ops.flights', holder: 'a', until: UNTIL });
    expect(dynamo.calls()).toHaveLength(1);
    expect(dynamo).toHaveReceivedCommandWith(PutCommand, {
      TableName: 'ledger',
      Item: { ...Key, lease: { table: 'aviation_ops.flights', holder: 'a', until: UNTIL } },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
  });

  it('that is held is not taken by another', async () => {
    await take('a');
    await expect(take('b')).rejects.toThrow(
      expect.objectContaining({ name: 'TableLockedError', table: 'aviation_ops.flights' }),
    );
    expect(kept?.lease.holder).toBe('a');
  });

  it('is its holder’s own when the answer to an earlier try was lost, until when it was first taken', async () => {
    const first = await take('a');
    expect(await take('a', NOW, '2026-11-21T09:09:00.000Z')).toEqual(first);
  });

  it('that was given back without a doubt is free, and leaves nothing', async () => {
    await releaseLease(documents, 'ledger', await take('a'));
    expect(kept).toBeUndefined();
    expect(await take('b')).not.toHaveProperty('unsureUntil');
  });

  it('whose holder’s time is over is taken over, with the doubt of what it may have sent', async () => {
    await take('a');
    expect(await take('b', UNTIL, '2026-11-21T09:02:00.000Z')).toEqual({
      table: 'aviation_ops.flights',
      holder: 'b',
      until: '2026-11-21T09:02:00.000Z',
      unsureUntil: '2026-11-21T09:02:00.000Z',
    });
    expect(kept?.lease.holder).toBe('b');
  });

  it('that expired long ago is taken over without a doubt', async () => {
    await take('a');
    expect(await take('b', '2026-11-21T09:02:00.000Z', '2026-11-21T09:03:00.000Z')).not.toHaveProperty('unsureUntil');
  });

  it('that was given back with a doubt hands the doubt on until it is over', async () => {
    await take('a');
    await releaseLease(documents, 'ledger', await take('b', UNTIL, '2026-11-21T09:05:00.000Z'));
    expect(kept?.lease.isReleased).toBe(true);
    const third = await take('c', '2026-11-21T09:01:10.000Z', '2026-11-21T09:06:00.000Z');
    expect(third).toMatchObject({ holder: 'c', unsureUntil: '2026-11-21T09:02:00.000Z' });
    expect(third).not.toHaveProperty('isReleased');
    await releaseLease(documents, 'ledger', third);
    expect(await take('d', '2026-11-21T09:02:00.000Z', '2026-11-21T09:07:00.000Z')).not.toHaveProperty('unsureUntil');
  });

  it('keeps the later of two doubts', async () => {
    await take('a');
    await take('b', UNTIL, '2026-11-21T09:01:10.000Z');
    const third = await take('c', '2026-11-21T09:01:20.000Z', '2026-11-21T09:09:00.000Z');
    expect(third.unsureUntil).toBe('2026-11-21T09:02:10.000Z');
  });

  it('is taken over by one of two who see it expired at once', async () => {
    await take('a');
    const both = await Promise.allSettled([
      take('b', UNTIL, '2026-11-21T09:02:00.000Z'),
      take('c', UNTIL, '2026-11-21T09:02:00.000Z'),
    ]);
    expect(both.map(one => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(one => one.status === 'rejected')?.reason).toMatchObject({ name: 'TableLockedError' });
  });

  it('that was given back between the two calls is tried for again later', async () => {
    await take('a');
    dynamo.on(GetCommand).resolves({});
    await expect(take('b')).rejects.toThrow(expect.objectContaining({ name: 'TableLockedError' }));
  });

  it('that another took over is left to that one', async () => {
    const first = await take('a');
    const second = await take('b', UNTIL, '2026-11-21T09:02:00.000Z');
    await expect(releaseLease(documents, 'ledger', first)).resolves.toBeUndefined();
    await expect(releaseLease(documents, 'ledger', { ...first, unsureUntil: UNTIL })).resolves.toBeUndefined();
    expect(kept?.lease).toEqual(second);
  });

  it('surfaces any other fault', async () => {
    await take('a');
    const name = 'ProvisionedThroughputExceededException';
    dynamo.on(GetCommand).rejects(fault(name));
    await expect(take('b')).rejects.toThrow(expect.objectContaining({ name }));
    dynamo.on(PutCommand).rejects(fault(name)).on(DeleteCommand).rejects(fault(name));
    await expect(take('b')).rejects.toThrow(expect.objectContaining({ name }));
    const held = { table: 'aviation_ops.flights', holder: 'a', until: UNTIL };
    await expect(releaseLease(documents, 'ledger', held)).rejects.toThrow(expect.objectContaining({ name }));
    await expect(releaseLease(documents, 'ledger', { ...held, unsureUntil: UNTIL })).rejects.toThrow(
      expect.objectContaining({ name }),
    );
  });
});
