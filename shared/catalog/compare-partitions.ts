import { canonicalDigest } from './canonical-text.ts';
import { lastingParameters } from './central-content.ts';

/** One partition: its values in the order of the keys, and what Glue keeps of where and how it lies. Without columns: they come from the table. */
export interface Partition {
  values: string[];
  storage: { Location?: string; [other: string]: unknown };
  parameters: Record<string, string>;
}

export type PartitionDifference =
  | { kind: 'create' | 'update'; partition: Partition }
  /** The source did not list it, which alone proves nothing. */
  | { kind: 'remove'; values: string[] };

export interface PartitionPage {
  partitions: readonly Partition[];
  hasMore: boolean;
}

export type PartitionPages = AsyncIterable<PartitionPage>;

/** How many of the source's partitions wait for their counterparts at the most: with more, the central side is read first. */
const WAITING_PARTITIONS = 5_000;

/**
 * Compares the partitions of two tables as sets, a page of each at a time, and gives the differences as they become certain. What is held is what
 * waits for its counterpart on the other side: next to nothing when both sides list in one order, as Glue does. Where they do not, the source's are
 * bounded, and of the central ones only values and digests are held.
 */
export async function* comparePartitions(
  sourcePages: PartitionPages,
  centralPages: PartitionPages,
): AsyncGenerator<PartitionDifference> {
  const source = new PagedSide(sourcePages);
  const central = new PagedSide(centralPages);
  const wanted = new Map<string, Partition>();
  const there = new Map<string, { values: string[]; digest: string }>();
  while (!source.isDone || !central.isDone) {
    if (readsSourceNext(source, central, wanted.size)) {
      for (const partition of await source.nextPage()) {
        const key = partitionKey(partition.values);
        const counterpart = there.get(key);
        if (!counterpart) wanted.set(key, partition);
        else if (counterpart.digest !== partitionDigest(partition)) yield { kind: 'update', partition };
        there.delete(key);
      }
    } else {
      for (const partition of await central.nextPage()) {
        const key = partitionKey(partition.values);
        const counterpart = wanted.get(key);
        if (!counterpart) there.set(key, { values: partition.values, digest: partitionDigest(partition) });
        else if (partitionDigest(counterpart) !== partitionDigest(partition))
          yield { kind: 'update', partition: counterpart };
        wanted.delete(key);
      }
    }
    // What waits for a side that has ended waits for nothing.
    if (central.isDone) {
      for (const partition of wanted.values()) yield { kind: 'create', partition };
      wanted.clear();
    }
    if (source.isDone) {
      for (const { values } of there.values()) yield { kind: 'remove', values };
      there.clear();
    }
  }
}

/** Reads on the side that lags behind, as in a merge: a guess at the order, on which only memory depends. */
function readsSourceNext(source: PagedSide, central: PagedSide, waiting: number): boolean {
  if (source.isDone || central.isDone) return !source.isDone;
  if (waiting > WAITING_PARTITIONS) return false;
  return source.lastKey <= central.lastKey;
}

/** The pages of one side, each asked for while the one before is worked on. */
class PagedSide {
  readonly #pages: AsyncIterator<PartitionPage>;
  #coming: Promise<IteratorResult<PartitionPage>>;
  isDone = false;
  lastKey = '';

  constructor(pages: PartitionPages) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#coming = this.#ask();
  }

  async nextPage(): Promise<readonly Partition[]> {
    const { done, value } = await this.#coming;
    this.isDone = done === true || !value.hasMore;
    if (done) return [];
    if (value.hasMore) this.#coming = this.#ask();
    const last = value.partitions.at(-1);
    if (last) this.lastKey = partitionKey(last.values);
    return value.partitions;
  }

  #ask(): Promise<IteratorResult<PartitionPage>> {
    const coming = this.#pages.next();
    // A failure is told to who awaits the page, which may be later, or never when the other side fails first.
    coming.catch(() => {});
    return coming;
  }
}

/** Two partitions of one table never share it, whatever characters their values have. */
export function partitionKey(values: readonly string[]): string {
  return JSON.stringify(values);
}

/** What a reader would notice: where the partition lies, how it is read, and what is said of it. */
export function partitionDigest({ storage, parameters }: Partition): string {
  return canonicalDigest([storage, lastingParameters(parameters)]);
}
