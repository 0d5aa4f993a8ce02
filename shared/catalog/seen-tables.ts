import { hash } from 'node:crypto';
import { canonicalText } from './canonical-text.ts';
import type { TableSnapshot } from './table-snapshot.ts';

/** Three for each of 20,000 tables: few share theirs. */
const PLACES = 65_536;
const DIGEST_BYTES = 16;

/**
 * What this process last saw to be in step, so that an event that changed nothing costs one read. A hint within the first law: the source was
 * read just now, and what was in step with this very reading only changes by another event, or by hand, for which the reconcile looks.
 * As large with many tables as with few (1 MB): a table has one place by its name, and of tables that share a place the last is remembered.
 */
export class SeenTables {
  readonly #places: number;
  readonly #digests: Buffer;

  /** @param places none: nothing is remembered */
  constructor(places = PLACES) {
    this.#places = places;
    this.#digests = Buffer.alloc(places * DIGEST_BYTES);
  }

  isInStep(table: string, source: TableSnapshot): boolean {
    // Partitions are not part of the reading: their changes come without a change of the table.
    return source.content.PartitionKeys.length === 0 && this.#placeOf(table).equals(digestOf(table, source));
  }

  remember(table: string, source: TableSnapshot): void {
    if (this.#places > 0) this.#placeOf(table).set(digestOf(table, source));
  }

  /** The table is gone: one made again within the same second may have the same reading. */
  forget(table: string): void {
    this.#placeOf(table).fill(0);
  }

  #placeOf(table: string): Buffer {
    const start = (hash('sha256', table, 'buffer').readUInt32LE() % this.#places) * DIGEST_BYTES;
    return this.#digests.subarray(start, start + DIGEST_BYTES);
  }
}

/** The name is part of it: tables that share a place are told apart. */
function digestOf(table: string, source: TableSnapshot): Buffer {
  return hash('sha256', `${table}\n${canonicalText(source)}`, 'buffer').subarray(0, DIGEST_BYTES);
}
