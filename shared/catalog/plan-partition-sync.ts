import { createHash } from 'node:crypto';
import { type Domain, isWithinPrefixes } from '../mesh/mesh.ts';

/** One partition: its values in the order of the keys, and what Glue keeps of where and how it lies. */
export interface Partition {
  values: string[];
  storage: { Location?: string; [other: string]: unknown };
  parameters: Record<string, string>;
}

export interface PartitionPlan {
  create: Partition[];
  update: Partition[];
  /** Values of partitions that the source no longer lists. */
  remove: string[][];
  /** Reasons why partitions are kept out, one each. */
  quarantined: string[];
}

/** Compares partitions as sets; their order does not matter. Pure. */
export function planPartitionSync(
  domain: Domain,
  source: readonly Partition[],
  central: readonly Partition[],
): PartitionPlan {
  const there = new Map(central.map(partition => [partitionKey(partition.values), digest(partition)]));
  const plan: PartitionPlan = { create: [], update: [], remove: [], quarantined: [] };
  const wanted = new Set<string>();
  for (const partition of source) {
    const key = partitionKey(partition.values);
    const { Location } = partition.storage;
    if (Location !== undefined && Location !== '' && !isWithinPrefixes(domain, Location)) {
      plan.quarantined.push(
        `The partition ${partition.values.join('/')} lies outside the domain's prefixes: ${Location}`,
      );
      continue;
    }
    wanted.add(key);
    const known = there.get(key);
    if (known === undefined) plan.create.push(partition);
    else if (known !== digest(partition)) plan.update.push(partition);
  }
  plan.remove = central.filter(({ values }) => !wanted.has(partitionKey(values))).map(({ values }) => values);
  return plan;
}

export function partitionChanges({ create, update, remove }: PartitionPlan): string[] {
  return [
    ...(create.length > 0 ? [`partitions-added ${create.length}`] : []),
    ...(update.length > 0 ? [`partitions-changed ${update.length}`] : []),
    ...(remove.length > 0 ? [`partitions-removed ${remove.length}`] : []),
  ];
}

/** Two partitions of one table never share it, whatever characters their values have. */
function partitionKey(values: readonly string[]): string {
  return JSON.stringify(values);
}

/** What a reader would notice: where the partition lies and how it is read. Columns come from the table. */
function digest({ storage }: Partition): string {
  const { Location, InputFormat, SerdeInfo } = storage as {
    Location?: string;
    InputFormat?: string;
    SerdeInfo?: { SerializationLibrary?: string };
  };
  return createHash('sha256')
    .update(JSON.stringify([Location, InputFormat, SerdeInfo?.SerializationLibrary]))
    .digest('base64');
}
