import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, describe, expect, it } from 'vitest';
import { CatalogLedger } from '../../../shared/aws/catalog-ledger.ts';
import { MeshTable } from '../../../shared/aws/mesh-table.ts';
import { OutboxTable } from '../../../shared/aws/outbox-table.ts';
import { toldEvent } from '../../../shared/telling/told-event.ts';
import { MESH } from '../catalog/world.ts';
import { fault } from './faults.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
const NOW = '2026-11-21T09:00:00.000Z';
const event = toldEvent('Catalog Table Synced', ['flights'], NOW, ['222222222222'], {
  domain: 'aviation',
  database: 'aviation_ops',
  table: 'flights',
  changes: ['created'],
});

beforeEach(() => dynamo.reset());

describe('the outbox', () => {
  const outbox = new OutboxTable(documents, 'ledger', () => NOW);
  const Key = { pk: `told#${event.eventId}`, sk: 'told' };

  it('gives an event back, read consistently, and nothing once it was told', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { ...Key, event } })
      .resolves({});
    expect(await outbox.load(event.eventId)).toEqual(event);
    expect(await outbox.load(event.eventId)).toBeUndefined();
    expect(dynamo).toHaveReceivedNthCommandWith(GetCommand, 1, { TableName: 'ledger', Key, ConsistentRead: true });
  });

  it('keeps an event for the sweep, due in five minutes', async () => {
    dynamo.on(PutCommand).resolves({});
    await outbox.keep({ ...event, destinations: ['222222222222'] });
    expect(dynamo).toHaveReceivedCommandExactlyOnceWith(PutCommand, {
      TableName: 'ledger',
      Item: {
        ...Key,
        event: { ...event, destinations: ['222222222222'] },
        due: 'due',
        dueAt: '2026-11-21T09:05:00.000Z',
      },
    });
  });

  it('forgets events, and surfaces that it could not', async () => {
    dynamo.on(DeleteCommand).resolvesOnce({}).rejects(fault('ThrottlingException'));
    await outbox.clear([event.eventId]);
    expect(dynamo).toHaveReceivedCommandExactlyOnceWith(DeleteCommand, { TableName: 'ledger', Key });
    await expect(outbox.clear(['other'])).rejects.toThrow(expect.objectContaining({ name: 'ThrottlingException' }));
  });
});

describe('the end of a removal', () => {
  const ledger = new CatalogLedger(documents, 'ledger', () => NOW);
  const conclude = () => ledger.due.conclude('aviation_ops.flights', event);
  const cancelled = (...codes: string[]) =>
    fault('TransactionCanceledException', 'cancelled', { CancellationReasons: codes.map(Code => ({ Code })) });

  it('keeps its event with it, for the first who comes to it', async () => {
    dynamo
      .on(TransactWriteCommand)
      .resolvesOnce({})
      .rejects(cancelled('ConditionalCheckFailed', 'None', 'None'));
    expect(await conclude()).toBe(true);
    expect(await conclude()).toBe(false);
    const [first] = dynamo.commandCalls(TransactWriteCommand);
    expect(first?.args[0].input.TransactItems).toMatchObject([
      { Delete: { ConditionExpression: 'attribute_exists(pk)' } },
      { Delete: {} },
      { Put: { Item: { event } } },
    ]);
  });

  it("is not taken for another's when two are at it in the same moment", async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('TransactionConflict', 'None', 'None'));
    await expect(conclude()).rejects.toThrow('cancelled');
  });
});

describe('the applied mesh', () => {
  const store = new MeshTable(documents, 'ledger');
  const applied = { mesh: MESH, policies: { schema: '', guardrails: '', domains: {} }, appliedAt: NOW };

  it('is one item, read consistently, and absent before the first apply', async () => {
    dynamo.on(PutCommand).resolves({});
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolves({ Item: { pk: 'mesh', sk: 'current', applied } });
    expect(await store.load()).toBeUndefined();
    await store.save(applied);
    expect(dynamo).toHaveReceivedCommandExactlyOnceWith(PutCommand, {
      TableName: 'ledger',
      Item: { pk: 'mesh', sk: 'current', applied },
    });
    expect(await store.load()).toEqual(applied);
    expect(dynamo).toHaveReceivedCommandWith(GetCommand, { Key: { pk: 'mesh', sk: 'current' }, ConsistentRead: true });
  });

  it('is not taken for absent when it cannot be read', async () => {
    dynamo.on(GetCommand).rejects(fault('AccessDeniedException'));
    await expect(store.load()).rejects.toThrow(expect.objectContaining({ name: 'AccessDeniedException' }));
  });
});
