import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import type { LeavingStatus } from '../mesh/offboard.ts';
import { isError } from './aws-errors.ts';
import { DUE, leavingKey } from './ledger-keys.ts';

/** The intents of offboarding, one item of the ledger's table for each thing; due, until the worker sets `doneAt`. */
export class LeavingTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => string;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => string) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  /** An intent that is there stays as it is, and how far its work is. */
  async begin(thing: LeavingThing): Promise<void> {
    const since = this.#now();
    const Item = { ...leavingKey(thing), leaving: { ...thing, since }, due: DUE, dueAt: since };
    try {
      await this.#client.send(
        new PutCommand({ TableName: this.#table, Item, ConditionExpression: 'attribute_not_exists(leaving)' }),
      );
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
  }

  async read(things: readonly LeavingThing[]): Promise<(LeavingStatus | undefined)[]> {
    return Promise.all(things.map(thing => this.#readOne(thing)));
  }

  async #readOne(thing: LeavingThing): Promise<LeavingStatus | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: leavingKey(thing), ConsistentRead: true }),
    );
    if (!Item?.leaving) return undefined;
    const { grants, tables } = (Item.progress ?? {}) as { grants?: number; tables?: number };
    return { isDone: Item.doneAt !== undefined, grants, tables };
  }

  async forget(thing: LeavingThing): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: leavingKey(thing) }));
  }
}
