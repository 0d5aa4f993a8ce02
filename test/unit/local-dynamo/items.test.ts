import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { administrator, type Wire } from '../../../local/core/service.ts';
import { type Rig, rig } from './rig.ts';

let mesh: Rig;
let client: DynamoDBDocumentClient;
beforeEach(async () => {
  mesh = await rig();
  client = mesh.client();
});
afterEach(() => mesh.close());

const TableName = 'ledger';

describe('items', () => {
  beforeEach(() => mesh.table(TableName));

  it('keeps every type of value through put, update, get and delete', async () => {
    const item = {
      pk: 'a',
      sk: '1',
      n: 1.5,
      list: [1, 'x', { deep: true }],
      set: new Set(['p', 'q']),
      none: null,
      bytes: new Uint8Array([1, 2]),
    };
    await client.send(new PutCommand({ TableName, Item: item }));
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName,
        Key: { pk: 'a', sk: '1' },
        UpdateExpression: 'SET n = n + :one, #l[0] = :one REMOVE #n ADD hits :one DELETE #s :gone',
        ExpressionAttributeNames: { '#l': 'list', '#s': 'set', '#n': 'none' },
        ExpressionAttributeValues: { ':one': 1, ':gone': new Set(['p']) },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const { none: _, ...kept } = item;
    const expected = { ...kept, n: 2.5, hits: 1, set: new Set(['q']), list: [1, 'x', { deep: true }] };
    expect(Attributes).toEqual(expected);
    const Key = { pk: 'a', sk: '1' };
    expect((await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item).toEqual(expected);
    expect((await client.send(new DeleteCommand({ TableName, Key, ReturnValues: 'ALL_OLD' }))).Attributes).toEqual(
      expected,
    );
    expect((await client.send(new GetCommand({ TableName, Key }))).Item).toBeUndefined();
  });

  it('queries by prefix and range, both ways, in pages', async () => {
    for (let batch = 0; batch < 3; batch++) {
      const puts = Array.from({ length: 20 }, (_, index) => ({
        PutRequest: { Item: { pk: 'p', sk: `s#${String(batch * 20 + index).padStart(3, '0')}` } },
      }));
      await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
    }
    await client.send(new PutCommand({ TableName, Item: { pk: 'p', sk: 't' } }));
    const keys: string[] = [];
    const query = {
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :s)',
      ExpressionAttributeValues: { ':pk': 'p', ':s': 's#' },
      ScanIndexForward: false,
    };
    for await (const page of paginateQuery({ client, pageSize: 7 }, query))
      keys.push(...page.Items!.map(item => item.sk));
    expect(keys).toEqual(Array.from({ length: 60 }, (_, index) => `s#${String(59 - index).padStart(3, '0')}`));
    const between = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :a AND :b',
        FilterExpression: 'attribute_not_exists(gone)',
        ExpressionAttributeValues: { ':pk': 'p', ':a': 's#010', ':b': 's#012' },
      }),
    );
    expect(between.Items!.map(item => item.sk)).toEqual(['s#010', 's#011', 's#012']);
  });

  it('keeps a sparse index in step with updates', async () => {
    const due = async () => {
      const { Items } = await client.send(
        new QueryCommand({
          TableName,
          IndexName: 'due',
          KeyConditionExpression: 'due = :d AND dueAt <= :now',
          ExpressionAttributeValues: { ':d': 'due', ':now': '2026-06' },
        }),
      );
      return Items!.map(item => item.pk);
    };
    await client.send(new PutCommand({ TableName, Item: { pk: 'late', sk: '1', due: 'due', dueAt: '2026-07' } }));
    await client.send(new PutCommand({ TableName, Item: { pk: 'soon', sk: '1', due: 'due', dueAt: '2026-05' } }));
    expect(await due()).toEqual(['soon']);
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { pk: 'late', sk: '1' },
        UpdateExpression: 'SET dueAt = :at',
        ExpressionAttributeValues: { ':at': '2026-04' },
      }),
    );
    expect(await due()).toEqual(['late', 'soon']);
    await client.send(
      new UpdateCommand({ TableName, Key: { pk: 'late', sk: '1' }, UpdateExpression: 'REMOVE due, dueAt' }),
    );
    expect(await due()).toEqual(['soon']);
  });

  it('gives the old item of a failed condition when asked to', async () => {
    await client.send(new PutCommand({ TableName, Item: { pk: 'a', sk: '1', version: 3 } }));
    const condition = {
      TableName,
      ConditionExpression: 'version = :v',
      ExpressionAttributeValues: { ':v': 2 },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
    const Key = { pk: 'a', sk: '1' };
    const commands = [
      new PutCommand({ ...condition, Item: { ...Key, version: 4 } }),
      new DeleteCommand({ ...condition, Key }),
      new UpdateCommand({ ...condition, Key, UpdateExpression: 'SET version = :v' }),
    ];
    for (const command of commands) {
      const failure = await client.send(command as PutCommand).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConditionalCheckFailedException);
      expect((failure as ConditionalCheckFailedException).Item).toEqual({
        pk: { S: 'a' },
        sk: { S: '1' },
        version: { N: '3' },
      });
    }
    const unasked = new PutCommand({
      ...condition,
      ReturnValuesOnConditionCheckFailure: 'NONE',
      Item: { ...Key, version: 4 },
    });
    await expect(client.send(unasked)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: undefined,
    });
  });

  it('counts every one of many increments at once', async () => {
    const increment = () =>
      client.send(
        new UpdateCommand({
          TableName,
          Key: { pk: 'c', sk: '1' },
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': 1 },
        }),
      );
    await Promise.all(Array.from({ length: 50 }, increment));
    expect((await client.send(new GetCommand({ TableName, Key: { pk: 'c', sk: '1' } }))).Item!.n).toBe(50);
  });

  it('answers the 1,440 queries of an idle day in well under two seconds of work', async () => {
    for (let index = 0; index < 50; index++) {
      await mesh.call('PutItem', {
        TableName,
        Item: { pk: { S: `p${index}` }, sk: { S: 's' }, due: { S: 'due' }, dueAt: { S: `2026-${index + 10}` } },
      });
    }
    // Processor time: what else the machine does is not measured.
    const before = process.cpuUsage();
    for (let index = 0; index < 1440; index++) {
      await mesh.call('Query', {
        TableName,
        IndexName: 'due',
        KeyConditionExpression: 'due = :d AND dueAt < :now',
        ExpressionAttributeValues: { ':d': { S: 'due' }, ':now': { S: '2026-01' } },
      });
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

describe('accounts', () => {
  it('keep their tables apart, under their own ARNs', async () => {
    await mesh.table(TableName);
    await mesh.table(TableName, '222222222222');
    await client.send(new PutCommand({ TableName, Item: { pk: 'a', sk: '1' } }));
    const other = mesh.client('222222222222');
    expect((await other.send(new GetCommand({ TableName, Key: { pk: 'a', sk: '1' } }))).Item).toBeUndefined();
    const { Table } = await mesh.call('DescribeTable', { TableName }, '222222222222');
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      TableArn: 'arn:aws:dynamodb:us-east-1:222222222222:table/ledger',
    });
    expect(Table.GlobalSecondaryIndexes[0].IndexStatus).toBe('ACTIVE');
    expect(
      (
        await client.send(
          new GetCommand({
            TableName: 'arn:aws:dynamodb:us-east-1:111111111111:table/ledger',
            Key: { pk: 'a', sk: '1' },
          }),
        )
      ).Item,
    ).toEqual({ pk: 'a', sk: '1' });
  });
});

describe('IAM', () => {
  it.each<[string, Wire, string[]]>([
    ['GetItem', { TableName }, ['GetItem table/ledger']],
    ['Query', { TableName, IndexName: 'due' }, ['Query table/ledger/index/due']],
    ['Scan', { TableName: 'arn:aws:dynamodb:us-east-1:222222222222:table/other' }, ['Scan 222222222222 table/other']],
    ['BatchWriteItem', { RequestItems: { a: [], b: [] } }, ['BatchWriteItem table/a', 'BatchWriteItem table/b']],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'a' } },
          { Update: { TableName: 'a' } },
          { Delete: { TableName: 'b' } },
          { ConditionCheck: { TableName: 'b' } },
        ],
      },
      ['PutItem table/a', 'UpdateItem table/a', 'DeleteItem table/b', 'ConditionCheckItem table/b'],
    ],
    ['TransactGetItems', { TransactItems: [{ Get: { TableName: 'a' } }] }, ['GetItem table/a']],
    ['ListTables', {}, ['ListTables *']],
  ])('%s touches what it names', async (operation, input, expected) => {
    const accesses = await mesh.service.operations[operation]!.access(input, administrator('111111111111'));
    const shown = accesses.map(({ action, resource }) =>
      `${action} ${resource}`
        .replace('dynamodb:', '')
        .replace('arn:aws:dynamodb:us-east-1:111111111111:', '')
        .replace('arn:aws:dynamodb:us-east-1:222222222222:', '222222222222 '),
    );
    expect(shown).toEqual(expected);
  });
});

describe('what DynamoDB has and the mesh has not', () => {
  it.each<[string, Wire, RegExp]>([
    ['CreateTable', { TableName, StreamSpecification: { StreamEnabled: true } }, /streams/],
    ['CreateTable', { TableName, ResourcePolicy: '{}' }, /ResourcePolicy/],
    ['UpdateTable', { TableName, GlobalSecondaryIndexUpdates: [{ Create: {} }] }, /indexes/],
  ])('%s is refused by name', async (operation, input, message) => {
    await expect(mesh.call(operation, input)).rejects.toMatchObject({
      code: 'NotImplementedInLocalMesh',
      message: expect.stringMatching(message),
    });
  });

  it('answers for tables that are not there, and that are there twice, as DynamoDB does', async () => {
    await expect(client.send(new GetCommand({ TableName: 'none', Key: { pk: 'a' } }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await mesh.table(TableName);
    await expect(mesh.table(TableName)).rejects.toMatchObject({ code: 'ResourceInUseException' });
    await mesh.call('DeleteTable', { TableName });
    expect(await mesh.call('ListTables', {})).toEqual({ TableNames: [] });
    await mesh.table(TableName);
    expect(await mesh.call('ListTables', {})).toEqual({ TableNames: [TableName] });
  });
});

describe('Powertools Idempotency', () => {
  it('does the work once, and gives the stored answer and the in-progress error', async () => {
    await mesh.call('CreateTable', {
      TableName: 'idempotency',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    });
    let runs = 0;
    let release = () => {};
    const work = makeIdempotent(
      async (event: { eventId: string; waits?: boolean }) => {
        runs++;
        if (event.waits)
          await new Promise<void>(resolve => {
            release = resolve;
          });
        return { run: runs };
      },
      {
        persistenceStore: new DynamoDBPersistenceLayer({ tableName: 'idempotency', awsSdkV3Client: mesh.rawClient() }),
        config: new IdempotencyConfig({
          eventKeyJmesPath: 'eventId',
          lambdaContext: { getRemainingTimeInMillis: () => 10_000 } as Context,
        }),
        keyPrefix: 'test',
      },
    );
    expect(await work({ eventId: 'a' })).toEqual({ run: 1 });
    expect(await work({ eventId: 'a' })).toEqual({ run: 1 });
    const first = work({ eventId: 'b', waits: true });
    await expect.poll(() => runs).toBe(2);
    await expect(work({ eventId: 'b' })).rejects.toMatchObject({ name: 'IdempotencyAlreadyInProgressError' });
    release();
    expect(await first).toEqual({ run: 2 });
    expect(runs).toBe(2);
  });
});
