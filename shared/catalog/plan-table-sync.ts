import { type Domain, isWithinPrefixes } from '../mesh/mesh.ts';
import { centralContent, keepsVersion, meaningfulChanges } from './central-content.ts';
import {
  isOlder,
  MISSING_PARAMETER,
  parseSourceVersion,
  SOURCE_VERSION_PARAMETER,
  type SourceVersion,
  type TableContent,
  type TableSnapshot,
} from './table-snapshot.ts';

/** The central table as it was read just now. `versionId` guards its next write. */
export interface CentralSnapshot {
  content: TableContent;
  versionId: string;
}

export type TableSyncPlan =
  /** In step, or the reading may be older than what is there: read the source again. */
  | { kind: 'nothing'; why: 'in-step' | 'stale' | 'not-ours' | 'never-synced' }
  | { kind: 'create'; content: TableContent; changes: string[] }
  | { kind: 'update'; content: TableContent; versionId: string; keepVersion: boolean; changes: string[] }
  /** The source is gone: the central table stays for the grace period, marked. */
  | { kind: 'mark-missing'; content: TableContent; versionId: string }
  /** Not published: it would give one domain's name to another's data. */
  | { kind: 'quarantine'; reasons: string[] };

export interface TableSyncQuestion {
  domainName: string;
  domain: Domain;
  /** Undefined only when the producer's catalog said that this table does not exist. */
  source: TableSnapshot | undefined;
  central: CentralSnapshot | undefined;
  /** The source was read after the central table: nothing that is there comes from a later reading. */
  isReadLast: boolean;
  now: string;
}

/** Works out what brings a central table up to its source. Planning again after the plan was applied gives nothing. Pure. */
export function planTableSync({
  domainName,
  domain,
  source,
  central,
  isReadLast,
  now,
}: TableSyncQuestion): TableSyncPlan {
  if (!source) return planMissing(central, now);
  if (source.isLinkOrView) return { kind: 'nothing', why: 'never-synced' };
  const content = centralContent(source, domainName, domain.account);
  const reasons = locationFaults(domainName, domain, content);
  if (reasons.length > 0) return { kind: 'quarantine', reasons };
  if (!central) return { kind: 'create', content, changes: ['created'] };
  const fence = parseSourceVersion(central.content.Parameters[SOURCE_VERSION_PARAMETER]);
  if (!fence) return { kind: 'nothing', why: 'not-ours' };
  if (isStale(source, fence, central, isReadLast)) return { kind: 'nothing', why: 'stale' };
  const changes = meaningfulChanges(central.content, content);
  if (source.createdAt !== fence.createdAt || isOlder(source, fence)) changes.unshift('recreated');
  if (changes.length === 0) return { kind: 'nothing', why: 'in-step' };
  return { kind: 'update', content, versionId: central.versionId, keepVersion: keepsVersion(changes), changes };
}

/**
 * Glue's CreateTime has whole seconds, so a table that was dropped and made again within one second starts over at a lower version of what
 * looks like the same incarnation; and a table that was marked missing looks no newer when it comes back so. A reading taken before the
 * central one cannot be told from an old one then. One taken after it is the truth.
 */
function isStale(source: TableSnapshot, fence: SourceVersion, central: CentralSnapshot, isReadLast: boolean): boolean {
  if (source.createdAt !== fence.createdAt) return isOlder(source, fence);
  return !isReadLast && (isOlder(source, fence) || central.content.Parameters[MISSING_PARAMETER] !== undefined);
}

function planMissing(central: CentralSnapshot | undefined, now: string): TableSyncPlan {
  const parameters = central?.content.Parameters;
  if (!central || parameters?.[MISSING_PARAMETER] !== undefined) return { kind: 'nothing', why: 'in-step' };
  if (!parseSourceVersion(parameters?.[SOURCE_VERSION_PARAMETER])) return { kind: 'nothing', why: 'not-ours' };
  const content = { ...central.content, Parameters: { ...parameters, [MISSING_PARAMETER]: now } };
  return { kind: 'mark-missing', content, versionId: central.versionId };
}

function locationFaults(
  domainName: string,
  domain: Domain,
  { Parameters, StorageDescriptor, Name }: TableContent,
): string[] {
  // Iceberg readers follow the metadata pointer, whatever the table's own location says.
  const places = [
    StorageDescriptor.Location,
    ...((StorageDescriptor.AdditionalLocations as string[] | undefined) ?? []),
    Parameters.metadata_location,
    Parameters.previous_metadata_location,
  ];
  return places
    .filter(place => place !== undefined && place !== '' && !isWithinPrefixes(domain, place))
    .map(
      place =>
        `The location ${place} of ${Name} lies outside the prefixes of ${domainName} (${domain.prefixes.join(', ')}). Move the data, or add the prefix to mesh.yml.`,
    );
}
