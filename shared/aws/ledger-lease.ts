import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Instant } from '../access/access-request.ts';
import { type Lease, leaseOver, TableLockedError, unsureAfter } from '../access/ledger.ts';
import { isError } from './aws-errors.ts';
import { leaseKey } from './ledger-keys.ts';

/**
 * Takes a table's lease in one call when it is free. A lease whose holder's time is over, or that a released one left with a doubt, is
 * taken over in a second call, with the doubt that goes with it. Its holder stands within `lease` alone: an attribute `holder` of the item would
 * put it into the index of accounts.
 */
export async function takeLease(
  client: DynamoDBDocumentClient,
  tableName: string,
  { table, holder, now, until }: { table: string; holder: string; now: Instant; until: Instant },
): Promise<Lease> {
  const lease: Lease = { table, holder, until };
  try {
    await client.send(
      new PutCommand({
        TableName: tableName,
        Item: { ...leaseKey(table), lease },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return lease;
  } catch (error) {
    if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    const held = await heldLease(client, tableName, table);
    // The answer to an earlier try of this very call was lost.
    if (held?.holder === holder) return held;
    if (!held || !leaseOver(held, now)) throw new TableLockedError(table, { cause: error });
    return takeOver(client, tableName, lease, held, now);
  }
}

async function takeOver(
  client: DynamoDBDocumentClient,
  tableName: string,
  free: Lease,
  held: Lease,
  now: Instant,
): Promise<Lease> {
  const unsureUntil = unsureAfter(held, now);
  const lease: Lease = { ...free, ...(unsureUntil !== undefined && { unsureUntil }) };
  try {
    await client.send(
      new PutCommand({
        TableName: tableName,
        Item: { ...leaseKey(lease.table), lease },
        ConditionExpression: 'lease.holder = :held',
        ExpressionAttributeValues: { ':held': held.holder },
      }),
    );
    return lease;
  } catch (error) {
    if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    const taken = await heldLease(client, tableName, lease.table);
    if (taken?.holder === lease.holder) return taken;
    throw new TableLockedError(lease.table, { cause: error });
  }
}

async function heldLease(client: DynamoDBDocumentClient, tableName: string, table: string): Promise<Lease | undefined> {
  const Key = leaseKey(table);
  const { Item } = await client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }));
  return Item?.lease as Lease | undefined;
}

/** Gives the lease back; a doubt that goes with it stays behind for the next holder. */
export async function releaseLease(client: DynamoDBDocumentClient, tableName: string, lease: Lease): Promise<void> {
  const isMine = { ConditionExpression: 'lease.holder = :mine', ExpressionAttributeValues: { ':mine': lease.holder } };
  const Key = leaseKey(lease.table);
  try {
    if (lease.unsureUntil === undefined) {
      await client.send(new DeleteCommand({ TableName: tableName, Key, ...isMine }));
    } else {
      const left = { ...lease, holder: `${lease.holder} released`, isReleased: true };
      await client.send(new PutCommand({ TableName: tableName, Item: { ...Key, lease: left }, ...isMine }));
    }
  } catch (error) {
    // Another took it over because this holder's time was over.
    if (!isError(error, 'ConditionalCheckFailedException')) throw error;
  }
}
