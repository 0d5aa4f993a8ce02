import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { newPair } from '../../../shared/access/pair-record.ts';
import { LedgerTable } from '../../../shared/aws/ledger-table.ts';
import { fault } from './faults.ts';
import { END, grant, NOW, pair, pairItem, request } from './ledger-sample.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const ledger = new LedgerTable(DynamoDBDocumentClient.from(new DynamoDBClient()), 'ledger');

beforeEach(() => dynamo.reset());

describe('reading the ledger', () => {
  it('gives a request with the token of whoever waits, read consistently', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { request, taskToken: 'token' } })
      .resolves({});
    expect(await ledger.loadRequest('req-1')).toEqual({ ...request, taskToken: 'token' });
    expect(await ledger.loadRequest('req-2')).toBeUndefined();
    expect(dynamo).toHaveReceivedNthCommandWith(GetCommand, 1, {
      Key: { pk: 'request#req-1', sk: 'request' },
      ConsistentRead: true,
    });
  });

  it('gives a pair with its grants in one consistent read', async () => {
    const record = { ...newPair(pair), revision: 3 };
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { ...pairItem, record, grants: [grant] } })
      .resolves({});
    expect(await ledger.loadPair(pair)).toEqual({ record, grants: [grant] });
    expect(dynamo).toHaveReceivedCommandWith(GetCommand, { Key: pairItem, ConsistentRead: true });
    expect(await ledger.loadPair(pair)).toEqual({ record: newPair(pair), grants: [] });
  });

  it("counts the grants of all of an account's principals on a table, over all pages, also an empty one", async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [{ grants: [] }, { grants: [grant, grant] }], LastEvaluatedKey: { pk: 1 } })
      .resolvesOnce({ LastEvaluatedKey: { pk: 2 } })
      .resolvesOnce({ Items: [{ grants: [grant] }] });
    expect(await ledger.countGrants('444444444444', pair.table)).toBe(3);
    expect(dynamo.commandCalls(QueryCommand)[0]?.args[0].input).toMatchObject({
      ConsistentRead: true,
      ExpressionAttributeValues: { ':pk': 'table#aviation_ops.flights', ':account': 'pair#arn:aws:iam::444444444444:' },
    });
  });
});

describe("a pair's record", () => {
  const record = { ...newPair(pair), desiredVersion: 2, settledVersion: 2, revision: 4 };

  it('is written as it was read, without its grants, and due no more once it is settled', async () => {
    dynamo.on(UpdateCommand).resolves({});
    await ledger.savePair(record, NOW);
    await ledger.savePair({ ...record, desiredVersion: 3 }, NOW);
    const [settled, unsettled] = dynamo.commandCalls(UpdateCommand).map(call => call.args[0].input);
    expect(settled).toMatchObject({
      Key: pairItem,
      ConditionExpression: 'revision = :read',
      ExpressionAttributeValues: { ':read': 3, ':record': record, ':grants': [] },
    });
    expect(settled?.UpdateExpression).toContain('grants = if_not_exists(grants, :grants)');
    expect(settled?.UpdateExpression).toContain('REMOVE due, dueAt');
    expect(unsettled?.ExpressionAttributeValues).toMatchObject({ ':due': 'due', ':dueAt': NOW });
  });

  it.each(['ConditionalCheckFailedException', 'TransactionConflictException'])(
    'that moved is not overwritten: %s',
    async name => {
      dynamo.on(UpdateCommand).rejects(fault(name));
      await expect(ledger.savePair(record, NOW)).rejects.toThrow(
        expect.objectContaining({ name: 'LedgerConflictError' }),
      );
    },
  );

  it('is put off, and unsettled, without another change', async () => {
    dynamo.on(UpdateCommand).resolves({});
    await ledger.postponePair(pair, END);
    expect(dynamo).toHaveReceivedCommandExactlyOnceWith(UpdateCommand, {
      TableName: 'ledger',
      Key: pairItem,
      UpdateExpression: 'SET due = :due, dueAt = :dueAt, #record.settledVersion = :unsettled',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#record': 'record' },
      ExpressionAttributeValues: { ':due': 'due', ':dueAt': END, ':unsettled': -1 },
    });
  });

  it('is not made by being put off, and is put off again when a transaction is on it', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(fault('ConditionalCheckFailedException'))
      .rejects(fault('TransactionConflictException'));
    await expect(ledger.postponePair(pair, END)).resolves.toBeUndefined();
    await expect(ledger.postponePair(pair, END)).rejects.toThrow(
      expect.objectContaining({ name: 'LedgerConflictError' }),
    );
  });

  it('surfaces every other fault', async () => {
    dynamo.on(UpdateCommand).rejects(fault('ThrottlingException'));
    await expect(ledger.savePair(record, NOW)).rejects.toThrow(
      expect.objectContaining({ name: 'ThrottlingException' }),
    );
    await expect(ledger.postponePair(pair, END)).rejects.toThrow(
      expect.objectContaining({ name: 'ThrottlingException' }),
    );
  });
});

describe('the token of a waiting machine', () => {
  it('is kept with its request, whose state as of now is given', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: { request, taskToken: 'token' } });
    expect(await ledger.saveTaskToken('req-1', 'token')).toEqual({ ...request, taskToken: 'token' });
  });

  it('makes no request where there is none, and surfaces every other fault', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(fault('ConditionalCheckFailedException'))
      .rejects(fault('ThrottlingException'));
    expect(await ledger.saveTaskToken('req-1', 'token')).toBeUndefined();
    await expect(ledger.saveTaskToken('req-1', 'token')).rejects.toThrow(
      expect.objectContaining({ name: 'ThrottlingException' }),
    );
  });
});
