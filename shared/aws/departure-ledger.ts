import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  type QueryCommandInput,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { type AccessRequest, type ActiveGrant, type Instant, tablesOf } from '../access/access-request.ts';
import type { Departure, DepartureProgress, Departures, OpenRequest, TablesProgress } from '../access/departures.ts';
import { isSettled, type PairReading, type PairRecord } from '../access/pair-record.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import { isError } from './aws-errors.ts';
import { DUE, HOLDER_INDEX, leavingKey, leavingTablesKey, OWNER_INDEX } from './ledger-keys.ts';

const OPEN_STATES = ['waiting', 'approved', 'granted', 'ending'];

/** The intents of offboarding, as the function that ends access works on them. */
export class DepartureLedger implements Departures {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async claim(kind: LeavingThing['kind'], name: string, now: Instant, until: Instant): Promise<Departure | undefined> {
    const Key = leavingKey(
      kind === 'domain' ? { kind, domain: name, account: '' } : { kind: 'account' as const, account: name },
    );
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key,
          UpdateExpression: 'SET startedAt = if_not_exists(startedAt, :now), dueAt = :until',
          ConditionExpression: 'attribute_exists(leaving) AND attribute_not_exists(doneAt)',
          ExpressionAttributeValues: { ':now': now, ':until': until },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return { thing: Attributes.leaving as LeavingThing, startedAt: String(Attributes.startedAt) };
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  }

  async *openRequests(thing: LeavingThing): AsyncGenerator<OpenRequest[]> {
    const names = OPEN_STATES.map((_, index) => `:state${index}`);
    const pages = this.#query(thing, 'request#', {
      FilterExpression: `#request.#state.#status IN (${names.join(', ')})`,
      ExpressionAttributeNames: { '#request': 'request', '#state': 'state', '#status': 'status' },
      ExpressionAttributeValues: Object.fromEntries(OPEN_STATES.map((state, index) => [`:state${index}`, state])),
    });
    for await (const items of pages) {
      const requests = items
        .map(({ request }) => request as AccessRequest)
        // An account may hold several domains.
        .filter(({ domain }) => thing.kind === 'account' || domain === thing.domain);
      yield requests.map(request => {
        const { requestId, principal } = request;
        return { requestId, pairs: tablesOf(request).map(table => ({ principal, table })) };
      });
    }
  }

  async *restlessPairs(thing: LeavingThing): AsyncGenerator<PairReading[]> {
    for await (const items of this.#query(thing, thing.kind === 'domain' ? `table#${thing.domain}_` : 'table#'))
      yield items
        .map(({ record, grants }) => ({ record: record as PairRecord, grants: (grants ?? []) as ActiveGrant[] }))
        .filter(({ record, grants }) => grants.length > 0 || !isSettled(record) || hasApplied(record));
  }

  /** By the index of the account that leaves, or of the domain's. */
  async *#query(thing: LeavingThing, begin: string, more: Partial<QueryCommandInput> = {}) {
    const index = thing.kind === 'domain' ? OWNER_INDEX : HOLDER_INDEX;
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#account = :account AND begins_with(pk, :begin)',
        ...more,
        ExpressionAttributeNames: { '#account': index, ...more.ExpressionAttributeNames },
        ExpressionAttributeValues: {
          ':account': thing.account,
          ':begin': begin,
          ...more.ExpressionAttributeValues,
        },
      },
    );
    for await (const { Items = [] } of pages) if (Items.length > 0) yield Items;
  }

  async tables(domain: string, account: string, now: Instant): Promise<TablesProgress> {
    const Key = leavingTablesKey(domain);
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }));
    if (Item) return { isDone: Item.doneAt !== undefined, ...(typeof Item.left === 'number' && { left: Item.left }) };
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...Key, account, since: now, due: DUE, dueAt: now },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
    return { isDone: false };
  }

  async saveProgress({ thing, startedAt }: Departure, { lookAgainAt, ...progress }: DepartureProgress): Promise<void> {
    await this.#ofThisOne(() =>
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: leavingKey(thing),
          UpdateExpression: 'SET progress = :progress, dueAt = :dueAt',
          ConditionExpression: THIS_ONE,
          ExpressionAttributeValues: { ':progress': progress, ':dueAt': lookAgainAt, ':startedAt': startedAt },
        }),
      ),
    );
  }

  /** With it goes the part of the catalog's writer, so that a later departure begins anew. */
  async finish({ thing, startedAt }: Departure, doneAt: Instant): Promise<void> {
    const TableName = this.#table;
    const Update = {
      TableName,
      Key: leavingKey(thing),
      UpdateExpression: 'SET doneAt = :doneAt, progress = :nothing REMOVE due, dueAt',
      ConditionExpression: THIS_ONE,
      ExpressionAttributeValues: {
        ':doneAt': doneAt,
        ':nothing': { grants: 0, ...(thing.kind === 'domain' && { tables: 0 }) },
        ':startedAt': startedAt,
      },
    };
    await this.#ofThisOne(() =>
      thing.kind === 'account'
        ? this.#client.send(new UpdateCommand(Update))
        : this.#client.send(
            new TransactWriteCommand({
              TransactItems: [{ Update }, { Delete: { TableName, Key: leavingTablesKey(thing.domain) } }],
            }),
          ),
    );
  }

  /** Another has finished it meanwhile, or it is forgotten already: then there is nothing to keep. */
  async #ofThisOne(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException', 'TransactionCanceledException')) throw error;
    }
  }
}

const THIS_ONE = 'startedAt = :startedAt AND attribute_not_exists(doneAt)';

function hasApplied({ applied }: PairRecord): boolean {
  return Object.keys(applied).length > 0;
}
