import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { StagedEvents } from '../catalog/sync-table.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { isError } from './aws-errors.ts';
import { seenKey, stagedKey } from './ledger-keys.ts';

/** Events of catalog changes, kept in the ledger's table beside what is kept of the table itself. */
export class StagedTable implements StagedEvents {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async load(table: string): Promise<ToldEvent[]> {
    const { pk, sk } = stagedKey(table, '');
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
        ConsistentRead: true,
      }),
    );
    return Items.map(item => item.event as ToldEvent);
  }

  async stage(table: string, event: ToldEvent): Promise<void> {
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...stagedKey(table, event.eventId), event } }),
    );
  }

  async clear(table: string, eventId: string): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: stagedKey(table, eventId) }));
  }

  async markOnce(account: string, eventId: string, at: string): Promise<boolean> {
    const ttl = Math.floor(Date.parse(at) / 1000) + MARK_SECONDS;
    const item = new PutCommand({
      TableName: this.#table,
      Item: { ...seenKey(account, eventId), at, ttl },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    try {
      await this.#client.send(item);
      return true;
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    }
  }
}

const MARK_SECONDS = 400 * 86_400;
