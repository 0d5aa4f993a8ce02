import type { DynamoDBDocumentClient, TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { GetCommand, paginateQuery, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type AccessRequest, type ActiveGrant, accountOf, type Instant, type Pair } from '../access/access-request.ts';
import { type Ledger, LedgerConflictError, type Transition } from '../access/ledger.ts';
import { NEVER_SETTLED, newPair, type PairReading, type PairRecord, pairDueAt } from '../access/pair-record.ts';
import { cancellationCodes, isError } from './aws-errors.ts';
import { accountsSet, grantsAfter } from './ledger-items.ts';
import {
  accountPrefix,
  closedKey,
  DUE,
  type Key,
  leaseKey,
  pairKey,
  pairPrefix,
  requestKey,
  revocationKey,
  seenKey,
  stepKey,
  turnKey,
} from './ledger-keys.ts';
import { releaseLease, takeLease } from './ledger-lease.ts';
import { waitingToBeTold } from './outbox-table.ts';

type WriteItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Longer than the archive keeps events (365 days): a replay never outlives the memory of what had its effect. */
const SEEN_SECONDS = 400 * 86_400;

/** The ledger in its DynamoDB table. Reads are strongly consistent but for `due`, which reads an index. */
export class LedgerTable implements Ledger {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async loadRequest(requestId: string): Promise<AccessRequest | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: requestKey(requestId), ConsistentRead: true }),
    );
    return Item && toRequest(Item);
  }

  /** One item holds the record and the active grants, so that no reading sees half of a transaction. */
  async loadPair(pair: Pair): Promise<PairReading> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: pairKey(pair), ConsistentRead: true }),
    );
    return Item
      ? { record: Item.record as PairRecord, grants: Item.grants as ActiveGrant[] }
      : { record: newPair(pair), grants: [] };
  }

  async countGrants(account: string, table: string): Promise<number> {
    const { pk } = leaseKey(table);
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :account)',
        ExpressionAttributeValues: { ':pk': pk, ':account': accountPrefix(account) },
        ConsistentRead: true,
      },
    );
    let count = 0;
    for await (const { Items = [] } of pages) for (const item of Items) count += (item.grants as ActiveGrant[]).length;
    return count;
  }

  async commit(transition: Transition): Promise<'committed' | 'seen'> {
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems: this.#writes(transition) }));
      return 'committed';
    } catch (error) {
      const codes = cancellationCodes(error);
      if (!codes) throw error;
      // The mark of the event comes first among the writes.
      if (transition.cause && codes[0] === 'ConditionalCheckFailed') return 'seen';
      if (codes.every(code => code === 'None' || code === 'ConditionalCheckFailed' || code === 'TransactionConflict')) {
        throw new LedgerConflictError(
          transition.request ? `The request ${transition.request.requestId}` : 'The ledger',
          { cause: error },
        );
      }
      throw error;
    }
  }

  #writes({
    at,
    cause,
    because = cause,
    refused,
    revocation,
    owner,
    request,
    requestDueAt,
    pairs,
    tell,
    turn,
  }: Transition): WriteItem[] {
    const TableName = this.#table;
    const put = (key: Key, attributes: object): WriteItem => ({ Put: { TableName, Item: { ...key, ...attributes } } });
    const writes: WriteItem[] = [];
    if (cause) {
      const mark = { at, ttl: seenUntil(at), ...(refused && { refused }) };
      writes.push(onlyNew(put(seenKey(cause.account, cause.eventId), mark)));
    }
    if (request) {
      const { taskToken: _, ...kept } = request;
      writes.push({ Update: this.#requestUpdate(kept, requestDueAt, owner) });
      const step = {
        at,
        state: kept.state,
        terms: kept.terms,
        expiresAt: kept.expiresAt,
        policies: kept.policies,
        ...(because && { cause: because }),
      };
      writes.push(onlyNew(put(stepKey(request.requestId, request.version), step)));
    }
    for (const change of pairs)
      writes.push({ Update: this.#pairUpdate(change.after, at, { grants: grantsAfter(change), owner }) });
    // Nobody is granted anything on a table that is being removed.
    for (const { put: grant, after } of pairs)
      if (grant) writes.push(this.#check(closedKey(after.table), 'attribute_not_exists(pk)'));
    if (turn) writes.push(this.#check(turnKey(turn.table), 'mark = :mark', { ':mark': turn.mark }));
    if (revocation)
      writes.push(put(revocationKey(revocation.revocationId), { revocation, due: DUE, dueAt: at, ttl: seenUntil(at) }));
    for (const event of tell) writes.push({ Put: { TableName, Item: waitingToBeTold(event, at) } });
    return writes;
  }

  #check(Key: Key, ConditionExpression: string, ExpressionAttributeValues?: Record<string, string>): WriteItem {
    const condition = { ConditionExpression, ...(ExpressionAttributeValues && { ExpressionAttributeValues }) };
    return { ConditionCheck: { TableName: this.#table, Key, ...condition } };
  }

  /** Everybody who has, or had, something on a table, a page at a time. */
  async *pairsOf(table: string, after?: string): AsyncGenerator<PairReading[]> {
    const { pk, sk } = pairPrefix(table);
    const query = {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
      ConsistentRead: true,
      ...(after !== undefined && { ExclusiveStartKey: pairKey({ table, principal: after }) }),
    };
    for await (const { Items = [] } of paginateQuery({ client: this.#client }, query))
      yield Items.map(item => ({ record: item.record as PairRecord, grants: item.grants as ActiveGrant[] }));
  }

  /** Nothing is due for a closed table any more. */
  async settleClosed(table: string): Promise<void> {
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: closedKey(table),
          UpdateExpression: 'REMOVE due, dueAt',
          ConditionExpression: 'attribute_exists(pk)',
        }),
      );
    } catch (error) {
      // Opened again meanwhile.
      if (!isError(error, 'ConditionalCheckFailedException')) throw error;
    }
  }

  #requestUpdate(request: AccessRequest, requestDueAt: Instant | undefined, owner: string | undefined) {
    const accounts = accountsSet(request.account, owner);
    return {
      TableName: this.#table,
      Key: requestKey(request.requestId),
      UpdateExpression:
        `SET #request = :request, #status = :status, version = :version, ${accounts.expression}` +
        (requestDueAt === undefined ? ' REMOVE due, dueAt' : ', due = :due, dueAt = :dueAt'),
      ConditionExpression: request.version === 1 ? 'attribute_not_exists(pk)' : 'version = :read',
      // Reserved words of DynamoDB's.
      ExpressionAttributeNames: { '#request': 'request', '#status': 'status', ...accounts.names },
      ExpressionAttributeValues: {
        ...accounts.values,
        ':request': request,
        ':status': request.state.status,
        ':version': request.version,
        ...(request.version > 1 && { ':read': request.version - 1 }),
        ...(requestDueAt !== undefined && { ':due': DUE, ':dueAt': requestDueAt }),
      },
    };
  }

  /** The grants and their owner are written by transitions alone; other writes of the record leave them. */
  #pairUpdate(
    record: PairRecord,
    now: Instant,
    { grants, owner }: { grants?: readonly ActiveGrant[]; owner?: string | undefined } = {},
  ) {
    const accounts = accountsSet(accountOf(record.principal), owner);
    const dueAt = pairDueAt(record, now);
    const isNew = record.revision === 1;
    return {
      TableName: this.#table,
      Key: pairKey(record),
      UpdateExpression:
        `SET #record = :record, revision = :revision, ${accounts.expression}, grants = ` +
        (grants ? ':grants' : 'if_not_exists(grants, :grants)') +
        (dueAt === undefined ? ' REMOVE due, dueAt' : ', due = :due, dueAt = :dueAt'),
      ConditionExpression: isNew ? 'attribute_not_exists(pk)' : 'revision = :read',
      ExpressionAttributeNames: { '#record': 'record', ...accounts.names },
      ExpressionAttributeValues: {
        ...accounts.values,
        ':record': record,
        ':revision': record.revision,
        ':grants': grants ?? [],
        ...(!isNew && { ':read': record.revision - 1 }),
        ...(dueAt !== undefined && { ':due': DUE, ':dueAt': dueAt }),
      },
    };
  }

  async savePair(record: PairRecord, now: Instant): Promise<void> {
    try {
      await this.#client.send(new UpdateCommand(this.#pairUpdate(record, now)));
    } catch (error) {
      if (!isError(error, ...MOVED)) throw error;
      throw new LedgerConflictError(`The record of ${record.principal} on ${record.table}`, { cause: error });
    }
  }

  async postponePair(pair: Pair, dueAt: Instant): Promise<void> {
    const command = new UpdateCommand({
      TableName: this.#table,
      Key: pairKey(pair),
      UpdateExpression: 'SET due = :due, dueAt = :dueAt, #record.settledVersion = :unsettled',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#record': 'record' },
      ExpressionAttributeValues: { ':due': DUE, ':dueAt': dueAt, ':unsettled': NEVER_SETTLED },
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      // A pair that the ledger does not know has nothing to look at again.
      if (isError(error, 'ConditionalCheckFailedException')) return;
      if (!isError(error, ...MOVED)) throw error;
      throw new LedgerConflictError(`The record of ${pair.principal} on ${pair.table}`, { cause: error });
    }
  }

  takeLease(table: string, holder: string, now: Instant, until: Instant) {
    return takeLease(this.#client, this.#table, { table, holder, now, until });
  }

  releaseLease(lease: Parameters<Ledger['releaseLease']>[0]): Promise<void> {
    return releaseLease(this.#client, this.#table, lease);
  }

  async saveTaskToken(requestId: string, taskToken: string): Promise<AccessRequest | undefined> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: requestKey(requestId),
          UpdateExpression: 'SET taskToken = :token',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':token': taskToken },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes && toRequest(Attributes);
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  }
}

function toRequest(item: Record<string, unknown>): AccessRequest {
  return {
    ...(item.request as AccessRequest),
    ...(typeof item.taskToken === 'string' && { taskToken: item.taskToken }),
  };
}

/** Another wrote the item since it was read, or is writing it in a transaction now. */
const MOVED = ['ConditionalCheckFailedException', 'TransactionConflictException'];

function onlyNew(write: WriteItem): WriteItem {
  if (!write.Put) throw new TypeError('Only a put can be of something new.');
  return { Put: { ...write.Put, ConditionExpression: 'attribute_not_exists(pk)' } };
}

/** When DynamoDB may forget it: in seconds of Unix time. */
function seenUntil(at: Instant): number {
  return Math.floor(Date.parse(at) / 1000) + SEEN_SECONDS;
}
