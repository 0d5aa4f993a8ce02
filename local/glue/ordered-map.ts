interface Chunk<V> {
  keys: string[];
  values: V[];
}

/** Entries of a chunk. Small enough that inserting in the middle is cheap, large enough that there are few chunks. */
const CHUNK = 512;

/** A map in the order of its keys: pages start anywhere without copying or sorting, and 100,000 entries in any order go in quickly. */
export class OrderedMap<V> {
  /** INVARIANT: no chunk is empty; keys ascend within a chunk and from chunk to chunk. */
  readonly #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkFor(key)];
    if (!chunk) return undefined;
    const at = firstNotBelow(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  set(key: string, value: V): void {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    if (!chunk) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#size++;
      return;
    }
    const at = firstNotBelow(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    this.#size++;
    if (chunk.keys.length <= CHUNK) return;
    // Keys that come in order leave full chunks behind them; others split in the middle.
    const cut = at === chunk.keys.length - 1 ? at : chunk.keys.length >>> 1;
    this.#chunks.splice(index + 1, 0, { keys: chunk.keys.splice(cut), values: chunk.values.splice(cut) });
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    if (!chunk) return false;
    const at = firstNotBelow(chunk.keys, key);
    if (chunk.keys[at] !== key) return false;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    this.#size--;
    return true;
  }

  /** Entries from `key` on (itself included). The map must not change while they are read. */
  *from(key = ''): Generator<[key: string, value: V]> {
    let index = this.#chunkFor(key);
    let at = firstNotBelow(this.#chunks[index]?.keys ?? [], key);
    for (; index < this.#chunks.length; index++, at = 0) {
      const { keys, values } = this.#chunks[index]!;
      for (; at < keys.length; at++) yield [keys[at]!, values[at]!];
    }
  }

  *values(): Generator<V> {
    for (const chunk of this.#chunks) yield* chunk.values;
  }

  /** The last chunk that begins at or before the key, or the first. */
  #chunkFor(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]!.keys[0]! <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function firstNotBelow(keys: string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
