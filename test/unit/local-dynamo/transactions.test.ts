import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, rig } from './rig.ts';

const TableName = 'ledger';
let mesh: Rig;
let client: DynamoDBDocumentClient;
beforeEach(async () => {
  mesh = await rig();
  client = mesh.client();
  await mesh.table(TableName);
});
afterEach(() => mesh.close());

type Items = NonNullable<TransactWriteCommandInput['TransactItems']>;
const transact = (TransactItems: Items, ClientRequestToken?: string) =>
  client.send(new TransactWriteCommand({ TransactItems, ...(ClientRequestToken && { ClientRequestToken }) }));
const key = (pk: string) => ({ pk, sk: '1' });
const put = (pk: string, more: object = {}) => ({ Put: { TableName, Item: { ...key(pk), ...more } } });
const item = async (pk: string) =>
  (await client.send(new GetCommand({ TableName, Key: key(pk), ConsistentRead: true }))).Item;
const everything = async () => (await client.send(new ScanCommand({ TableName }))).Items;

describe('TransactWriteItems', () => {
  it('does all of it, indexes too', async () => {
    await client.send(new PutCommand({ TableName, Item: { ...key('old'), due: 'due', dueAt: '1' } }));
    await client.send(new PutCommand({ TableName, Item: { ...key('guard'), open: true } }));
    await transact([
      put('new', { due: 'due', dueAt: '2' }),
      {
        Update: {
          TableName,
          Key: key('counted'),
          UpdateExpression: 'ADD n :n',
          ExpressionAttributeValues: { ':n': 5 },
        },
      },
      { Delete: { TableName, Key: key('old') } },
      {
        ConditionCheck: {
          TableName,
          Key: key('guard'),
          ConditionExpression: '#o = :t',
          ExpressionAttributeNames: { '#o': 'open' },
          ExpressionAttributeValues: { ':t': true },
        },
      },
    ]);
    expect(await item('counted')).toEqual({ ...key('counted'), n: 5 });
    expect(await item('old')).toBeUndefined();
    expect(await item('guard')).toEqual({ ...key('guard'), open: true });
    const { Items } = await client.send(new ScanCommand({ TableName, IndexName: 'due' }));
    expect(Items!.map(({ pk }) => pk)).toEqual(['new']);
  });

  it('does nothing when one condition fails, and gives the reason of each item in its order', async () => {
    await client.send(new PutCommand({ TableName, Item: { ...key('taken'), by: 'first' } }));
    const failure = await transact([
      put('a'),
      {
        Put: {
          TableName,
          Item: key('taken'),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      { ConditionCheck: { TableName, Key: key('absent'), ConditionExpression: 'attribute_exists(pk)' } },
      { Delete: { TableName, Key: key('b') } },
    ]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TransactionCanceledException);
    const { CancellationReasons, message } = failure as TransactionCanceledException;
    expect(message).toContain('[None, ConditionalCheckFailed, ConditionalCheckFailed, None]');
    expect(CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { pk: { S: 'taken' }, sk: { S: '1' }, by: { S: 'first' } },
      },
      { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      { Code: 'None' },
    ]);
    expect(await everything()).toEqual([{ ...key('taken'), by: 'first' }]);
  });

  it('does nothing when an update does not fit its item', async () => {
    await client.send(new PutCommand({ TableName, Item: { ...key('text'), n: 'not a number' } }));
    const failing = transact([
      put('a'),
      {
        Update: {
          TableName,
          Key: key('text'),
          UpdateExpression: 'SET n = n + :n',
          ExpressionAttributeValues: { ':n': 1 },
        },
      },
    ]);
    await expect(failing).rejects.toMatchObject({
      CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
    });
    expect(await item('a')).toBeUndefined();
  });

  it('moves between two items under concurrency without ever losing or making anything', async () => {
    const accounts = ['x', 'y', 'z'];
    for (const pk of accounts) await client.send(new PutCommand({ TableName, Item: { ...key(pk), n: 5 } }));
    const move = (from: string, to: string) =>
      transact([
        {
          Update: {
            TableName,
            Key: key(from),
            UpdateExpression: 'ADD n :n',
            ConditionExpression: 'n >= :least',
            ExpressionAttributeValues: { ':n': -1, ':least': 1 },
          },
        },
        { Update: { TableName, Key: key(to), UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': 1 } } },
      ]).then(
        () => true,
        error => {
          expect(error.name).toBe('TransactionCanceledException');
          return false;
        },
      );
    const total = async () => {
      const { Responses } = await client.send(
        new TransactGetCommand({ TransactItems: accounts.map(pk => ({ Get: { TableName, Key: key(pk) } })) }),
      );
      return Responses!.map(({ Item }) => Item!.n as number);
    };
    const moves = Array.from({ length: 60 }, (_, index) => move('x', index % 2 ? 'y' : 'z'));
    const seen = await Promise.all(Array.from({ length: 10 }, total));
    for (const amounts of seen) expect(amounts.reduce((sum, n) => sum + n)).toBe(15);
    expect((await Promise.all(moves)).filter(Boolean)).toHaveLength(5);
    const amounts = await total();
    expect(amounts[0]).toBe(0);
    expect(amounts.reduce((sum, n) => sum + n)).toBe(15);
  });

  it('shows a plain query the whole of a transaction or nothing of it', async () => {
    const pair = (n: number): Items => ['1', '2'].map(sk => ({ Put: { TableName, Item: { pk: 'pair', sk, n } } }));
    await transact(pair(0));
    const query = async () => {
      const answer = await mesh.call('Query', {
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'pair' } },
      });
      return answer.Items.map((found: { n: { N: string } }) => found.n.N);
    };
    const writing = Promise.all(Array.from({ length: 40 }, (_, index) => transact(pair(index + 1))));
    let isWriting = true;
    void writing.finally(() => {
      isWriting = false;
    });
    const seen = new Set<string>();
    while (isWriting) {
      const [first, second] = await query();
      expect(first).toBe(second);
      seen.add(first);
      await new Promise(resolve => setImmediate(resolve));
    }
    await writing;
    expect(seen.size).toBeGreaterThan(1);
    expect(await query()).toEqual(['40', '40']);
  });

  it('lets one of many claims of a name win', async () => {
    const claims = Array.from({ length: 20 }, (_, index) =>
      transact([
        { Put: { TableName, Item: { ...key('name'), by: index }, ConditionExpression: 'attribute_not_exists(pk)' } },
        put(`claim-${index}`),
      ]),
    );
    const won = (await Promise.allSettled(claims)).filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(await everything()).toHaveLength(2);
  });

  it('does a request with the same token once in ten minutes, and refuses the token for another', async () => {
    const count: Items = [
      { Update: { TableName, Key: key('c'), UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': 1 } } },
    ];
    await transact(count, 'token');
    await transact(count, 'token');
    expect((await item('c'))!.n).toBe(1);
    await expect(transact([put('other')], 'token')).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    await mesh.clock.advance(601);
    await transact(count, 'token');
    expect((await item('c'))!.n).toBe(2);
  });

  it('tries a cancelled request with the same token again', async () => {
    const guarded: Items = [
      put('done'),
      { ConditionCheck: { TableName, Key: key('guard'), ConditionExpression: 'attribute_exists(pk)' } },
    ];
    await expect(transact(guarded, 'token')).rejects.toThrow('Transaction cancelled');
    await client.send(new PutCommand({ TableName, Item: key('guard') }));
    await transact(guarded, 'token');
    expect(await item('done')).toEqual(key('done'));
  });

  it('refuses two operations on one item, too many items, and a table that is not there', async () => {
    await expect(transact([put('a'), { Delete: { TableName, Key: key('a') } }])).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('multiple operations on one item'),
    });
    await expect(transact(Array.from({ length: 101 }, (_, index) => put(`i${index}`)))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await transact(Array.from({ length: 100 }, (_, index) => put(`i${index}`)));
    await expect(transact([put('b'), { Put: { TableName: 'none', Item: key('a') } }])).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(await item('b')).toBeUndefined();
  });
});

it('TransactGetItems answers in order, with nothing for what is not there', async () => {
  await client.send(new PutCommand({ TableName, Item: { ...key('a'), n: 1, m: 2 } }));
  const { Responses } = await client.send(
    new TransactGetCommand({
      TransactItems: [
        { Get: { TableName, Key: key('none') } },
        { Get: { TableName, Key: key('a'), ProjectionExpression: 'n' } },
      ],
    }),
  );
  expect(Responses).toEqual([{}, { Item: { n: 1 } }]);
});
