import { canonicalDigest } from './canonical-text.ts';
import { lastingParameters } from './central-content.ts';
import { type Page, PairUp } from './pair-up.ts';

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

/**
 * Compares the partitions of two tables as sets, a page of each at a time, and gives the differences as they become certain. Of the central ones only
 * values and digests are held.
 */
export async function* comparePartitions(
  sourcePages: PartitionPages,
  centralPages: PartitionPages,
): AsyncGenerator<PartitionDifference> {
  const sides = new PairUp(
    keyed(sourcePages, partition => partition),
    keyed(centralPages, partition => ({ values: partition.values, digest: partitionDigest(partition) })),
  );
  for await (const { source, central } of sides.pairs()) {
    if (!central) yield { kind: 'create', partition: source! };
    else if (!source) yield { kind: 'remove', values: central.values };
    else if (central.digest !== partitionDigest(source)) yield { kind: 'update', partition: source };
  }
}

async function* keyed<T>(pages: PartitionPages, entryOf: (partition: Partition) => T): AsyncGenerator<Page<T>> {
  for await (const { partitions, hasMore } of pages) {
    const entries = partitions.map(one => [partitionKey(one.values), entryOf(one)] as const);
    yield { entries, next: hasMore ? 'more' : undefined };
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
