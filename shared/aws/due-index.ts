import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Instant, RequestState } from '../access/access-request.ts';
import type { DueItem, DueWork } from '../access/ledger.ts';
import type { FoundDue } from '../access/measure-due.ts';
import { DUE, DUE_INDEX, type Key } from './ledger-keys.ts';

/**
 * The ledger's index of what is due. On the plain client: the sweep asks every minute and needs two strings of an item, so that it does without the
 * document client's work on every call.
 */
export class DueIndex implements DueWork {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #onFound: (found: FoundDue, now: Instant) => void;

  /** @param onFound is shown what is found, with since when it is due */
  constructor(client: DynamoDBClient, tableName: string, onFound: (found: FoundDue, now: Instant) => void = () => {}) {
    this.#client = client;
    this.#table = tableName;
    this.#onFound = onFound;
  }

  async *due(now: Instant): AsyncIterable<DueItem[]> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: DUE_INDEX,
          KeyConditionExpression: 'due = :due AND dueAt <= :now',
          ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { S: now } },
          Limit: 500,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      from = page.LastEvaluatedKey;
      const items = (page.Items ?? []).map(({ pk, sk, dueAt, status }) => {
        const item = toDueItem({ pk: pk?.S ?? '', sk: sk?.S ?? '' });
        this.#onFound({ item, dueAt: dueAt?.S ?? now, status: status?.S }, now);
        return item;
      });
      if (items.length > 0) yield items;
    } while (from);
  }
}

/** How many requests are in one of these states. Only those that something is due for at some time: not those that are over. */
export async function countRequests(
  client: DynamoDBClient,
  TableName: string,
  statuses: readonly RequestState['status'][],
): Promise<number> {
  let count = 0;
  let from: Record<string, AttributeValue> | undefined;
  const names = statuses.map((status, index) => [`:status${index}`, { S: status }] as const);
  do {
    const page = await client.send(
      new QueryCommand({
        TableName,
        IndexName: DUE_INDEX,
        Select: 'COUNT',
        KeyConditionExpression: 'due = :due',
        FilterExpression: `#status IN (${names.map(([name]) => name).join(', ')})`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':due': { S: DUE }, ...Object.fromEntries(names) },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    count += page.Count ?? 0;
    from = page.LastEvaluatedKey;
  } while (from);
  return count;
}

function toDueItem({ pk, sk }: Key): DueItem {
  const [kind, ...rest] = pk.split('#');
  const id = rest.join('#');
  switch (kind) {
    case 'request':
      return { kind: 'request', requestId: id };
    case 'leaving':
      if (sk === 'tables') return { kind: 'leaving-tables', domain: rest[1] ?? '' };
      return { kind: 'leaving', what: rest[0] === 'account' ? 'account' : 'domain', name: rest[1] ?? '' };
    case 'told':
      return { kind: 'told', eventId: id };
    case 'table':
      if (sk === 'missing') return { kind: 'removal', table: id };
      if (sk === 'closed') return { kind: 'closed', table: id };
      if (sk === 'redecide') return { kind: 'redecide', table: id };
      if (sk === 'share-back') return { kind: 'share-back', table: id };
      return { kind: 'pair', pair: { table: id, principal: sk.slice('pair#'.length) } };
    case 'revocation':
      return { kind: 'revocation', revocationId: id };
    case 'share-back':
      return { kind: 'share-back-domain', domain: id };
    case 'redecide':
      return { kind: 'redecide-domain', domain: id };
    case 'mesh':
      return { kind: 'redecide-mesh' };
    default:
      throw new TypeError(`The ledger's index of what is due holds ${pk}, which nobody puts there.`);
  }
}
