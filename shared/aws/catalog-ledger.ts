import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { PairRecord } from '../access/pair-record.ts';
import type { KeptOutTables, PendingRemovals, TablePlace } from '../catalog/catalog-ports.ts';
import type { DueRemoval, RemovalServices } from '../catalog/remove-table.ts';
import type { KnownPartitions, PartitionActivity, PartitionsEnd } from '../catalog/sync-partitions.ts';
import type { Quarantine } from '../catalog/table-marks.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { cancellationCodes, isError } from './aws-errors.ts';
import { closedKey, DUE, type Key, missingKey, pairPrefix, partitionsKey, quarantineKey } from './ledger-keys.ts';
import { waitingToBeTold } from './outbox-table.ts';

const POSTPONED_MILLISECONDS = 600_000;

/** What the catalog keeps in the ledger's table: what a central table cannot say of itself. */
export class CatalogLedger implements PartitionActivity, KeptOutTables, PendingRemovals {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => string;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => string) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async begin(domain: string, database: string, table: string) {
    const { Attributes = {} } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: partitionsKey(domain, database, table),
        UpdateExpression: 'ADD looks :one',
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const { looks, unfinished, keptOut } = Attributes as {
      looks: number;
      unfinished?: Set<string>;
      keptOut?: string[];
    };
    return { looks, unfinished: [...(unfinished ?? [])], keptOut: keptOut ?? [] };
  }

  async writing(domain: string, database: string, table: string, by: string): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: partitionsKey(domain, database, table),
        UpdateExpression: 'ADD unfinished :by',
        ExpressionAttributeValues: { ':by': new Set([by]) },
      }),
    );
  }

  async finish(
    domain: string,
    database: string,
    table: string,
    { looks, by, at, changes, keptOut }: PartitionsEnd,
  ): Promise<boolean> {
    const hasChanged = changes.length > 0;
    const { Attributes = {} } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: partitionsKey(domain, database, table),
        UpdateExpression: `SET keptOut = :keptOut${hasChanged ? ', changedAt = :at, changes = :changes, changedBy = :writer' : ''} DELETE unfinished :by`,
        ExpressionAttributeValues: {
          ':keptOut': keptOut,
          ':by': new Set([by]),
          ...(hasChanged && { ':at': at, ':changes': changes, ':writer': by }),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes.looks === looks;
  }

  async knownIn(domain: string, database: string): Promise<Map<string, KnownPartitions>> {
    const items = await this.#itemsOf(partitionsKey(domain, database));
    return new Map(items.map(([table, item]) => [table, toKnown(item)]));
  }

  async keptOutIn(domain: string, database: string): Promise<Map<string, Quarantine>> {
    const items = await this.#itemsOf(quarantineKey(domain, database));
    return new Map(items.map(([table, { quarantine }]) => [table, quarantine as Quarantine]));
  }

  /** The items of a database's tables, by the producer's names. */
  async #itemsOf({ pk, sk }: Key): Promise<[table: string, item: Record<string, unknown>][]> {
    const found: [string, Record<string, unknown>][] = [];
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages)
      found.push(...Items.map(item => [String(item.sk).slice(sk.length), item] as [string, Record<string, unknown>]));
    return found;
  }

  async load(place: TablePlace): Promise<Quarantine | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({
        TableName: this.#table,
        Key: quarantineKey(place.domain, place.sourceDatabase, place.table),
        ConsistentRead: true,
      }),
    );
    return Item?.quarantine as Quarantine | undefined;
  }

  async save(place: TablePlace, quarantine: Quarantine, event: ToldEvent): Promise<void> {
    const Item = { ...quarantineKey(place.domain, place.sourceDatabase, place.table), quarantine };
    await this.#client.send(
      new TransactWriteCommand({
        TransactItems: [{ Put: { TableName: this.#table, Item } }, { Put: this.#waiting(event) }],
      }),
    );
  }

  async forget(place: TablePlace, event?: ToldEvent): Promise<void> {
    const Delete = { TableName: this.#table, Key: quarantineKey(place.domain, place.sourceDatabase, place.table) };
    if (!event) await this.#client.send(new DeleteCommand(Delete));
    else
      await this.#client.send(new TransactWriteCommand({ TransactItems: [{ Delete }, { Put: this.#waiting(event) }] }));
  }

  async schedule(place: TablePlace, since: string, dueAt: string): Promise<void> {
    const removal: DueRemoval = { place, since };
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...missingKey(centralName(place)), removal, due: DUE, dueAt } }),
    );
  }

  async cancel(place: TablePlace): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: missingKey(centralName(place)) }));
  }

  readonly due: RemovalServices['due'] = {
    load: async table => {
      const { Item } = await this.#client.send(
        new GetCommand({ TableName: this.#table, Key: missingKey(table), ConsistentRead: true }),
      );
      return Item?.removal as DueRemoval | undefined;
    },
    postpone: async table => {
      const dueAt = new Date(Date.parse(this.#now()) + POSTPONED_MILLISECONDS).toISOString();
      const postpone = new UpdateCommand({
        TableName: this.#table,
        Key: missingKey(table),
        UpdateExpression: 'SET dueAt = :dueAt',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':dueAt': dueAt },
      });
      try {
        await this.#client.send(postpone);
      } catch (error) {
        // It is there again, or gone for good.
        if (!isError(error, 'ConditionalCheckFailedException')) throw error;
      }
    },
    conclude: async (table, event) => {
      const forget = (Key: Key) => ({ TableName: this.#table, Key });
      const removal = forget(missingKey(table));
      const opened = { Delete: forget(closedKey(table)) };
      if (!event) {
        await this.#client.send(new TransactWriteCommand({ TransactItems: [{ Delete: removal }, opened] }));
        return true;
      }
      const isFirst = { ...removal, ConditionExpression: 'attribute_exists(pk)' };
      try {
        await this.#client.send(
          new TransactWriteCommand({ TransactItems: [{ Delete: isFirst }, opened, { Put: this.#waiting(event) }] }),
        );
        return true;
      } catch (error) {
        if (cancellationCodes(error)?.[0] !== 'ConditionalCheckFailed') throw error;
        return false;
      }
    },
  };

  readonly grants: RemovalServices['grants'] = {
    close: async (table, ender = 'sweep') => {
      await this.#close(table, ender);
      return this.#isFree(table);
    },
  };

  async #close(table: string, ender: 'sweep' | 'offboarding'): Promise<void> {
    const at = this.#now();
    const close = new PutCommand({
      TableName: this.#table,
      Item: { ...closedKey(table), at, ...(ender === 'sweep' && { due: DUE, dueAt: at }) },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    try {
      await this.#client.send(close);
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
  }

  /** Whether nobody has anything on the table, nor will be found to have had. */
  async #isFree(table: string): Promise<boolean> {
    const { pk, sk } = pairPrefix(table);
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) {
      for (const item of Items) {
        const { applied, desiredVersion, settledVersion } = item.record as PairRecord;
        const isIdle = desiredVersion === settledVersion && Object.keys(applied).length === 0;
        if ((item.grants as unknown[]).length > 0 || !isIdle) return false;
      }
    }
    return true;
  }

  #waiting(event: ToldEvent) {
    return { TableName: this.#table, Item: waitingToBeTold(event, this.#now()) };
  }
}

function toKnown({ keptOut = [], unfinished = [], changedBy }: Record<string, unknown>): KnownPartitions {
  return {
    keptOut: keptOut as string[],
    unfinished: [...(unfinished as Iterable<string>)],
    ...(changedBy !== undefined && { changedBy: changedBy as string }),
  };
}

function centralName({ database, table }: TablePlace): string {
  return `${database}.${table}`;
}
