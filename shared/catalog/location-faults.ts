import { type Domain, isWithinPrefixes } from '../mesh/mesh.ts';
import type { TableContent } from './table-snapshot.ts';

/**
 * Why a table may not be published: each place to which some reader would follow it and that lies outside its domain's prefixes. Otherwise one
 * domain could publish another's data as its own.
 */
export function locationFaults(domainName: string, domain: Domain, content: TableContent): string[] {
  return [...new Set(placesOf(content))]
    .filter(place => !isWithinPrefixes(domain, place))
    .map(
      place =>
        `The location ${place} of ${content.Name} lies outside the prefixes of ${domainName} (${domain.prefixes.join(', ')}). Move the data, or add the prefix to mesh.yml.`,
    );
}

/** Every place that a reader of the table may be sent to. */
function placesOf({ Parameters, StorageDescriptor }: TableContent): string[] {
  const { Location, AdditionalLocations, SerdeInfo } = StorageDescriptor as {
    Location?: string;
    AdditionalLocations?: string[];
    SerdeInfo?: { Parameters?: Record<string, string> };
  };
  const places = [
    Location,
    ...(AdditionalLocations ?? []),
    // Iceberg readers follow the metadata pointer, whatever the table's own location says.
    Parameters.metadata_location,
    Parameters.previous_metadata_location,
    // Spark reads its own tables (`spark.sql.sources.provider`) at the SerDe's path. Source: Spark, HiveExternalCatalog.
    SerdeInfo?.Parameters?.path,
    Parameters.path,
    // With partition projection Athena takes the partitions' places from here. Source: Athena User Guide, "Set up partition projection".
    withoutVariables(Parameters['storage.location.template']),
  ];
  return places.filter(place => place !== undefined && place !== '') as string[];
}

/** `s3://bucket/${region}/${day}/`: what the variables stand for is a name of the projection's, one path segment or part of one. */
function withoutVariables(template: string | undefined): string | undefined {
  return template?.replace(/\$\{[^}]*\}/g, 'x');
}
