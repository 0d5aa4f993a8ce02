import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { Call, Operation, Wire } from '../core/service.ts';
import type { AccountStore } from './account-store.ts';
import { type DynaliteOperation, fieldsOf, perform, validate } from './dynalite.ts';
import { itemsIn, onItems } from './leading-keys.ts';
import { onTable, withTableNames } from './table-names.ts';
import { existing, type Transactions, transactionActions } from './transactions.ts';

export type StoreOf = (call: Call) => { account: AccountStore; transactions: Transactions };

/** Refuses fields that dynalite would drop without a word. @param more what is handled beside dynalite */
export function requireKnownFields(operation: DynaliteOperation, input: Wire, more: string[] = []): void {
  const known = [...fieldsOf(operation), ...more];
  const unknown = Object.keys(input).find(field => input[field] !== undefined && !known.includes(field));
  if (unknown) throw notInLocalMesh(`the parameter ${unknown} of ${operation}`);
}

/** Reads and writes of items. */
export function itemOperations(storeOf: StoreOf): Record<string, Operation> {
  const accountOf = (call: Call) => storeOf(call).account;
  const onBatch = (action: string) =>
    onItems(accountOf, input =>
      Object.entries(input.RequestItems ?? {}).map(([table, requests]) => ({
        action,
        table,
        items: itemsIn(requests),
      })),
    );
  const inTransaction = onItems(accountOf, transactionActions);
  const reading = (operation: DynaliteOperation, access: Operation['access']): Operation => ({
    access,
    run(input: Wire, call: Call) {
      requireKnownFields(operation, input);
      return storeOf(call).account.read(operation, withTableNames(input));
    },
  });
  return {
    GetItem: reading('GetItem', onItem('GetItem', accountOf)),
    BatchGetItem: reading('BatchGetItem', onBatch('BatchGetItem')),
    Query: reading(
      'Query',
      onItems(accountOf, query => [{ action: 'Query', table: query.TableName, query }]),
    ),
    Scan: reading('Scan', onTable('Scan')),
    PutItem: writing('PutItem', storeOf),
    UpdateItem: writing('UpdateItem', storeOf),
    DeleteItem: writing('DeleteItem', storeOf),
    BatchWriteItem: {
      access: onBatch('BatchWriteItem'),
      run(input: Wire, call: Call) {
        requireKnownFields('BatchWriteItem', input);
        const { account } = storeOf(call);
        const data = validate('BatchWriteItem', account.store, withTableNames(input));
        return account.write(() => perform('BatchWriteItem', account.items, data));
      },
    },
    TransactWriteItems: {
      access: inTransaction,
      run: (input: Wire, call: Call) => storeOf(call).transactions.write(input),
    },
    TransactGetItems: {
      access: inTransaction,
      run: (input: Wire, call: Call) => storeOf(call).transactions.get(input),
    },
  };
}

function onItem(action: string, accountOf: (call: Call) => AccountStore): Operation['access'] {
  return onItems(accountOf, input => [{ action, table: input.TableName, items: itemsIn(input) }]);
}

function writing(operation: 'PutItem' | 'UpdateItem' | 'DeleteItem', storeOf: StoreOf): Operation {
  return {
    access: onItem(operation, call => storeOf(call).account),
    run(input: Wire, call: Call) {
      requireKnownFields(operation, input, ['ReturnValuesOnConditionCheckFailure']);
      const { ReturnValuesOnConditionCheckFailure: returned, ...asked } = withTableNames(input);
      const { account } = storeOf(call);
      const data = validate(operation, account.store, asked);
      return account.write(async () => {
        try {
          return await perform(operation, account.items, data);
        } catch (error) {
          const isFailedCheck = error instanceof AwsError && error.code === 'ConditionalCheckFailedException';
          if (!isFailedCheck || returned !== 'ALL_OLD') throw error;
          const Item = await existing(account.items, data);
          throw new AwsError(error.code, error.message, { members: Item ? { Item } : {} });
        }
      });
    },
  };
}
