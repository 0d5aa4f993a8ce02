import { type DynamoDBDocumentClient, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { AccessRequest, Instant } from '../access/access-request.ts';
import type { BulkRevocation } from '../access/bulk-revocation.ts';
import { LedgerConflictError } from '../access/ledger.ts';
import type { BulkRevocations, ClaimedRevocation, RevocationProgress } from '../access/revoke-in-bulk.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import { cancellationCodes, isError } from './aws-errors.ts';
import { HOLDER_INDEX, OWNER_INDEX, revocationKey } from './ledger-keys.ts';
import { waitingToBeTold } from './outbox-table.ts';

/** Requests that may still give something, or become ones that do. */
const OPEN_STATES = ['waiting', 'approved', 'granted'];
/** What is read at once, whatever of it is open. */
const PAGE = 300;

/** Revocations of many, as items of the ledger's table, and what they select, by the indexes of who reads and who owns. */
export class BulkRevocationTable implements BulkRevocations {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
  }

  async claim(revocationId: string, now: Instant, until: Instant): Promise<ClaimedRevocation | undefined> {
    try {
      const { Attributes = {} } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: revocationKey(revocationId),
          UpdateExpression: 'SET startedAt = if_not_exists(startedAt, :now), dueAt = :until ADD claim :one',
          ConditionExpression: 'attribute_exists(revocation) AND attribute_not_exists(doneAt)',
          ExpressionAttributeValues: { ':now': now, ':until': until, ':one': 1 },
          ReturnValues: 'ALL_NEW',
        }),
      );
      const { revocation, startedAt, progress, claim } = Attributes as unknown as ClaimedRevocation;
      return { revocation, startedAt, claim, ...(progress && { progress }) };
    } catch (error) {
      if (isError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  }

  async openRequests({ among, principal }: BulkRevocation, from: string | undefined) {
    const index = among.who === 'holder' ? HOLDER_INDEX : OWNER_INDEX;
    const states = Object.fromEntries(OPEN_STATES.map((state, each) => [`:state${each}`, state]));
    const isOpen = `#request.#state.#status IN (${Object.keys(states).join(', ')})`;
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#account = :account AND begins_with(pk, :begin)',
        FilterExpression: principal === undefined ? isOpen : `${isOpen} AND #request.principal = :principal`,
        // Reserved words of DynamoDB's, most of them.
        ExpressionAttributeNames: { '#account': index, '#request': 'request', '#state': 'state', '#status': 'status' },
        ExpressionAttributeValues: {
          ':account': among.account,
          ':begin': 'request#',
          ...states,
          ...(principal !== undefined && { ':principal': principal }),
        },
        Limit: PAGE,
        ...(from !== undefined && { ExclusiveStartKey: JSON.parse(from) as Record<string, string> }),
      }),
    );
    const requests = Items.map(({ request }) => request as AccessRequest);
    return LastEvaluatedKey ? { requests, next: JSON.stringify(LastEvaluatedKey) } : { requests };
  }

  async saveProgress(claimed: ClaimedRevocation, progress: RevocationProgress, dueAt: Instant): Promise<void> {
    const values = { ':progress': progress, ':dueAt': dueAt };
    const update = this.#update(claimed, 'SET progress = :progress, dueAt = :dueAt', values);
    await whileMine(claimed, () => this.#client.send(new UpdateCommand(update)));
  }

  async finish(claimed: ClaimedRevocation, doneAt: Instant, tell: readonly ToldEvent[]): Promise<void> {
    const Update = this.#update(claimed, 'SET doneAt = :doneAt REMOVE due, dueAt', { ':doneAt': doneAt });
    const told = tell.map(event => ({ Put: { TableName: this.#table, Item: waitingToBeTold(event, doneAt) } }));
    await whileMine(claimed, () =>
      this.#client.send(new TransactWriteCommand({ TransactItems: [{ Update }, ...told] })),
    );
  }

  #update({ revocation, claim }: ClaimedRevocation, UpdateExpression: string, values: Record<string, unknown>) {
    return {
      TableName: this.#table,
      Key: revocationKey(revocation.revocationId),
      UpdateExpression,
      ConditionExpression: 'claim = :claim AND attribute_not_exists(doneAt)',
      ExpressionAttributeValues: { ...values, ':claim': claim },
    };
  }
}

async function whileMine({ revocation }: ClaimedRevocation, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const codes = cancellationCodes(error) ?? [];
    const isMoved =
      codes.includes('ConditionalCheckFailed') ||
      codes.includes('TransactionConflict') ||
      isError(error, 'ConditionalCheckFailedException', 'TransactionConflictException');
    if (isMoved) throw new LedgerConflictError(`The revocation ${revocation.revocationId}`, { cause: error });
    throw error;
  }
}
