import { createHash } from 'node:crypto';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Wire } from '../core/service.ts';
import type { AccountStore } from './account-store.ts';
import {
  asAwsError,
  type Change,
  type DynaliteOperation,
  dynaliteDb,
  getTable,
  type Item,
  type Items,
  perform,
  promised,
  type Store,
  validate,
} from './dynalite.ts';
import { type Asked, itemsIn } from './leading-keys.ts';
import { tableName } from './table-names.ts';

/** Items of a transaction. Source: TransactWriteItems, DynamoDB API Reference. */
const MAX_ITEMS = 100;

/** How long a ClientRequestToken is remembered. Source: TransactWriteItems, DynamoDB API Reference. */
const TOKEN_MS = 10 * 60_000;

/** A ConditionCheck is a DeleteItem that is checked, and not done. */
const KINDS = {
  Put: { operation: 'PutItem', action: 'PutItem' },
  Update: { operation: 'UpdateItem', action: 'UpdateItem' },
  Delete: { operation: 'DeleteItem', action: 'DeleteItem' },
  ConditionCheck: { operation: 'DeleteItem', action: 'ConditionCheckItem' },
} as const satisfies Record<string, { operation: DynaliteOperation; action: string }>;

type Kind = keyof typeof KINDS;

interface Reason {
  Code: string;
  Message?: string;
  Item?: Item;
}

/** What each item of a transaction asks for, as IAM sees it. */
export function transactionActions(input: Wire): Asked[] {
  return asArray(input.TransactItems).flatMap(entry =>
    Object.entries<Wire>(entry ?? {}).map(([kind, request]) => ({
      action: kind === 'Get' ? 'GetItem' : (KINDS[kind as Kind]?.action ?? kind),
      table: request?.TableName,
      items: itemsIn(request),
    })),
  );
}

/**
 * TransactWriteItems, all or nothing. Simplification: transactions wait for each other and for other writes, so that none is cancelled for
 * TransactionConflict; consumed capacity is not answered.
 */
export class Transactions {
  readonly #account: AccountStore;
  readonly #clock: VirtualClock;
  /** Successful ones, by token, in the order of their end. */
  readonly #done = new Map<string, { request: string; at: number }>();

  constructor(account: AccountStore, clock: VirtualClock) {
    this.#account = account;
    this.#clock = clock;
  }

  /** @throws AwsError TransactionCanceledException with a reason for each item, IdempotentParameterMismatchException, ValidationException */
  write(input: Wire): Promise<Wire> {
    return this.#account.write(async () => {
      const token: unknown = input.ClientRequestToken;
      const request = createHash('sha256')
        .update(JSON.stringify(input.TransactItems ?? null))
        .digest('base64');
      if (typeof token === 'string' && this.#isDone(token, request)) return {};
      await this.#writeOnce(input);
      if (typeof token === 'string') this.#done.set(token, { request, at: this.#clock.now() });
      return {};
    });
  }

  /** @throws AwsError */
  get(input: Wire): Promise<Wire> {
    // Alone among writes, so that it sees a transaction whole or not at all.
    return this.#account.write(async () => {
      const { items: store } = this.#account;
      const requests = entries(input).map(entry => {
        if (!entry?.Get) throw validation('Every item of TransactGetItems has a Get');
        return validate('GetItem', store, { ...entry.Get, TableName: tableName(entry.Get.TableName) });
      });
      const Responses = [];
      for (const request of requests) {
        const { Item } = await perform('GetItem', store, request);
        Responses.push(Item ? { Item } : {});
      }
      return { Responses };
    });
  }

  #isDone(token: string, request: string): boolean {
    for (const [known, { at }] of this.#done) {
      if (at > this.#clock.now() - TOKEN_MS) break;
      this.#done.delete(known);
    }
    const earlier = this.#done.get(token);
    if (earlier && earlier.request !== request) {
      throw new AwsError(
        'IdempotentParameterMismatchException',
        'The token was used for another request within the last ten minutes',
      );
    }
    return earlier !== undefined;
  }

  async #writeOnce(input: Wire): Promise<void> {
    const { items: store } = this.#account;
    const items = entries(input).map(entry => parse(entry, store));
    await requireDistinct(store, items);
    const staged = stage(store);
    const reasons: Reason[] = [];
    for (const item of items) reasons.push(await check(store, staged.store, item));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      throw new AwsError(
        'TransactionCanceledException',
        `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
        { members: { CancellationReasons: reasons } },
      );
    }
    await staged.commit();
  }
}

interface TransactItem {
  kind: Kind;
  data: Wire;
  returnsOld: boolean;
}

function asArray(value: Wire): Wire[] {
  return Array.isArray(value) ? value : [];
}

function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function entries(input: Wire): Wire[] {
  const items = asArray(input.TransactItems);
  if (items.length >= 1 && items.length <= MAX_ITEMS) return items;
  throw validation(
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and ${MAX_ITEMS}`,
  );
}

function parse(entry: Wire, store: Store): TransactItem {
  const [[kind, request] = [], second] = Object.entries<Wire>(entry ?? {});
  if (!kind || second || !Object.hasOwn(KINDS, kind)) {
    throw validation('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  if (kind === 'ConditionCheck' && !request.ConditionExpression) {
    throw validation('A ConditionCheck has a ConditionExpression');
  }
  const { ReturnValuesOnConditionCheckFailure: returned, ...rest } = request;
  const asked = { ...rest, TableName: tableName(rest.TableName) };
  return {
    kind: kind as Kind,
    data: validate(KINDS[kind as Kind].operation, store, asked),
    returnsOld: returned === 'ALL_OLD',
  };
}

/** @throws AwsError ResourceNotFoundException, ValidationException */
async function requireDistinct(store: Store, items: TransactItem[]): Promise<void> {
  const seen = new Set<string>();
  for (const { data } of items) {
    const table = await getTable(store, data.TableName);
    const complete = data.Key ?? data.Item;
    // A key that does not fit the table is the item's own reason, later.
    if (!table.KeySchema.every(({ AttributeName }) => complete[AttributeName])) continue;
    const id = `${data.TableName}/${JSON.stringify(table.KeySchema.map(({ AttributeName }) => complete[AttributeName]))}`;
    if (seen.has(id)) throw validation('Transaction request cannot include multiple operations on one item');
    seen.add(id);
  }
}

/** Does the item's operation on the staged store, and says what came of it. */
async function check(store: Store, staged: Store, { kind, data, returnsOld }: TransactItem): Promise<Reason> {
  try {
    if (kind === 'ConditionCheck') await checkCondition(store, data);
    else await perform(KINDS[kind].operation, staged, data);
    return { Code: 'None' };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code === 'ValidationException') return { Code: 'ValidationError', Message: error.message };
    if (error.code !== 'ConditionalCheckFailedException') throw error;
    const old = returnsOld ? await existing(store, data) : undefined;
    return { Code: 'ConditionalCheckFailed', Message: error.message, ...(old && { Item: old }) };
  }
}

async function checkCondition(store: Store, data: Wire): Promise<void> {
  const invalid = dynaliteDb.validateKey(data.Key, await getTable(store, data.TableName));
  if (invalid) throw asAwsError(invalid);
  const failed = dynaliteDb.checkConditional(data, await existing(store, data));
  if (failed) throw asAwsError(failed);
}

/** The item that a request is about, as it is now. */
export async function existing(store: Store, data: Wire): Promise<Item | undefined> {
  const key = dynaliteDb.createKey(data.Key ?? data.Item, await getTable(store, data.TableName));
  return promised<Item>(callback => store.getItemDb(data.TableName).get(key, callback));
}

/** A store that reads from another, and keeps what is written until it is committed. */
function stage(store: Store): { store: Store; commit(): Promise<void> } {
  const changes = new Map<Items, Change[]>();
  const staging = (items: Items): Items => {
    const keep = (change: Change) => changes.set(items, [...(changes.get(items) ?? []), change]);
    return {
      ...items,
      put(key, value, callback) {
        keep({ type: 'put', key, value });
        callback(null);
      },
      del(key, callback) {
        keep({ type: 'del', key });
        callback(null);
      },
      // The whole transaction is alone among writes already.
      lock: (_key, run) => run(callback => callback),
    };
  };
  return {
    store: {
      ...store,
      getItemDb: name => staging(store.getItemDb(name)),
      getIndexDb: (type, table, index) => staging(store.getIndexDb(type, table, index)),
    },
    async commit() {
      // INVARIANT: all batches are asked for in one turn, in which the store applies them: no reader sees a part of them.
      await Promise.all([...changes].map(([items, batch]) => promised(callback => items.batch(batch, callback))));
    },
  };
}
