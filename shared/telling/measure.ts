/**
 * What Trellis measures, each with its unit. A name more is a metric more to pay for in every stage, so that there are few: what they count is
 * told apart by events and logs, not by dimensions.
 */
export const METRIC_UNITS = {
  /** For each change of a table that reached the central catalog: from the event's time at its source to the central write. */
  SyncLagMilliseconds: 'Milliseconds',
  /** Central tables created, updated, or marked. A table that is as it should be is none. */
  CatalogChanges: 'Count',
  /** Changes that were kept out of the central catalog, as `Catalog Change Quarantined` tells. */
  CatalogQuarantines: 'Count',
  /** Changes that may flow again, as `Catalog Change Released` tells. */
  CatalogReleases: 'Count',
  /** Central tables deleted, after their grants ended. */
  CatalogRemovals: 'Count',
  /** Differences between a producer's catalog and the central one that a reconcile found, repaired or not. */
  CatalogDrift: 'Count',
  /** Partitions of central tables added, changed and removed. */
  PartitionChanges: 'Count',
  /** Removals that a reconcile inferred and did not make, because they were too many at once. */
  RemovalsHeldBack: 'Count',
} as const satisfies Record<string, 'Count' | 'Milliseconds'>;

export type MetricName = keyof typeof METRIC_UNITS;

/**
 * Keeps a measurement until the invocation ends. Does not throw and does not wait: measuring never changes what is measured.
 * @param value in the metric's unit; counts of one invocation are added up
 */
export type Measure = (name: MetricName, value: number) => void;
