import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { LeavingNow } from '../access/departures.ts';
import type { LeavingThing } from '../mesh/apply-leaving.ts';
import { leavingKey } from './ledger-keys.ts';

/** Which of some things leave, by the intents of offboarding. */
export class LeavingNowTable implements LeavingNow {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async among(things: readonly LeavingThing[]): Promise<LeavingThing[]> {
    if (things.length === 0) return [];
    const { Responses, UnprocessedKeys } = await this.#client.send(
      new BatchGetCommand({
        RequestItems: {
          [this.#table]: { Keys: things.map(leavingKey), ConsistentRead: true, ProjectionExpression: 'pk' },
        },
      }),
    );
    // Not asked is not answered: nobody is let in on that.
    if (UnprocessedKeys?.[this.#table]?.Keys?.length) throw new LeavingUnknownError();
    const found = new Set(Responses?.[this.#table]?.map(({ pk }) => pk));
    return things.filter(thing => found.has(leavingKey(thing).pk));
  }
}

class LeavingUnknownError extends Error {
  override name = 'LeavingUnknownError';

  constructor() {
    super('DynamoDB was too busy to say who leaves the mesh. Trying again helps.');
  }
}
