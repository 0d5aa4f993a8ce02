import type { Timer, VirtualClock } from '../core/clock.ts';
import { REGION, type Wire } from '../core/service.ts';
import {
  type Callback,
  type DynaliteOperation,
  dynaliteDb,
  getTable,
  type Item,
  type Items,
  perform,
  promised,
  type Store,
  type Table,
  validate,
} from './dynalite.ts';
import { TimeToLive } from './time-to-live.ts';

/** How often expired items are looked for. Simplification: AWS deletes them within a few days; until then both show them to readers. */
const SWEEP_MS = 3600_000;

/** One account's tables. Writes run one after the other, so that a transaction is alone while it checks and writes. */
export class AccountStore {
  /** For operations on tables. */
  readonly store: Store;
  /** For operations on items: they ask for their table each time, and do not change it. */
  readonly items: Store;
  readonly timeToLive = new TimeToLive();
  readonly #clock: VirtualClock;
  #tables = new Map<string, Table>();
  #writing: Promise<unknown> = Promise.resolve();
  #sweeping: Promise<unknown> | undefined;
  #sweepTimer: Timer | undefined;

  constructor(account: string, clock: VirtualClock) {
    this.#clock = clock;
    this.store = dynaliteDb.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    this.store.tableDb.awsAccountId = account;
    this.store.tableDb.awsRegion = REGION;
    const unwatched = this.store.getItemDb;
    this.store.getItemDb = name => this.#watched(name, unwatched(name));
    this.items = { ...this.store, getTable: (name, ...rest) => this.#table(name, rest.at(-1) as Callback<Table>) };
  }

  /** Runs alone among writes. */
  write<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => {});
    return result;
  }

  /** Once the clock has come to a sweep, no reader sees what it deletes. */
  async read(operation: DynaliteOperation, input: Wire): Promise<Wire> {
    const data = validate(operation, this.store, input);
    await this.#sweeping;
    return perform(operation, operation === 'DescribeTable' ? this.store : this.items, data);
  }

  /** Looks at a table until it is as the operation leaves it: dynalite changes the status a moment after it has answered. */
  async untilTable(name: string, isThere: (status: string | undefined) => boolean): Promise<void> {
    for (;;) {
      const table = await getTable(this.store, name).catch(() => undefined);
      if (isThere(table?.TableStatus)) {
        // What was read before is not the table any more; a read under way keeps it in the old map.
        this.#tables = new Map();
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  }

  /** Items whose time is up go at the next sweep. Takes the items that the table has already. */
  async enableTimeToLive(table: string, attribute: string): Promise<void> {
    this.timeToLive.enable(table, attribute);
    const description = await getTable(this.store, table);
    let ExclusiveStartKey: Wire;
    do {
      const data = validate('Scan', this.store, { TableName: table, ...(ExclusiveStartKey && { ExclusiveStartKey }) });
      const page = await perform('Scan', this.store, data);
      for (const item of page.Items) this.timeToLive.note(table, dynaliteDb.createKey(item, description), item);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    this.#sweepTimer ??= this.#clock.after(SWEEP_MS, () => this.#sweepAndGoOn());
  }

  async stop(): Promise<void> {
    this.#sweepTimer?.cancel();
    await this.#writing;
    await promised(callback => this.store.db.close(callback));
  }

  #sweepAndGoOn(): void {
    this.#sweepTimer = this.timeToLive.isInUse ? this.#clock.after(SWEEP_MS, () => this.#sweepAndGoOn()) : undefined;
    const now = this.#clock.now() / 1000;
    const expired = this.timeToLive.expired(now);
    if (expired.length === 0) return;
    const sweeping = this.write(async () => {
      for (const { table, key } of expired) await this.#deleteExpired(table, key, now);
    }).finally(() => {
      if (this.#sweeping === sweeping) this.#sweeping = undefined;
    });
    this.#sweeping = sweeping;
  }

  async #deleteExpired(table: string, key: string, now: number): Promise<void> {
    // A write that was before the sweep in the queue may have prolonged it, or deleted the table.
    if (!this.timeToLive.isExpired(table, key, now)) return;
    const item = await promised<Item>(callback => this.store.getItemDb(table).get(key, callback));
    if (!item) return;
    const { KeySchema } = await getTable(this.store, table);
    const Key = Object.fromEntries(KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));
    await perform('DeleteItem', this.items, validate('DeleteItem', this.store, { TableName: table, Key }));
  }

  #table(name: string, callback: Callback<Table>): void {
    const tables = this.#tables;
    const known = tables.get(name);
    if (known) callback(null, known);
    else {
      this.store.getTable(name, true, (error, table) => {
        if (table) tables.set(name, table);
        callback(error, table);
      });
    }
  }

  #watched(table: string, items: Items): Items {
    const { timeToLive } = this;
    return {
      ...items,
      put(key, value, callback) {
        timeToLive.note(table, key, value);
        items.put(key, value, callback);
      },
      del(key, callback) {
        timeToLive.note(table, key, undefined);
        items.del(key, callback);
      },
      batch(changes, callback) {
        for (const change of changes) {
          timeToLive.note(table, change.key, change.type === 'put' ? change.value : undefined);
        }
        items.batch(changes, callback);
      },
    };
  }
}
