import { BatchGetCommand, type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { AccessRequest, ActiveGrant } from '../access/access-request.ts';
import type { PairRecord } from '../access/pair-record.ts';
import { isStanding } from '../access/standing-grant.ts';
import type { CentralCatalog, TableDescription } from '../access/table-description.ts';
import type { ActiveGrants, GrantsOfPair } from '../mesh/foresee-grants.ts';
import { isError } from './aws-errors.ts';
import { OWNER_INDEX, requestKey } from './ledger-keys.ts';

/** Source: DynamoDB API reference, BatchGetItem. */
const KEYS_A_CALL = 100;

/** The active grants of domains as the ledger has them, with the tables as the central catalog has them. Reads alone. */
export class LedgerActiveGrants implements ActiveGrants {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #catalog: CentralCatalog;

  constructor(client: DynamoDBDocumentClient, tableName: string, catalog: CentralCatalog) {
    this.#client = client;
    this.#table = tableName;
    this.#catalog = catalog;
  }

  async *of(domain: string, account: string): AsyncGenerator<GrantsOfPair> {
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        IndexName: OWNER_INDEX,
        KeyConditionExpression: '#owner = :account AND begins_with(pk, :tables)',
        // `owner` is a reserved word of DynamoDB's.
        ExpressionAttributeNames: { '#owner': OWNER_INDEX },
        ExpressionAttributeValues: { ':account': account, ':tables': `table#${domain}_` },
      },
    );
    // The index is sorted by table: one description is enough at a time.
    let described: { name: string; table: TableDescription | undefined } | undefined;
    for await (const { Items = [] } of pages) {
      const pairs = Items.map(({ record, grants = [] }) => ({
        name: (record as PairRecord).table,
        ids: (grants as ActiveGrant[]).filter(grant => !isStanding(grant)).map(({ requestId }) => requestId),
      })).filter(({ ids }) => ids.length > 0);
      const requests = await this.#requests([...new Set(pairs.flatMap(({ ids }) => ids))]);
      for (const { name, ids } of pairs) {
        if (described?.name !== name) described = { name, table: await this.#describe(name) };
        yield { table: described.table, requests: ids.flatMap(id => requests.get(id) ?? []) };
      }
    }
  }

  /** Undefined also for what the caller may not see. */
  async #describe(name: string): Promise<TableDescription | undefined> {
    try {
      return await this.#catalog.describe(name);
    } catch (error) {
      if (isError(error, 'AccessDeniedException')) return undefined;
      throw error;
    }
  }

  async #requests(ids: readonly string[]): Promise<Map<string, AccessRequest>> {
    const found = new Map<string, AccessRequest>();
    for (let start = 0; start < ids.length; start += KEYS_A_CALL) {
      let Keys: Record<string, unknown>[] = ids.slice(start, start + KEYS_A_CALL).map(id => ({ ...requestKey(id) }));
      while (Keys.length > 0) {
        const { Responses = {}, UnprocessedKeys = {} } = await this.#client.send(
          new BatchGetCommand({ RequestItems: { [this.#table]: { Keys } } }),
        );
        for (const { request } of Responses[this.#table] ?? [])
          found.set((request as AccessRequest).requestId, request as AccessRequest);
        Keys = UnprocessedKeys[this.#table]?.Keys ?? [];
      }
    }
    return found;
  }
}
