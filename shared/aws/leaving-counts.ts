import { type GlueClient, paginateGetDatabases, paginateGetTables } from '@aws-sdk/client-glue';
import { BatchGetCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type AccessRequest, accountOf } from '../access/access-request.ts';
import type { Left } from '../mesh/apply-changes.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import { isError } from './aws-errors.ts';
import { DUE, DUE_INDEX, type Key } from './ledger-keys.ts';

/** Open requests that are read to count grants; a mesh with more is not counted. */
const MOST_REQUESTS = 1_000;
/** Pages of 100 tables that are read to count them. */
const MOST_PAGES = 20;
/** Keys that a BatchGetItem takes. Source: DynamoDB API reference. */
const BATCH = 100;

/** Roughly what leaves, for a dry run: a count that would take long is left out. */
export class LeavingCounts {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #glue: GlueClient;

  constructor(documents: DynamoDBDocumentClient, tableName: string, glue: GlueClient) {
    this.#documents = documents;
    this.#table = tableName;
    this.#glue = glue;
  }

  async count(things: readonly LeavingThing[]): Promise<Left[]> {
    const requests = await this.#activeRequests();
    return Promise.all(
      things.map(async thing => ({
        grants: requests?.filter(request => concerns(thing, request)).length,
        tables: thing.kind === 'domain' ? await this.#countTables(thing.domain) : undefined,
      })),
    );
  }

  /** Whatever is granted has an end, for which it is in the index of what is due. */
  async #activeRequests(): Promise<AccessRequest[] | undefined> {
    const keys: Key[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await this.#documents.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: DUE_INDEX,
          KeyConditionExpression: 'due = :due',
          ExpressionAttributeValues: { ':due': DUE },
          Limit: MOST_REQUESTS,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      from = page.LastEvaluatedKey;
      keys.push(
        ...((page.Items ?? []) as Key[]).filter(({ sk }) => sk === 'request').map(({ pk, sk }) => ({ pk, sk })),
      );
      if (keys.length > MOST_REQUESTS || (from && keys.length === MOST_REQUESTS)) return undefined;
    } while (from);
    const requests: AccessRequest[] = [];
    for (let start = 0; start < keys.length; start += BATCH) {
      const loaded = await this.#load(keys.slice(start, start + BATCH));
      if (!loaded) return undefined;
      requests.push(...loaded);
    }
    return requests.filter(({ state }) => state.status === 'approved' || state.status === 'granted');
  }

  /** Undefined when the table is too busy to give all. */
  async #load(Keys: Key[]): Promise<AccessRequest[] | undefined> {
    const { Responses, UnprocessedKeys = {} } = await this.#documents.send(
      new BatchGetCommand({ RequestItems: { [this.#table]: { Keys: Keys.map(key => ({ ...key })) } } }),
    );
    if (Object.keys(UnprocessedKeys).length > 0) return undefined;
    return (Responses?.[this.#table] ?? []).map(item => item.request as AccessRequest);
  }

  async #countTables(domain: string): Promise<number | undefined> {
    let count = 0;
    let pages = 0;
    try {
      for await (const { DatabaseList = [] } of paginateGetDatabases({ client: this.#glue }, {})) {
        for (const { Name = '' } of DatabaseList.filter(({ Name }) => Name?.startsWith(`${domain}_`))) {
          for await (const { TableList = [] } of paginateGetTables({ client: this.#glue }, { DatabaseName: Name })) {
            count += TableList.length;
            if (++pages > MOST_PAGES) return undefined;
          }
        }
      }
      return count;
    } catch (error) {
      // Who is no administrator yet may not see them.
      if (isError(error, 'AccessDeniedException')) return undefined;
      throw error;
    }
  }
}

function concerns(thing: LeavingThing, { principal, domain }: AccessRequest): boolean {
  return thing.kind === 'domain' ? domain === thing.domain : accountOf(principal) === thing.account;
}
