import {
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  paginateScan,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { AccessReader, AccessStep, EventAnswer } from '../access/access-reader.ts';
import { type AccessRequest, type ActiveGrant, accountOf, type Pair } from '../access/access-request.ts';
import type { PairReading, PairRecord } from '../access/pair-record.ts';
import type { ActualAccess } from '../access/plan-converge.ts';
import type { Viewer } from '../catalog/browse-catalog.ts';
import { HOLDER_INDEX, type Key, OWNER_INDEX, pairKey, requestKey, seenKey, stepPrefix } from './ledger-keys.ts';

type Item = Record<string, unknown>;

const INDEXES = [HOLDER_INDEX, OWNER_INDEX];

/**
 * The ledger for people, with the rights of whoever looks. The hub reads the table itself, consistently. The reader role has the indexes `holder` and
 * `owner` under its own account, which may be a moment behind, and the marks of its own account's events.
 */
export class AwsAccessReader implements AccessReader {
  readonly viewer: Viewer;
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #lake: { read(pair: Pair): Promise<ActualAccess> } | undefined;

  /** @param lake where the viewer may look into Lake Formation */
  constructor(
    documents: DynamoDBDocumentClient,
    ledgerTable: string,
    viewer: Viewer,
    lake?: { read(pair: Pair): Promise<ActualAccess> },
  ) {
    this.viewer = viewer;
    this.#documents = documents;
    this.#table = ledgerTable;
    this.#lake = lake;
  }

  get #isHub(): boolean {
    return this.viewer.account === this.viewer.hub;
  }

  async request(requestId: string): Promise<AccessRequest | undefined> {
    const key = requestKey(requestId);
    if (this.#isHub) return toRequest(await this.#item(key));
    for (const index of INDEXES)
      for await (const [item] of this.#ownItems(index, 'pk = :pk', key.pk)) if (item) return toRequest(item);
    return undefined;
  }

  async *requests(): AsyncIterable<AccessRequest[]> {
    if (this.#isHub) {
      // The index holds requests and pairs alone: a scan of it passes by the steps and the marks of events, which are most of the ledger.
      const scan = {
        TableName: this.#table,
        IndexName: HOLDER_INDEX,
        FilterExpression: 'begins_with(pk, :pk)',
        ExpressionAttributeValues: { ':pk': REQUESTS },
      };
      for await (const { Items = [] } of paginateScan({ client: this.#documents }, scan))
        yield Items.flatMap(toRequests);
      return;
    }
    for (const index of INDEXES) {
      for await (const items of this.#ownItems(index, 'begins_with(pk, :pk)', REQUESTS)) {
        const requests = items.flatMap(toRequests);
        // What the owner asked for itself came by the first index.
        yield index === HOLDER_INDEX ? requests : requests.filter(({ account }) => account !== this.viewer.account);
      }
    }
  }

  async pair(pair: Pair): Promise<PairReading | undefined> {
    const key = pairKey(pair);
    if (this.#isHub) return toReading(await this.#item(key));
    const index = accountOf(pair.principal) === this.viewer.account ? HOLDER_INDEX : OWNER_INDEX;
    for await (const items of this.#ownItems(index, 'pk = :pk', key.pk)) {
      const reading = items.map(toReading).find(one => one?.record.principal === pair.principal);
      if (reading) return reading;
    }
    return undefined;
  }

  async steps(requestId: string): Promise<AccessStep[]> {
    const { pk, sk } = stepPrefix(requestId);
    const steps: AccessStep[] = [];
    const query = {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
    };
    for await (const items of this.#query(query))
      steps.push(
        ...items.map(
          ({ at, state, terms, expiresAt, policies }) => ({ at, state, terms, expiresAt, policies }) as AccessStep,
        ),
      );
    return steps;
  }

  async answerTo(eventId: string): Promise<EventAnswer | undefined> {
    const { pk, sk } = seenKey(this.viewer.account, eventId);
    const query = {
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
    };
    // By a query: the reader role has no other way. Consistent, so that what was answered before is not asked again.
    for await (const [item] of this.#query({ ...query, ConsistentRead: true }))
      if (item) return Array.isArray(item.refused) ? { refused: item.refused.map(String) } : {};
    return undefined;
  }

  async actual(pair: Pair): Promise<ActualAccess | undefined> {
    return this.#lake?.read(pair);
  }

  async #item(Key: Key): Promise<Item | undefined> {
    const { Item } = await this.#documents.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }));
    return Item;
  }

  /** What an index has under the viewer's account. */
  #ownItems(index: string, range: string, pk: string): AsyncIterable<Item[]> {
    return this.#query({
      IndexName: index,
      KeyConditionExpression: `#account = :account AND ${range}`,
      ExpressionAttributeNames: { '#account': index },
      ExpressionAttributeValues: { ':account': this.viewer.account, ':pk': pk },
    });
  }

  async *#query(input: Omit<QueryCommandInput, 'TableName'>): AsyncIterable<Item[]> {
    for await (const { Items = [] } of paginateQuery({ client: this.#documents }, { TableName: this.#table, ...input }))
      yield Items;
  }
}

/** What the keys of all requests begin with. */
const REQUESTS = requestKey('').pk;

function toRequest(item: Item | undefined): AccessRequest | undefined {
  return item?.request as AccessRequest | undefined;
}

function toRequests(item: Item): AccessRequest[] {
  const request = toRequest(item);
  return request ? [request] : [];
}

function toReading(item: Item | undefined): PairReading | undefined {
  return item && { record: item.record as PairRecord, grants: (item.grants ?? []) as ActiveGrant[] };
}
