import { AtOnce } from './at-once.ts';
import type { Partition, PartitionDifference } from './compare-partitions.ts';
import { partitionKey } from './compare-partitions.ts';
import { PARTITIONS_A_LOOK, type PartitionPlace, type PartitionServices } from './sync-partitions.ts';
import type { TableContent } from './table-snapshot.ts';

/** Partitions that a call creates, updates or removes. Source: Glue API reference, BatchCreatePartition, BatchUpdatePartition, BatchDeletePartition. */
const BATCH = { create: 100, update: 100, remove: 25 } as const;

/** Calls under way at once: quick, and far from Glue's rates even with ten handlers. */
const CALLS_AT_ONCE = 8;

/** Writes differences as they come, in full batches and some at once; what is held does not grow with their number. */
export class PartitionWriter {
  readonly #services: Pick<PartitionServices, 'producers' | 'central'>;
  readonly #place: PartitionPlace;
  readonly #content: TableContent;
  readonly #beforeFirst: () => Promise<void>;
  readonly #create: Partition[] = [];
  readonly #update: Partition[] = [];
  readonly #remove: string[][] = [];
  readonly #calls = new AtOnce(CALLS_AT_ONCE);
  readonly #written = { added: 0, changed: 0, removed: 0 };
  /** Whether anything was to be written. */
  hasBegun = false;

  /** @param beforeFirst done before the first write */
  constructor(
    services: Pick<PartitionServices, 'producers' | 'central'>,
    place: PartitionPlace,
    content: TableContent,
    beforeFirst: () => Promise<void>,
  ) {
    this.#services = services;
    this.#place = place;
    this.#content = content;
    this.#beforeFirst = beforeFirst;
  }

  async write(difference: PartitionDifference): Promise<void> {
    switch (difference.kind) {
      case 'create':
        this.#create.push(difference.partition);
        if (this.#create.length === BATCH.create) await this.#flush('create');
        return;
      case 'update':
        this.#update.push(difference.partition);
        if (this.#update.length === BATCH.update) await this.#flush('update');
        return;
      case 'remove':
        this.#remove.push(difference.values);
        if (this.#remove.length === PARTITIONS_A_LOOK) await this.#flush('remove');
        return;
    }
  }

  /** Writes what is left, and waits for all. @throws the first failure, once all else is done. */
  async end(): Promise<void> {
    for (const kind of ['create', 'update', 'remove'] as const) await this.#flush(kind);
    await this.#calls.end();
  }

  /** What this handler wrote, in the words of `Catalog Table Synced`. */
  changes(): string[] {
    return Object.entries(this.#written)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `partitions-${what} ${count}`);
  }

  count(): number {
    const { added, changed, removed } = this.#written;
    return added + changed + removed;
  }

  async #flush(kind: 'create' | 'update' | 'remove'): Promise<void> {
    const { central } = this.#services;
    const { database } = this.#place;
    if (kind === 'create' && this.#create.length > 0) {
      const batch = this.#create.splice(0);
      await this.#start(async () => {
        // Apart: the sum must be read after the call, beside which others go on.
        const added = await central.createPartitions(database, this.#content, batch);
        this.#written.added += added;
      });
    } else if (kind === 'update' && this.#update.length > 0) {
      const batch = this.#update.splice(0);
      await this.#start(async () => {
        await central.updatePartitions(database, this.#content, batch);
        this.#written.changed += batch.length;
      });
    } else if (kind === 'remove' && this.#remove.length > 0) await this.#removeConfirmed(this.#remove.splice(0));
  }

  /** A list proves no absence: the partitions themselves are asked for. */
  async #removeConfirmed(values: string[][]): Promise<void> {
    const { producers, central } = this.#services;
    const { domain, sourceDatabase, database, table } = this.#place;
    const found = await producers.findPartitions(domain.account, sourceDatabase, table, values);
    const living = new Set(found.map(one => partitionKey(one.values)));
    const gone = values.filter(one => !living.has(partitionKey(one)));
    for (let start = 0; start < gone.length; start += BATCH.remove) {
      const batch = gone.slice(start, start + BATCH.remove);
      await this.#start(async () => {
        const removed = await central.removePartitions(database, table, batch);
        this.#written.removed += removed;
      });
    }
  }

  async #start(call: () => Promise<void>): Promise<void> {
    if (!this.hasBegun) await this.#beforeFirst();
    this.hasBegun = true;
    await this.#calls.start(call);
  }
}
