import { type Domain, isWithinPrefixes } from '../mesh/mesh.ts';
import {
  comparePartitions,
  type Partition,
  type PartitionDifference,
  type PartitionPages,
  partitionDigest,
  partitionKey,
} from './compare-partitions.ts';
import { PartitionWriter } from './partition-writer.ts';
import type { TableContent, TableSnapshot } from './table-snapshot.ts';

/** A producer's partitions, for reading. */
export interface ProducerPartitions {
  partitionPages(account: string, database: string, table: string): PartitionPages;
  /** Those of the named partitions that there are. At most `PARTITIONS_A_LOOK`. @throws when they cannot all be read: that proves nothing. */
  findPartitions(account: string, database: string, table: string, values: readonly string[][]): Promise<Partition[]>;
}

/** The central table's partitions, as its one writer. Every write may be repeated. */
export interface CentralPartitions {
  partitionPages(database: string, table: string): PartitionPages;
  findPartitions(database: string, table: string, values: readonly string[][]): Promise<Partition[]>;
  /**
   * One that is there already is as good as written.
   * @returns how many this call wrote: what another wrote is the other's to tell
   * @throws PartitionsFailedError with those that could not be.
   */
  createPartitions(database: string, table: TableContent, partitions: readonly Partition[]): Promise<number>;
  updatePartitions(database: string, table: TableContent, partitions: readonly Partition[]): Promise<void>;
  /** One that is not there is as good as removed. @returns how many this call removed */
  removePartitions(database: string, table: string, values: readonly string[][]): Promise<number>;
}

/** Partitions that a BatchGetPartition call takes. Source: Glue API reference. */
export const PARTITIONS_A_LOOK = 1_000;

/** What is kept of a producer's table's partitions: that they are being worked on, and what came of it last. */
export interface PartitionActivity {
  /**
   * Counts one more look at the table's partitions.
   * @returns the count after it, who has written and not come to tell of it, and what was kept out at the last look
   */
  begin(
    domain: string,
    database: string,
    table: string,
  ): Promise<{ looks: number; unfinished: string[]; keptOut: string[] }>;
  /** Notes that `by` is about to write. */
  writing(domain: string, database: string, table: string, by: string): Promise<void>;
  /**
   * Notes what `by` wrote and told.
   * @returns whether nobody has begun to look since `looks`: otherwise what was written may be older than what they saw
   */
  finish(domain: string, database: string, table: string, end: PartitionsEnd): Promise<boolean>;
  /** All of a producer's database, by table. */
  knownIn(domain: string, database: string): Promise<Map<string, KnownPartitions>>;
}

/** What came of the last looks at a table's partitions. */
export interface KnownPartitions {
  keptOut: string[];
  /** Who has written and not come to tell of it. */
  unfinished: string[];
  /** Who wrote last, and told. */
  changedBy?: string;
}

export interface PartitionsEnd {
  looks: number;
  by: string;
  at: string;
  changes: string[];
  keptOut: string[];
}

export interface PartitionServices {
  producers: ProducerPartitions;
  central: CentralPartitions;
  activity: PartitionActivity;
  now(): string;
}

export interface PartitionPlace {
  domainName: string;
  domain: Domain;
  /** The producer's database. */
  sourceDatabase: string;
  /** The central one. */
  database: string;
  table: string;
}

/** Which partitions a hint speaks of: those with these values, none (the table itself changed), or nobody knows. */
export type PartitionHint = string[][] | 'none' | 'unknown';

export interface PartitionOutcome {
  /** In the words of `Catalog Table Synced`: `partitions-added 3`. Empty: nothing was written, or another was quicker. */
  changes: string[];
  /** How many partitions were written. */
  written: number;
  /** Reasons why partitions are kept out, some of them where they are many. */
  keptOut: string[];
  /** What was kept out before. */
  keptOutBefore: string[];
  /** Tells of the outcome first, then finishes. @returns whether it is final: otherwise look again. */
  finish(): Promise<boolean>;
}

/** Hive-style partitions are listed in the catalog; projection and Iceberg need none. */
export function hasListedPartitions({ content: { PartitionKeys, Parameters } }: TableSnapshot): boolean {
  const isIceberg = Parameters.table_type?.toUpperCase() === 'ICEBERG';
  return PartitionKeys.length > 0 && Parameters['projection.enabled']?.toLowerCase() !== 'true' && !isIceberg;
}

/**
 * Brings the partitions of a central table up to its source's: streaming, in batches, and safe to repeat, to run twice at once, and to lose at any
 * point. A table of more than one page is looked at only where its hint points, if it points anywhere.
 *
 * Why two at once are safe: whoever looks counts itself between reading the source and reading the central side. Who has written and finds at its end
 * that another began since looks again: what it wrote may be older than what the other saw. Who began after that end saw what was written.
 */
export async function syncPartitions(
  services: PartitionServices,
  place: PartitionPlace,
  { content }: TableSnapshot,
  { hint, by }: { hint: PartitionHint; by: string },
): Promise<PartitionOutcome> {
  const { producers, central, activity, now } = services;
  const { domainName, domain, sourceDatabase, database, table } = place;
  const source = await readFirst(producers.partitionPages(domain.account, sourceDatabase, table));
  if (source.hasMore && hint === 'none') return nothing();
  const asked = source.hasMore && Array.isArray(hint) ? await readNamed(services, place, hint) : undefined;
  const { looks, unfinished, keptOut: keptOutBefore } = await activity.begin(domainName, sourceDatabase, table);

  const named = asked && (await compareNamed(services, place, asked));
  const differences = named ?? comparePartitions(source.pages, central.partitionPages(database, table));
  const writer = new PartitionWriter(services, place, content, () =>
    activity.writing(domainName, sourceDatabase, table, by),
  );
  const keptOut = new KeptOut();
  for await (const difference of keepBackForeign(differences, domain, keptOut)) await writer.write(difference);
  await writer.end();

  const written = writer.changes();
  // An earlier attempt of this delivery wrote, and stopped before it told: nobody knows how many.
  const changes = unfinished.includes(by) ? ['partitions'] : written;
  // A look at a few of many says nothing of the others.
  const reasons = named && keptOut.reasons.length === 0 ? keptOutBefore : keptOut.reasons;
  const isNews = writer.hasBegun || changes.length > 0 || reasons.join('\n') !== keptOutBefore.join('\n');
  const end = { looks, by, changes, keptOut: reasons };
  return {
    changes,
    written: writer.count(),
    keptOut: reasons,
    keptOutBefore,
    finish: async () =>
      !isNews || (await activity.finish(domainName, sourceDatabase, table, { ...end, at: now() })) || !writer.hasBegun,
  };
}

/** Whether a table's partitions are other than its source's, or other ones are to be kept out than is known. Reads pages alone. */
export async function havePartitionsDrifted(
  { producers, central }: Pick<PartitionServices, 'producers' | 'central'>,
  { domain, sourceDatabase, database, table }: PartitionPlace,
  known: KnownPartitions | undefined,
): Promise<boolean> {
  const differences = comparePartitions(
    producers.partitionPages(domain.account, sourceDatabase, table),
    central.partitionPages(database, table),
  );
  const keptOut = new KeptOut();
  for await (const _ of keepBackForeign(differences, domain, keptOut)) return true;
  return keptOut.reasons.join('\n') !== (known?.keptOut ?? []).join('\n');
}

function nothing(): PartitionOutcome {
  return { changes: [], written: 0, keptOut: [], keptOutBefore: [], finish: async () => true };
}

/** The pages, of which the first has been read. */
async function readFirst(pages: PartitionPages): Promise<{ pages: PartitionPages; hasMore: boolean }> {
  const iterator = pages[Symbol.asyncIterator]();
  const first = await iterator.next();
  return {
    hasMore: first.done !== true && first.value.hasMore,
    pages: {
      async *[Symbol.asyncIterator]() {
        if (first.done) return;
        yield first.value;
        if (!first.value.hasMore) return;
        for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
      },
    },
  };
}

interface NamedPartitions {
  values: string[][];
  source: Partition[];
}

/** @returns undefined when a name finds nothing: the hint may spell values otherwise than the catalog does, so all must be looked at. */
async function readNamed(
  { producers }: PartitionServices,
  { domain, sourceDatabase, table }: PartitionPlace,
  values: string[][],
): Promise<NamedPartitions | undefined> {
  if (values.length === 0 || values.length > PARTITIONS_A_LOOK) return undefined;
  return { values, source: await producers.findPartitions(domain.account, sourceDatabase, table, values) };
}

async function compareNamed(
  { central }: PartitionServices,
  { database, table }: PartitionPlace,
  { values, source }: NamedPartitions,
): Promise<AsyncIterable<PartitionDifference> | undefined> {
  const there = new Map(
    (await central.findPartitions(database, table, values)).map(one => [partitionKey(one.values), one]),
  );
  const wanted = new Map(source.map(one => [partitionKey(one.values), one]));
  const isUnknown = (one: string[]) => !wanted.has(partitionKey(one)) && !there.has(partitionKey(one));
  if (values.some(isUnknown)) return undefined;
  const differences: PartitionDifference[] = [];
  for (const one of values) {
    const partition = wanted.get(partitionKey(one));
    const counterpart = there.get(partitionKey(one));
    if (!partition) differences.push({ kind: 'remove', values: one });
    else if (!counterpart) differences.push({ kind: 'create', partition });
    else if (partitionDigest(partition) !== partitionDigest(counterpart))
      differences.push({ kind: 'update', partition });
  }
  return (async function* () {
    yield* differences;
  })();
}

/** Keeps back what lies outside the domain's prefixes. What is published of such a partition stays as it was. */
async function* keepBackForeign(
  differences: AsyncIterable<PartitionDifference>,
  domain: Domain,
  keptOut: KeptOut,
): AsyncGenerator<PartitionDifference> {
  for await (const difference of differences) {
    if (difference.kind !== 'remove') {
      const { values, storage } = difference.partition;
      if (storage.Location && !isWithinPrefixes(domain, storage.Location)) {
        keptOut.add(`The partition ${values.join('/')} lies outside the domain's prefixes: ${storage.Location}`);
        continue;
      }
    }
    yield difference;
  }
}

/** Reasons, of which some stand for all where they are many. */
class KeptOut {
  readonly #first: string[] = [];
  #more = 0;

  add(reason: string): void {
    if (this.#first.length < SHOWN_REASONS) this.#first.push(reason);
    else this.#more++;
  }

  get reasons(): string[] {
    return this.#more > 0 ? [...this.#first, `And ${this.#more} more partitions.`] : this.#first;
  }
}

const SHOWN_REASONS = 10;
