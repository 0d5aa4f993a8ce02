import { type GlueClient, paginateGetDatabases, paginateGetTables } from '@aws-sdk/client-glue';
import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { ActiveGrant } from '../access/access-request.ts';
import { isStanding } from '../access/standing-grant.ts';
import type { Left } from '../mesh/apply-changes.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import { isError } from './aws-errors.ts';
import { HOLDER_INDEX, OWNER_INDEX } from './ledger-keys.ts';

/** Pages that are read for one count, of 1 MB (pairs) or 100 tables: what has more is not counted. */
const MOST_PAGES = 20;

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
    return Promise.all(
      things.map(async thing => ({
        grants: await this.#countGrants(thing),
        tables: thing.kind === 'domain' ? await this.#countTables(thing.domain) : undefined,
      })),
    );
  }

  /** Active grants on the domain's tables, or of the account's principals: they lie with their pairs. Standing ones nobody asked for. */
  async #countGrants(thing: LeavingThing): Promise<number | undefined> {
    const index = thing.kind === 'domain' ? OWNER_INDEX : HOLDER_INDEX;
    const pages = paginateQuery(
      { client: this.#documents },
      {
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#account = :account AND begins_with(pk, :tables)',
        ExpressionAttributeNames: { '#account': index },
        ExpressionAttributeValues: {
          ':account': thing.account,
          ':tables': thing.kind === 'domain' ? `table#${thing.domain}_` : 'table#',
        },
      },
    );
    let count = 0;
    let read = 0;
    for await (const { Items = [] } of pages) {
      if (++read > MOST_PAGES) return undefined;
      for (const { grants = [] } of Items)
        count += (grants as ActiveGrant[]).filter(grant => !isStanding(grant)).length;
    }
    return count;
  }

  async #countTables(domain: string): Promise<number | undefined> {
    let count = 0;
    let read = 0;
    try {
      for await (const { DatabaseList = [] } of paginateGetDatabases({ client: this.#glue }, {})) {
        for (const { Name = '' } of DatabaseList.filter(({ Name }) => Name?.startsWith(`${domain}_`))) {
          for await (const { TableList = [] } of paginateGetTables({ client: this.#glue }, { DatabaseName: Name })) {
            if (++read > MOST_PAGES) return undefined;
            count += TableList.length;
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
