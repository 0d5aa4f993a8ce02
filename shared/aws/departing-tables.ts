import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  type QueryCommandInput,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DepartingTables, LeavingTables } from '../catalog/offboard-tables.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { cancellationCodes, isError } from './aws-errors.ts';
import {
  closedKey,
  type Key,
  leavingTableKey,
  leavingTablesKey,
  missingKey,
  partitionsKey,
  quarantineKey,
} from './ledger-keys.ts';
import { waitingToBeTold } from './outbox-table.ts';

const DELETES_AT_ONCE = 10;

/** What the ledger keeps of tables that leave, for the one writer of the central catalog. */
export class DepartingTablesLedger implements DepartingTables {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => string;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => string) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async claim(domain: string, now: string, until: string): Promise<LeavingTables | undefined> {
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: leavingTablesKey(domain),
          UpdateExpression: 'SET startedAt = if_not_exists(startedAt, :now), dueAt = :until',
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(doneAt)',
          ExpressionAttributeValues: { ':now': now, ':until': until },
          ReturnValues: 'ALL_NEW',
        }),
      );
      const { account, since, startedAt } = Attributes as Omit<LeavingTables, 'domain'>;
      return { domain, account, since, startedAt };
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  }

  async note(domain: string, table: string): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: leavingTableKey(domain, table) }));
  }

  async *noted(domain: string): AsyncGenerator<string[]> {
    const { pk, sk } = leavingTableKey(domain);
    for await (const keys of this.#keys(pk, sk)) yield keys.map(key => key.sk.slice(sk.length));
  }

  async conclude(domain: string, table: string, event?: ToldEvent): Promise<boolean> {
    const forget = (Key: Key) => ({ TableName: this.#table, Key });
    const isFirst = event && { ConditionExpression: 'attribute_exists(pk)' };
    const TransactItems = [
      { Delete: { ...forget(leavingTableKey(domain, table)), ...isFirst } },
      { Delete: forget(missingKey(table)) },
      { Delete: forget(closedKey(table)) },
      ...(event ? [{ Put: { TableName: this.#table, Item: waitingToBeTold(event, this.#now()) } }] : []),
    ];
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems }));
      return true;
    } catch (error) {
      if (cancellationCodes(error)?.[0] !== 'ConditionalCheckFailed') throw error;
      return false;
    }
  }

  async forgetRest(domain: string): Promise<number> {
    let count = 0;
    for (const { pk } of [partitionsKey(domain, ''), quarantineKey(domain, '', '')])
      for await (const keys of this.#keys(pk))
        for (let start = 0; start < keys.length; start += DELETES_AT_ONCE) {
          const some = keys.slice(start, start + DELETES_AT_ONCE);
          await Promise.all(some.map(Key => this.#client.send(new DeleteCommand({ TableName: this.#table, Key }))));
          count += some.length;
        }
    return count;
  }

  async *#keys(pk: string, sk?: string): AsyncGenerator<Key[]> {
    const query: QueryCommandInput = {
      TableName: this.#table,
      KeyConditionExpression: sk === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ...(sk !== undefined && { ':sk': sk }) },
      ProjectionExpression: 'pk, sk',
      ConsistentRead: true,
    };
    for await (const { Items = [] } of paginateQuery({ client: this.#client }, query))
      yield Items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }));
  }

  async saveProgress({ domain, startedAt }: LeavingTables, left: number, lookAgainAt: string): Promise<void> {
    await this.#change(domain, 'SET #left = :left, dueAt = :dueAt', {
      ':left': left,
      ':dueAt': lookAgainAt,
      ':startedAt': startedAt,
    });
  }

  async finish({ domain, startedAt }: LeavingTables, doneAt: string): Promise<void> {
    await this.#change(domain, 'SET #left = :left, doneAt = :doneAt REMOVE due, dueAt', {
      ':left': 0,
      ':doneAt': doneAt,
      ':startedAt': startedAt,
    });
  }

  /** Of this departure alone: another has finished it meanwhile, or it is forgotten, and then there is nothing to keep. */
  async #change(domain: string, UpdateExpression: string, values: Record<string, unknown>): Promise<void> {
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: leavingTablesKey(domain),
          UpdateExpression,
          ConditionExpression: 'startedAt = :startedAt AND attribute_not_exists(doneAt)',
          // A reserved word of DynamoDB's.
          ExpressionAttributeNames: { '#left': 'left' },
          ExpressionAttributeValues: values,
        }),
      );
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
  }
}
