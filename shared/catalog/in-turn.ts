import type { SyncServices } from './catalog-ports.ts';
import type { PartitionHint } from './sync-partitions.ts';
import { type SyncOutcome, syncTable, type TableChange } from './sync-table.ts';

/**
 * Syncs each table once at a time in this process. Hints that come while one is being worked on wait, and are worked on together by one run that begins
 * after all of them: a burst of events of one table costs two runs, however long it is.
 */
export class TablesInTurn {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #waiting = new Map<string, { change: TableChange; outcome: Promise<SyncOutcome> }>();

  sync(services: SyncServices, change: TableChange): Promise<SyncOutcome> {
    const key = `${change.account}/${change.database}.${change.table}`;
    const waiting = this.#waiting.get(key);
    if (waiting) {
      Object.assign(waiting.change, joined(waiting.change, change));
      return waiting.outcome;
    }
    const next = { ...change };
    const outcome = this.#runAfter(key, this.#running.get(key), services, next);
    if (this.#running.has(key)) this.#waiting.set(key, { change: next, outcome });
    else this.#running.set(key, outcome);
    return outcome;
  }

  async #runAfter(
    key: string,
    before: Promise<unknown> | undefined,
    services: SyncServices,
    change: TableChange,
  ): Promise<SyncOutcome> {
    if (before) {
      await before.catch(() => {});
      const own = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (own) this.#running.set(key, own.outcome);
    }
    try {
      return await syncTable(services, change);
    } finally {
      if (!this.#waiting.has(key)) this.#running.delete(key);
    }
  }
}

function joined(one: TableChange, other: TableChange): Pick<TableChange, 'partitions' | 'isRepeated'> {
  return { partitions: joinedHints(one.partitions, other.partitions), isRepeated: one.isRepeated || other.isRepeated };
}

function joinedHints(one: PartitionHint, other: PartitionHint): PartitionHint {
  if (one === 'unknown' || other === 'unknown') return 'unknown';
  if (one === 'none') return other;
  return other === 'none' ? one : [...one, ...other];
}
