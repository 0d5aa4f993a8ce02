/**
 * dynalite's own parts, without its HTTP server: `db` (an in-memory store), `validations` (what DynamoDB checks of a request before it looks at
 * a table) and `actions` (the operations). It has no types; these are the ones in use here.
 */
import { createRequire } from 'node:module';
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

export type Item = Record<string, Record<string, Wire>>;

export interface KeySchemaElement {
  AttributeName: string;
  KeyType: string;
}

export interface Table {
  TableName: string;
  TableStatus: string;
  KeySchema: KeySchemaElement[];
  CreationDateTime: number;
  [other: string]: Wire;
}

export type Callback<T = unknown> = (error: unknown, result?: T) => void;

export type Change = { type: 'put'; key: string; value: Item } | { type: 'del'; key: string };

/** A table's items, or an index's. */
export interface Items {
  get(key: string, callback: Callback<Item>): void;
  put(key: string, value: Item, callback: Callback): void;
  del(key: string, callback: Callback): void;
  /** The store applies a batch in the turn in which it is asked to. */
  batch(changes: Change[], callback: Callback): void;
  lock(key: string, run: (release: <C>(callback: C) => C) => void): void;
}

export interface Store {
  options: { maxItemSize: number };
  db: { close(callback: Callback): void };
  tableDb: { awsAccountId: string; awsRegion: string; put(key: string, table: Table, callback: Callback): void };
  /** dynalite also calls it without `checkStatus`: the callback is the last argument. */
  getTable(name: string, checkStatus: boolean | Callback<Table>, callback: Callback<Table>): void;
  getItemDb(name: string): Items;
  getIndexDb(type: string, table: string, index: string): Items;
}

interface Validation {
  types: Record<string, unknown>;
  custom?: (data: Wire, store: Store) => string | undefined;
}

interface DynaliteDb {
  create(options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
  createKey(item: Item, table: Table): string;
  validateKey(key: Item, table: Table): Error | undefined;
  checkConditional(data: Wire, existing: Item | undefined): Error | null | undefined;
}

interface DynaliteValidations {
  checkTypes(data: Wire, types: Record<string, unknown>): Wire;
  checkValidations(data: Wire, types: Record<string, unknown>, custom: Validation['custom'], store: Store): void;
}

const require = createRequire(import.meta.url);
export const dynaliteDb: DynaliteDb = require('dynalite/db/index.js');
const validations: DynaliteValidations = require('dynalite/validations/index.js');

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;
export type DynaliteOperation = (typeof OPERATIONS)[number];

type Action = (store: Store, data: Wire, callback: Callback<Wire>) => void;

const ACTIONS = new Map<DynaliteOperation, { action: Action; validation: Validation }>(
  OPERATIONS.map(operation => {
    const file = operation.charAt(0).toLowerCase() + operation.slice(1);
    return [
      operation,
      { action: require(`dynalite/actions/${file}.js`), validation: require(`dynalite/validations/${file}.js`) },
    ];
  }),
);

/** Fields that an operation has; any other would be dropped without a word. */
export function fieldsOf(operation: DynaliteOperation): string[] {
  return Object.keys(ACTIONS.get(operation)!.validation.types);
}

/** Checks a request as DynamoDB does before it looks at a table, and parses its expressions. @throws AwsError ValidationException, SerializationException */
export function validate(operation: DynaliteOperation, store: Store, input: Wire): Wire {
  const { types, custom } = ACTIONS.get(operation)!.validation;
  try {
    // It takes what it does not know out of its input: the caller keeps its own.
    const data = validations.checkTypes(structuredClone(input), types);
    validations.checkValidations(data, types, custom, store);
    return data;
  } catch (error) {
    throw asAwsError(error);
  }
}

/** Does an operation on what `validate` gave. @throws AwsError */
export async function perform(operation: DynaliteOperation, store: Store, data: Wire): Promise<Wire> {
  return promised<Wire>(callback => ACTIONS.get(operation)!.action(store, data, callback));
}

/** @throws AwsError ResourceNotFoundException */
export function getTable(store: Store, name: string): Promise<Table> {
  return promised<Table>(callback => store.getTable(name, false, callback)) as Promise<Table>;
}

export function promised<T>(call: (callback: Callback<T>) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(asAwsError(error)) : resolve(result)));
  });
}

/** dynalite's errors hold the body of DynamoDB's answer; anything else is a fault. */
export function asAwsError(error: unknown): unknown {
  if (!(error instanceof Error) || !('body' in error)) return error;
  const body = error.body as { __type: string; message?: string; Message?: string };
  return new AwsError(body.__type.split('#').at(-1)!, body.message ?? body.Message ?? '');
}
