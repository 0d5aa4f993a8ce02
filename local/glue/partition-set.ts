import type { Wire } from '../core/service.ts';
import type { PartitionInput } from './inputs.ts';
import { OrderedMap } from './ordered-map.ts';

/** A partition as kept. `descriptor` is the storage descriptor without its location, shared by all partitions that have the same. */
export interface StoredPartition {
  values: string[];
  creationTime: number;
  location: string | undefined;
  descriptor: Wire;
  parameters: Record<string, string> | undefined;
  lastAccessTime: number | undefined;
  lastAnalyzedTime: number | undefined;
}

/** Distinct descriptors that are looked up for sharing; what comes after them is kept as it is. */
const SHARED_DESCRIPTORS = 1000;

/**
 * The partitions of one table, in the order of a hash of their values. A segment of n is the n-th part of the hash's range: segments are found without
 * reading the others, are about equal, and cover every partition exactly once whatever is added or removed meanwhile.
 */
export class PartitionSet {
  readonly #places = new OrderedMap<StoredPartition>();
  readonly #descriptors = new Map<string, Wire>();

  get size(): number {
    return this.#places.size;
  }

  get(values: string[]): StoredPartition | undefined {
    return this.#places.get(place(values));
  }

  /** Adds it or takes the place of the one with the same values. `creationTime` in seconds since 1970. */
  put(input: PartitionInput, creationTime: number): void {
    const { Location: location, ...descriptor } = input.StorageDescriptor ?? {};
    this.#places.set(place(input.Values), {
      values: input.Values,
      creationTime,
      location,
      descriptor: input.StorageDescriptor && this.#share(descriptor),
      parameters: input.Parameters,
      lastAccessTime: input.LastAccessTime,
      lastAnalyzedTime: input.LastAnalyzedTime,
    });
  }

  delete(values: string[]): boolean {
    return this.#places.delete(place(values));
  }

  all(): Iterable<StoredPartition> {
    return this.#places.values();
  }

  /** Entries keyed for paging, from `key` on, of the segment `number` of `total`. */
  *segment(number: number, total: number, key: string | undefined): Generator<[string, StoredPartition]> {
    const begin = bound(number, total);
    const end = number + 1 < total ? bound(number + 1, total) : undefined;
    for (const entry of this.#places.from(key !== undefined && key > begin ? key : begin)) {
      if (end !== undefined && entry[0] >= end) return;
      yield entry;
    }
  }

  #share(descriptor: Wire): Wire {
    const content = JSON.stringify(descriptor);
    const known = this.#descriptors.get(content);
    if (known) return known;
    if (this.#descriptors.size < SHARED_DESCRIPTORS) this.#descriptors.set(content, descriptor);
    return descriptor;
  }
}

const hex = (hash: number) => hash.toString(16).padStart(8, '0');
const bound = (segment: number, total: number) => hex(Math.floor((segment * 2 ** 32) / total));

function place(values: string[]): string {
  const identity = JSON.stringify(values);
  return hex(spread(identity)) + identity;
}

/** FNV-1a with MurmurHash3's last step, so that the high bits, which make the segments, differ as well. Unsigned 32 bits. */
function spread(identity: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < identity.length; at++) hash = Math.imul(hash ^ identity.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
