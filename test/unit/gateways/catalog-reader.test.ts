import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetDatabasesCommand, GetTableCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { newPair } from '../../../shared/access/pair-record.ts';
import { AwsCatalogReader } from '../../../shared/aws/catalog-reader.ts';
import { fault } from './faults.ts';
import { ANALYST, grant, pair, pairItem } from './ledger-sample.ts';

const HUB = '111111111111';
const OWNER = '222222222222';
const ANALYTICS = '444444444444';
const glue = mockClient(GlueClient);
const dynamo = mockClient(DynamoDBDocumentClient);
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());

const readerOf = (account: string) =>
  new AwsCatalogReader(new GlueClient(), documents, 'ledger', { account, hub: HUB });
const reader = readerOf(HUB);

beforeEach(() => {
  glue.reset();
  dynamo.reset();
});

async function pagesOf<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** The n-th query of the ledger. */
const query = (at: number) => dynamo.commandCalls(QueryCommand)[at]?.args[0].input;

describe('the catalog', () => {
  it('is read page by page, an empty page with a token too, without links to other catalogs', async () => {
    glue
      .on(GetDatabasesCommand)
      .resolvesOnce({ DatabaseList: [{ Name: 'aviation_ops' }, { Name: 'link', TargetDatabase: {} }], NextToken: '1' })
      .resolvesOnce({ DatabaseList: [], NextToken: '2' })
      .resolvesOnce({ DatabaseList: [{ Name: 'climate_observations' }] });
    expect(await pagesOf(reader.databases())).toEqual([['aviation_ops'], [], ['climate_observations']]);
    glue
      .on(GetTablesCommand)
      .resolvesOnce({ TableList: [{ Name: 'airports', Parameters: { a: 'b' } }], NextToken: '1' })
      .resolvesOnce({ TableList: [{ Name: 'flights' }] });
    const pages = await pagesOf(reader.tables('aviation_ops'));
    expect(pages.map(page => page.map(({ Name }) => Name))).toEqual([['airports'], ['flights']]);
    expect(pages[0]?.[0]?.Parameters).toEqual({ a: 'b' });
    expect(glue).toHaveReceivedNthCommandWith(GetTablesCommand, 2, { DatabaseName: 'aviation_ops', NextToken: '1' });
  });

  it('has nothing of a database or a table that is not there', async () => {
    glue.on(GetTablesCommand).rejects(fault('EntityNotFoundException'));
    glue.on(GetTableCommand).rejects(fault('EntityNotFoundException'));
    expect(await pagesOf(reader.tables('gone'))).toEqual([]);
    expect(await reader.table('aviation_ops', 'gone')).toBeUndefined();
  });

  it('takes no other fault for absence', async () => {
    glue.on(GetTablesCommand).rejects(fault('AccessDeniedException'));
    glue.on(GetTableCommand).rejects(fault('AccessDeniedException'));
    await expect(pagesOf(reader.tables('aviation_ops'))).rejects.toThrow('AccessDeniedException');
    await expect(reader.table('aviation_ops', 'flights')).rejects.toThrow('AccessDeniedException');
  });
});

describe('what the ledger knows of tables', () => {
  const changedAt = '2026-11-21T09:00:00.000Z';

  it('are the changes of the partitions of a database, over all pages, and of one table', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({
        Items: [{ sk: 'ops.flights', changedAt, changes: ['partitions-added 1'] }],
        LastEvaluatedKey: { pk: 1 },
      })
      .resolvesOnce({ LastEvaluatedKey: { pk: 2 } })
      .resolvesOnce({
        Items: [
          { sk: 'ops.odd.name', changedAt },
          { sk: 'ops.looked_at', looks: 1, keptOut: ['elsewhere'] },
        ],
      })
      .resolvesOnce({ Items: [{ sk: 'ops.flights', changedAt, changes: [] }] })
      .resolvesOnce({ Items: [] });
    expect([...(await reader.partitions('aviation', 'ops'))]).toEqual([
      ['flights', { changedAt, changes: ['partitions-added 1'], keptOut: [] }],
      ['odd.name', { changedAt, changes: [], keptOut: [] }],
      ['looked_at', { changes: [], keptOut: ['elsewhere'] }],
    ]);
    expect(query(0)).toMatchObject({
      TableName: 'ledger',
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': 'partitions#aviation', ':sk': 'ops.' },
    });
    expect(await reader.partitionsOf('aviation', 'ops', 'flights')).toEqual({ changedAt, changes: [], keptOut: [] });
    expect(query(3)).toMatchObject({
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': 'partitions#aviation', ':sk': 'ops.flights' },
    });
    expect(await reader.partitionsOf('aviation', 'ops', 'airports')).toBeUndefined();
    dynamo.on(QueryCommand).resolves({ Items: [{ sk: 'ops.looked_at', looks: 1, keptOut: ['elsewhere'] }] });
    expect(await reader.partitionsOf('aviation', 'ops', 'looked_at')).toEqual({ changes: [], keptOut: ['elsewhere'] });
  });

  it('are the tables of a domain that were never published, and why', async () => {
    const quarantine = { since: changedAt, reasons: ['elsewhere'] };
    dynamo.on(QueryCommand).resolves({ Items: [{ sk: 'ops.secret', quarantine }] });
    expect(await pagesOf(reader.keptOut('aviation'))).toEqual([[{ database: 'ops', table: 'secret', quarantine }]]);
    expect(query(0)?.ExpressionAttributeValues).toEqual({ ':pk': 'quarantine#aviation' });
    expect(await reader.keptOutOf('aviation', 'ops', 'secret')).toEqual(quarantine);
    expect(query(1)?.ExpressionAttributeValues).toEqual({ ':pk': 'quarantine#aviation', ':sk': 'ops.secret' });
  });
});

describe('who may read a table', () => {
  const other = 'arn:aws:iam::444444444444:role/Able';
  const items = [
    { ...pairItem, record: newPair(pair), grants: [{ ...grant, requestId: 'req-2' }, grant] },
    { pk: pairItem.pk, sk: `pair#${other}`, record: newPair({ ...pair, principal: other }), grants: [grant] },
    { pk: pairItem.pk, sk: 'pair#gone', record: newPair({ ...pair, principal: 'gone' }), grants: [] },
  ];

  it('is told by active grants, over all pages, in one order', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: items.slice(0, 1), LastEvaluatedKey: { pk: 1 } })
      .resolvesOnce({ Items: items.slice(1) });
    expect(await reader.grants(pair.table, OWNER)).toEqual([
      { principal: other, ...grant },
      { principal: ANALYST, ...grant },
      { principal: ANALYST, ...grant, requestId: 'req-2' },
    ]);
  });

  it.each([
    ['the hub: all', HUB, undefined, { ':pk': pairItem.pk, ':sk': 'pair#' }],
    ['the owner: all of its table', OWNER, 'owner', { ':pk': pairItem.pk, ':account': OWNER }],
    ['another account: its own principals', ANALYTICS, 'holder', { ':pk': pairItem.pk, ':account': ANALYTICS }],
  ])('is asked for %s', async (_, account, IndexName, values) => {
    dynamo.on(QueryCommand).resolves({ Items: [] });
    expect(await readerOf(account).grants(pair.table, OWNER)).toEqual([]);
    expect(query(0)?.IndexName).toBe(IndexName);
    expect(query(0)?.ExpressionAttributeValues).toEqual(values);
    if (IndexName) expect(query(0)?.ExpressionAttributeNames).toEqual({ '#account': IndexName });
  });

  it('is not nobody when the ledger cannot be read', async () => {
    dynamo.on(QueryCommand).rejects(fault('AccessDeniedException'));
    await expect(reader.grants(pair.table, OWNER)).rejects.toThrow('AccessDeniedException');
  });
});
