import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { RunLedger } from '../reconcile/reconcile-ports.ts';
import type { HeldBack, PartReport, ReconcileRequest, RunReport } from '../reconcile/reconcile-run.ts';
import { runHeldBackKey, runKey, runPartKey } from './ledger-keys.ts';

/** How long a run's report is kept. */
const KEPT_SECONDS = 90 * 86_400;

/** Runs of the reconcile, as items of the ledger's table. */
export class ReconcileLedger implements RunLedger {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => string;

  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => string) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  async begin(run: string, request: ReconcileRequest): Promise<string> {
    const { Attributes = {} } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: runKey(run),
        UpdateExpression: 'SET #request = :request, startedAt = if_not_exists(startedAt, :now), #ttl = :ttl',
        ExpressionAttributeNames: { '#request': 'asked', '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':request': request, ':now': this.#now(), ':ttl': this.#ttl() },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return String(Attributes.startedAt);
  }

  async savePart(run: string, part: PartReport): Promise<void> {
    const Item = { ...runPartKey(run, part.domain, part.database), part, ttl: this.#ttl() };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item }));
  }

  async loadPart(run: string, domain: string, database: string): Promise<PartReport | undefined> {
    const Key = runPartKey(run, domain, database);
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }));
    return Item?.part as PartReport | undefined;
  }

  async *parts(run: string): AsyncGenerator<PartReport[]> {
    for await (const items of this.#items(runPartKey(run))) yield items.map(({ part }) => part as PartReport);
  }

  async holdBack(run: string, heldBack: HeldBack): Promise<void> {
    const Item = { ...runHeldBackKey(run, heldBack.domain), heldBack, ttl: this.#ttl() };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item }));
  }

  async heldBack(run: string): Promise<HeldBack[]> {
    const found: HeldBack[] = [];
    for await (const items of this.#items(runHeldBackKey(run)))
      found.push(...items.map(({ heldBack }) => heldBack as HeldBack));
    return found;
  }

  async end(run: string, report: RunReport): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: runKey(run),
        UpdateExpression: 'SET report = :report',
        ExpressionAttributeValues: { ':report': report },
      }),
    );
  }

  /** The report of a run that has ended. */
  async report(run: string): Promise<RunReport | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: runKey(run), ConsistentRead: true }),
    );
    return Item?.report as RunReport | undefined;
  }

  async *#items({ pk, sk }: { pk: string; sk: string }): AsyncGenerator<Record<string, unknown>[]> {
    const query = {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
      ConsistentRead: true,
    };
    for await (const { Items = [] } of paginateQuery({ client: this.#client }, query)) yield Items;
  }

  #ttl(): number {
    return Math.floor(Date.parse(this.#now()) / 1000) + KEPT_SECONDS;
  }
}
