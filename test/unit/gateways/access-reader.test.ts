import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { newPair } from '../../../shared/access/pair-record.ts';
import { AwsAccessReader } from '../../../shared/aws/access-reader.ts';
import { fault } from './faults.ts';
import { ANALYST, grant, NOW, pair, pairItem, request } from './ledger-sample.ts';

const HUB = '111111111111';
const OWNER = '222222222222';
const ANALYTICS = '444444444444';
const dynamo = mockClient(DynamoDBDocumentClient);
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
const readerOf = (account: string) => new AwsAccessReader(documents, 'ledger', { account, hub: HUB });
const hub = readerOf(HUB);
const analytics = readerOf(ANALYTICS);
const owner = readerOf(OWNER);
const requestItem = { pk: 'request#req-1', sk: 'request', request };
const record = newPair(pair);

beforeEach(() => void dynamo.reset());

async function idsOf(reader: AwsAccessReader): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of reader.requests()) ids.push(...page.map(({ requestId }) => requestId));
  return ids;
}

/** Of every query, in which index, and under which key. */
function queries() {
  return dynamo
    .commandCalls(QueryCommand)
    .map(({ args: [{ input }] }) => [input.IndexName, input.ExpressionAttributeValues]);
}

describe('a request', () => {
  it('is read consistently by the hub', async () => {
    dynamo.on(GetCommand).resolves({ Item: { ...requestItem, taskToken: 'token' } });
    expect(await hub.request('req-1')).toEqual(request);
    expect(dynamo).toHaveReceivedCommandWith(GetCommand, {
      TableName: 'ledger',
      Key: { pk: 'request#req-1', sk: 'request' },
      ConsistentRead: true,
    });
    dynamo.on(GetCommand).resolves({});
    expect(await hub.request('req-2')).toBeUndefined();
  });

  it('is looked for by others as theirs, then as one about their tables, after an empty page too', async () => {
    dynamo
      .on(QueryCommand, { IndexName: 'holder' })
      .resolves({ Items: [] })
      .on(QueryCommand, { IndexName: 'owner' })
      .resolvesOnce({ Items: [], LastEvaluatedKey: { pk: 1 } })
      .resolves({ Items: [requestItem] });
    expect(await owner.request('req-1')).toEqual(request);
    const values = { ':account': OWNER, ':pk': 'request#req-1' };
    expect(queries()).toEqual([
      ['holder', values],
      ['owner', values],
      ['owner', values],
    ]);
    expect(dynamo).not.toHaveReceivedCommand(GetCommand);
  });
});

describe('all requests', () => {
  const own = { ...request, requestId: 'own', account: OWNER };

  it('are found by the hub in the index, whoever asked, pairs left out', async () => {
    dynamo
      .on(ScanCommand)
      .resolvesOnce({ Items: [requestItem], LastEvaluatedKey: { pk: 1 } })
      .resolves({ Items: [{ request: own }] });
    expect(await idsOf(hub)).toEqual(['req-1', 'own']);
    expect(dynamo).toHaveReceivedNthCommandWith(ScanCommand, 1, {
      IndexName: 'holder',
      FilterExpression: 'begins_with(pk, :pk)',
      ExpressionAttributeValues: { ':pk': 'request#' },
    });
  });

  it('are found by others in both indexes, each once', async () => {
    dynamo
      .on(QueryCommand, { IndexName: 'holder' })
      .resolves({ Items: [{ request: own }] })
      .on(QueryCommand, { IndexName: 'owner' })
      .resolves({ Items: [{ request: own }, requestItem] });
    expect(await idsOf(owner)).toEqual(['own', 'req-1']);
    expect(queries()).toEqual(['holder', 'owner'].map(index => [index, { ':account': OWNER, ':pk': 'request#' }]));
    expect(dynamo).not.toHaveReceivedCommand(ScanCommand);
  });

  it('are not none when they cannot be read', async () => {
    dynamo
      .on(ScanCommand)
      .rejects(fault('AccessDeniedException'))
      .on(QueryCommand)
      .rejects(fault('AccessDeniedException'));
    await expect(idsOf(hub)).rejects.toThrow('AccessDeniedException');
    await expect(idsOf(analytics)).rejects.toThrow('AccessDeniedException');
  });
});

describe('what a principal has on a table', () => {
  const other = { record: newPair({ ...pair, principal: 'arn:aws:iam::444444444444:role/Other' }), grants: [] };

  it.each([
    ['its own account', analytics, 'holder', ANALYTICS],
    ['the owner', owner, 'owner', OWNER],
  ])('is found by %s among those of the table', async (_, reader, index, account) => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [other], LastEvaluatedKey: { pk: 1 } })
      .resolves({ Items: [{ record, grants: [grant] }] });
    expect(await reader.pair(pair)).toEqual({ record, grants: [grant] });
    expect(queries()[0]).toEqual([index, { ':account': account, ':pk': pairItem.pk }]);
  });

  it('is read by its key by the hub; nothing is nothing', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { record, grants: [grant] } })
      .resolves({});
    expect(await hub.pair(pair)).toEqual({ record, grants: [grant] });
    expect(dynamo).toHaveReceivedCommandWith(GetCommand, { Key: pairItem, ConsistentRead: true });
    expect(await hub.pair(pair)).toBeUndefined();
    dynamo.on(QueryCommand).resolves({ Items: [other] });
    expect(await analytics.pair(pair)).toBeUndefined();
  });

  it('is looked at in Lake Formation only where there is somebody to look', async () => {
    const actual = { filters: new Set<string>(), granted: new Map(), others: [] };
    const looking = new AwsAccessReader(documents, 'ledger', { account: HUB, hub: HUB }, { read: async () => actual });
    expect(await looking.actual(pair)).toBe(actual);
    expect(await analytics.actual({ principal: ANALYST, table: pair.table })).toBeUndefined();
  });
});

describe('what became of an event', () => {
  it.each([
    ['it has not been taken', [], undefined],
    ['it had its effect', [{ at: NOW }], {}],
    ['it was refused', [{ at: NOW, refused: ['No.'] }], { refused: ['No.'] }],
  ])('is told by its mark: %s', async (_, Items, expected) => {
    dynamo.on(QueryCommand).resolves({ Items });
    expect(await analytics.answerTo('e-1')).toEqual(expected);
    expect(dynamo).toHaveReceivedCommandWith(QueryCommand, {
      TableName: 'ledger',
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': `seen#${ANALYTICS}#e-1`, ':sk': 'seen' },
      ConsistentRead: true,
    });
  });
});

describe('the steps of a request', () => {
  it('come in their order, over all pages', async () => {
    const step = { at: NOW, state: request.state, terms: request.terms, expiresAt: request.expiresAt, policies: [] };
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [{ pk: 'x', sk: 'step#000001', ...step, cause: {} }], LastEvaluatedKey: { pk: 1 } })
      .resolves({ Items: [{ ...step, at: 'later' }] });
    expect(await hub.steps('req-1')).toEqual([step, { ...step, at: 'later' }]);
    expect(queries()[0]).toEqual([undefined, { ':pk': 'request#req-1', ':sk': 'step#' }]);
  });
});
