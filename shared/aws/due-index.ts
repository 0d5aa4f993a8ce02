import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Instant } from '../access/access-request.ts';
import type { DueItem, DueWork } from '../access/ledger.ts';
import { DUE, DUE_INDEX, type Key } from './ledger-keys.ts';

/**
 * The ledger's index of what is due. On the plain client: the sweep asks every minute and needs two strings of an item, so that it does without the
 * document client's work on every call.
 */
export class DueIndex implements DueWork {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#table = tableName;
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
      const items = (page.Items ?? []).map(({ pk, sk }) => toDueItem({ pk: pk?.S ?? '', sk: sk?.S ?? '' }));
      if (items.length > 0) yield items;
    } while (from);
  }
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
