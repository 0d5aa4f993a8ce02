import { canonicalDigest } from './canonical-text.ts';
import type { TableSnapshot } from './table-snapshot.ts';

/**
 * What this process last saw to be in step, so that an event that changed nothing costs one read. A hint within the first law: the source was
 * read just now, and what was in step with this very reading only changes by another event, or by hand, for which the reconcile looks.
 * Bounded: a digest of 32 characters for each of the tables used last.
 */
export class SeenTables {
  readonly #digests = new Map<string, string>();
  readonly #limit: number;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  isInStep(table: string, source: TableSnapshot): boolean {
    // Partitions are not part of the reading: their changes come without a change of the table.
    return source.content.PartitionKeys.length === 0 && this.#digests.get(table) === canonicalDigest(source);
  }

  remember(table: string, source: TableSnapshot): void {
    this.#digests.delete(table);
    this.#digests.set(table, canonicalDigest(source));
    if (this.#digests.size <= this.#limit) return;
    const oldest = this.#digests.keys().next().value;
    if (oldest !== undefined) this.#digests.delete(oldest);
  }

  /** The table is gone: one made again within the same second may have the same reading. */
  forget(table: string): void {
    this.#digests.delete(table);
  }
}
