import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Rig, rig } from './rig.ts';

const TableName = 'ledger';
const HOUR = 3600;
let mesh: Rig;
let client: DynamoDBDocumentClient;
beforeEach(async () => {
  mesh = await rig();
  client = mesh.client();
  await mesh.table(TableName);
});
afterEach(() => mesh.close());

const enable = () =>
  mesh.call('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } });
const inSeconds = (seconds: number) => Math.floor(mesh.clock.now() / 1000) + seconds;
const put = (pk: string, ttl: unknown) =>
  client.send(new PutCommand({ TableName, Item: { pk, sk: '1', ttl, due: 'due', dueAt: pk } }));
const isThere = async (pk: string) => {
  const { Item } = await client.send(new GetCommand({ TableName, Key: { pk, sk: '1' } }));
  return Item !== undefined;
};

it('deletes an expired item, from its indexes too, within the hour after its time, and no other', async () => {
  await put('before', inSeconds(10 * HOUR));
  await enable();
  await put('soon', inSeconds(2 * HOUR));
  await put('later', inSeconds(48 * HOUR));
  await put('text', 'not a number');
  await put('ancient', inSeconds(-6 * 365 * 24 * HOUR));
  await client.send(
    new TransactWriteCommand({
      TransactItems: [{ Put: { TableName, Item: { pk: 'both', sk: '1', ttl: inSeconds(2 * HOUR) } } }],
    }),
  );
  await mesh.clock.advance(2 * HOUR - 60);
  expect(await isThere('soon')).toBe(true);
  await mesh.clock.advance(HOUR + 120);
  expect(await Promise.all(['before', 'soon', 'both'].map(isThere))).toEqual([true, false, false]);
  await mesh.clock.advance(9 * HOUR);
  expect(await Promise.all(['before', 'later', 'text', 'ancient'].map(isThere))).toEqual([false, true, true, true]);
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'due',
      KeyConditionExpression: 'due = :d',
      ExpressionAttributeValues: { ':d': 'due' },
    }),
  );
  expect(Items!.map(({ pk }) => pk).sort()).toEqual(['ancient', 'later', 'text']);
});

it('keeps an item whose time was moved on or taken away', async () => {
  await enable();
  await put('moved', inSeconds(HOUR));
  await put('freed', inSeconds(HOUR));
  const update = (pk: string, UpdateExpression: string, values?: Record<string, unknown>) =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: { pk, sk: '1' },
        UpdateExpression,
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ...(values && { ExpressionAttributeValues: values }),
      }),
    );
  await update('moved', 'SET #ttl = :t', { ':t': inSeconds(30 * HOUR) });
  await update('freed', 'REMOVE #ttl');
  await mesh.clock.advance(10 * HOUR);
  expect([await isThere('moved'), await isThere('freed')]).toEqual([true, true]);
  await mesh.clock.advance(30 * HOUR);
  expect([await isThere('moved'), await isThere('freed')]).toEqual([false, true]);
});

it('describes, refuses to be switched on twice, and keeps everything once it is off', async () => {
  const described = async () => (await mesh.call('DescribeTimeToLive', { TableName })).TimeToLiveDescription;
  expect(await described()).toEqual({ TimeToLiveStatus: 'DISABLED' });
  await enable();
  expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  await expect(enable()).rejects.toMatchObject({
    code: 'ValidationException',
    message: 'TimeToLive is already enabled',
  });
  await put('soon', inSeconds(HOUR));
  await mesh.call('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: false } });
  await mesh.clock.advance(10 * HOUR);
  expect(await isThere('soon')).toBe(true);
});

it('keeps tags and point-in-time recovery', async () => {
  const ResourceArn = `arn:aws:dynamodb:us-east-1:111111111111:table/${TableName}`;
  await mesh.call('TagResource', { ResourceArn, Tags: [{ Key: 'stage', Value: 'local' }] });
  expect((await mesh.call('ListTagsOfResource', { ResourceArn })).Tags).toEqual([{ Key: 'stage', Value: 'local' }]);
  await mesh.call('UpdateContinuousBackups', {
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  const { ContinuousBackupsDescription } = await mesh.call('DescribeContinuousBackups', { TableName });
  expect(ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus).toBe('ENABLED');
});
