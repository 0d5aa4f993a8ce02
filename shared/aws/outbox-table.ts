import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Outbox } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { DUE, toldKey } from './ledger-keys.ts';

/** How long the sweep leaves an event that did not reach a bus. */
const AGAIN_MILLISECONDS = 300_000;

/** When the sweep tells an event that whoever kept it did not come to tell. */
const UNTOLD_MILLISECONDS = 60_000;

/** The item of an event that waits to be told, for who writes it in a transaction of its own. */
export function waitingToBeTold(event: ToldEvent, now: string) {
  const dueAt = new Date(Date.parse(now) + UNTOLD_MILLISECONDS).toISOString();
  return { ...toldKey(event.eventId), event, due: DUE, dueAt };
}

/** The outbox: items of the ledger's table, written in its transactions. */
export class OutboxTable implements Outbox {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => string;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => string) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async load(eventId: string): Promise<ToldEvent | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: toldKey(eventId), ConsistentRead: true }),
    );
    return Item?.event as ToldEvent | undefined;
  }

  async clear(eventIds: readonly string[]): Promise<void> {
    const deletes = eventIds.map(eventId => new DeleteCommand({ TableName: this.#table, Key: toldKey(eventId) }));
    await Promise.all(deletes.map(command => this.#client.send(command)));
  }

  async keep(event: ToldEvent): Promise<void> {
    const dueAt = new Date(Date.parse(this.#now()) + AGAIN_MILLISECONDS).toISOString();
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...toldKey(event.eventId), event, due: DUE, dueAt } }),
    );
  }
}
