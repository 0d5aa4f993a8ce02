import type { VirtualClock } from '../core/clock.ts';
import type { Call, Service } from '../core/service.ts';
import { AccountStore } from './account-store.ts';
import { itemOperations } from './item-operations.ts';
import { tableOperations } from './table-operations.ts';
import { Transactions } from './transactions.ts';

/**
 * DynamoDB in memory: dynalite's store and operations, one store an account, and what dynalite lacks: transactions, time to live, the old item
 * of a failed condition. It has no streams, no PartiQL, no backups: the front refuses what is not among the operations, by name.
 */
export async function createDynamo({ clock }: { clock: VirtualClock }): Promise<{
  service: Service;
  /** Closes the stores. */
  stop(): Promise<void>;
}> {
  const accounts = new Map<string, { account: AccountStore; transactions: Transactions }>();
  const storeOf = ({ caller }: Call) => {
    let found = accounts.get(caller.account);
    if (!found) {
      const account = new AccountStore(caller.account, clock);
      found = { account, transactions: new Transactions(account, clock) };
      accounts.set(caller.account, found);
    }
    return found;
  };
  return {
    service: {
      id: 'dynamodb',
      operations: {
        ...itemOperations(storeOf),
        ...tableOperations(clock, storeOf),
      },
    },
    async stop() {
      await Promise.all([...accounts.values()].map(({ account }) => account.stop()));
    },
  };
}
