import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DueItem } from '../../../shared/access/ledger.ts';
import { countRequests, DueIndex } from '../../../shared/aws/due-index.ts';
import { ANALYST, NOW, pair } from './ledger-sample.ts';

const dynamo = mockClient(DynamoDBClient);
const index = new DueIndex(new DynamoDBClient(), 'ledger');

beforeEach(() => dynamo.reset());

async function allDue(): Promise<DueItem[][]> {
  const pages: DueItem[][] = [];
  for await (const page of index.due(NOW)) pages.push(page);
  return pages;
}

const keys = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });

describe('the index of what is due', () => {
  it('gives what is due, a page at a time, skipping empty ones', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({
        Items: [keys('request#req-1', 'request'), keys('told#e1', 'told')],
        LastEvaluatedKey: keys('x', '1'),
      })
      .resolvesOnce({ Items: [], LastEvaluatedKey: keys('y', '2') })
      .resolvesOnce({ Items: [keys('table#aviation_ops.flights', `pair#${ANALYST}`)] });
    expect(await allDue()).toEqual([
      [
        { kind: 'request', requestId: 'req-1' },
        { kind: 'told', eventId: 'e1' },
      ],
      [{ kind: 'pair', pair }],
    ]);
    expect(dynamo.commandCalls(QueryCommand)[2]?.args[0].input).toMatchObject({
      TableName: 'ledger',
      IndexName: 'due',
      ExclusiveStartKey: keys('y', '2'),
      ExpressionAttributeValues: { ':due': { S: 'due' }, ':now': { S: NOW } },
    });
  });

  it('tells apart what leaves, and what of it is the writer of the catalog’s', async () => {
    dynamo.on(QueryCommand).resolves({
      Items: [
        keys('leaving#domain#climate', 'leaving'),
        keys('leaving#domain#climate', 'tables'),
        keys('leaving#account#444444444444', 'leaving'),
      ],
    });
    expect(await allDue()).toEqual([
      [
        { kind: 'leaving', what: 'domain', name: 'climate' },
        { kind: 'leaving-tables', domain: 'climate' },
        { kind: 'leaving', what: 'account', name: '444444444444' },
      ],
    ]);
  });

  it('shows what it finds, with since when it is due and where a request stands', async () => {
    const found: unknown[] = [];
    const watched = new DueIndex(new DynamoDBClient(), 'ledger', (one, now) => found.push([one, now]));
    const due = { ...keys('request#req-1', 'request'), dueAt: { S: 'then' }, status: { S: 'ending' } };
    dynamo.on(QueryCommand).resolves({ Items: [due] });
    for await (const page of watched.due(NOW)) expect(page).toHaveLength(1);
    const item = { kind: 'request', requestId: 'req-1' };
    expect(found).toEqual([[{ item, dueAt: 'then', status: 'ending' }, NOW]]);
  });

  it('counts requests by where they stand, over all pages', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Count: 3, LastEvaluatedKey: keys('x', '1') })
      .resolvesOnce({ Count: 4 });
    expect(await countRequests(new DynamoDBClient(), 'ledger', ['approved', 'granted'])).toBe(7);
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input).toMatchObject({
      Select: 'COUNT',
      FilterExpression: '#status IN (:status0, :status1)',
      ExclusiveStartKey: keys('x', '1'),
    });
  });

  it('is alarmed by due work of no known kind', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [keys('mystery#1', 'x')] });
    await expect(allDue()).rejects.toThrow('mystery#1');
  });
});
