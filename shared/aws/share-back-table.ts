import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { ActiveGrant, Instant } from '../access/access-request.ts';
import { LedgerConflictError, type Turn } from '../access/ledger.ts';
import type { PairRecord } from '../access/pair-record.ts';
import type { StandingGrants, TakenTurn, Wanted } from '../access/share-back.ts';
import type { DomainStandings, DomainWork, ShareBackProgress, TablePage } from '../access/share-back-domain.ts';
import { isStanding } from '../access/standing-grant.ts';
import type { SharedBack } from '../mesh/apply-share-back.ts';
import { isError } from './aws-errors.ts';
import { DUE, OWNER_INDEX, shareBackKey, turnKey } from './ledger-keys.ts';

const CALLS_AT_ONCE = 25;

/** Who is shared back to, and the turns on tables: items of the ledger's table. All reads are consistent but that of the index by owner. */
export class ShareBackTable implements StandingGrants, DomainStandings, SharedBack {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Instant;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => Instant) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async wanted(domain: string): Promise<Wanted | undefined> {
    return (await this.#item(domain))?.wanted as Wanted | undefined;
  }

  async read(domains: readonly string[]): Promise<Record<string, string[]>> {
    const lists = await Promise.all(domains.map(async domain => [domain, await this.wanted(domain)] as const));
    return Object.fromEntries(lists.flatMap(([domain, wanted]) => (wanted ? [[domain, wanted.principals]] : [])));
  }

  /** Whatever was under way for another list begins anew. */
  async want(domain: string, wanted: Wanted): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: shareBackKey(domain),
        UpdateExpression: 'SET wanted = :wanted, due = :due, dueAt = :now REMOVE progress ADD revision :one',
        ExpressionAttributeValues: { ':wanted': wanted, ':due': DUE, ':now': this.#now(), ':one': 1 },
      }),
    );
  }

  async #item(domain: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: shareBackKey(domain), ConsistentRead: true }),
    );
    return Item;
  }

  async loadWork(domain: string): Promise<DomainWork | undefined> {
    const item = await this.#item(domain);
    if (item?.due === undefined) return undefined;
    const { wanted, progress, revision } = item as unknown as Omit<DomainWork, 'domain'>;
    return { domain, wanted, revision, ...(progress && { progress }) };
  }

  async saveProgress(work: DomainWork, progress: ShareBackProgress): Promise<DomainWork> {
    await this.#move(work, 'SET progress = :progress ADD revision :one', { ':progress': progress });
    return { ...work, progress, revision: work.revision + 1 };
  }

  async finishWork(work: DomainWork): Promise<void> {
    await this.#move(work, 'REMOVE due, dueAt, progress ADD revision :one', {});
  }

  async #move({ domain, revision }: DomainWork, UpdateExpression: string, values: object): Promise<void> {
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: shareBackKey(domain),
          UpdateExpression,
          ConditionExpression: 'revision = :read',
          ExpressionAttributeValues: { ...values, ':read': revision, ':one': 1 },
        }),
      );
    } catch (error) {
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
      throw new LedgerConflictError(`What is shared back of domain ${domain}`, { cause: error });
    }
  }

  async unwantedTables({ domain, wanted }: DomainWork, from: string | undefined): Promise<TablePage> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: OWNER_INDEX,
        KeyConditionExpression: '#owner = :account AND begins_with(pk, :tables)',
        // `owner` is a reserved word of DynamoDB's.
        ExpressionAttributeNames: { '#owner': OWNER_INDEX },
        ExpressionAttributeValues: { ':account': wanted.account, ':tables': `table#${domain}_` },
        ...(from !== undefined && { ExclusiveStartKey: JSON.parse(from) as Record<string, string> }),
      }),
    );
    const records = Items.filter(({ grants = [] }) => (grants as ActiveGrant[]).some(isStanding))
      .map(({ record }) => record as PairRecord)
      .filter(({ principal }) => !wanted.principals.includes(principal));
    const tables = [...new Set(records.map(({ table }) => table))];
    return LastEvaluatedKey ? { tables, next: JSON.stringify(LastEvaluatedKey) } : { tables };
  }

  async callFor(tables: readonly string[], dueAt: Instant): Promise<void> {
    for (let start = 0; start < tables.length; start += CALLS_AT_ONCE) {
      const calls = tables.slice(start, start + CALLS_AT_ONCE).map(table => {
        const Item = { ...turnKey(table), mark: crypto.randomUUID(), tries: 0, due: DUE, dueAt };
        return this.#client.send(new PutCommand({ TableName: this.#table, Item }));
      });
      await Promise.all(calls);
    }
  }

  async takeTurn(table: string, dueAt: Instant): Promise<TakenTurn> {
    const mark = crypto.randomUUID();
    const { Attributes } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: turnKey(table),
        UpdateExpression: 'SET mark = :mark, due = :due, dueAt = :dueAt ADD tries :one',
        ExpressionAttributeValues: { ':mark': mark, ':due': DUE, ':dueAt': dueAt, ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return { table, mark, tries: Number(Attributes?.tries) };
  }

  async holdsTurn({ table, mark }: Turn): Promise<boolean> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: turnKey(table), ConsistentRead: true }),
    );
    return Item?.mark === mark;
  }

  async finishTurn(turn: Turn): Promise<void> {
    await whileMine(() => this.#client.send(new DeleteCommand(this.#mine(turn))));
  }

  async putOffTurn(turn: Turn, dueAt: Instant): Promise<void> {
    const { ExpressionAttributeValues, ...mine } = this.#mine(turn);
    const values = { ...ExpressionAttributeValues, ':dueAt': dueAt };
    const later = { ...mine, UpdateExpression: 'SET dueAt = :dueAt', ExpressionAttributeValues: values };
    await whileMine(() => this.#client.send(new UpdateCommand(later)));
  }

  #mine({ table, mark }: Turn) {
    return {
      TableName: this.#table,
      Key: turnKey(table),
      ConditionExpression: 'mark = :mark',
      ExpressionAttributeValues: { ':mark': mark },
    };
  }
}

/** Another took the turn: then it is for the other. */
async function whileMine(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isError(error, 'ConditionalCheckFailedException')) throw error;
  }
}
