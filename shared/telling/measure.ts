/** Placeholder until merge. */
export type MetricName =
  | 'SyncLagMilliseconds'
  | 'CatalogChanges'
  | 'CatalogQuarantines'
  | 'CatalogReleases'
  | 'CatalogRemovals'
  | 'CatalogDrift'
  | 'PartitionChanges'
  | 'RemovalsHeldBack';
export type Measure = (name: MetricName, value: number) => void;
