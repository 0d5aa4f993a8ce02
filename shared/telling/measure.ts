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
  /** Requests that were recorded, whatever was decided on them. The same one again is none. */
  AccessRequests: 'Count',
  /** For each request or extension that waited for its owner: from the question to the answer, or to the end of the time for it. */
  DecisionMilliseconds: 'Milliseconds',
  /** For each grant: from its approval, by policy or by the owner, until it was there and checked. */
  GrantMilliseconds: 'Milliseconds',
  /** All that give access, or are about to; counted once an hour. */
  ActiveGrants: 'Count',
  /**
   * For each grant that ended: from its end, or from when somebody took it back, until the access was gone and that was checked. For one that should be gone
   * and is not, each minute anew from the second on: how long so far.
   */
  RevocationLatenessMilliseconds: 'Milliseconds',
  /** At each sweep: pairs that have not been what the ledger says for five minutes. */
  UnsettledPairs: 'Count',
  /** Failed attempts to give what was approved, as `Access Provisioning Failed` tells. */
  ProvisioningFailures: 'Count',
  /** What a converge saw of a principal's access to a table that Trellis did not give. */
  ForeignPermissions: 'Count',
} as const satisfies Record<string, 'Count' | 'Milliseconds'>;

export type MetricName = keyof typeof METRIC_UNITS;

/**
 * Keeps a measurement until the invocation ends. Does not throw and does not wait: measuring never changes what is measured.
 * @param value in the metric's unit; counts of one invocation are added up
 */
export type Measure = (name: MetricName, value: number) => void;
