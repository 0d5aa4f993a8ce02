/** Glue's description of a column. Shape: Glue API reference, Column. */
export interface SnapshotColumn {
  Name: string;
  Type?: string;
  Comment?: string;
  Parameters?: Record<string, string>;
}

/** What of a Glue table Trellis carries from a producer to the central catalog: the members of a `TableInput` that it copies. */
export interface TableContent {
  Name: string;
  Description?: string;
  TableType?: string;
  Parameters: Record<string, string>;
  PartitionKeys: SnapshotColumn[];
  StorageDescriptor: { Columns: SnapshotColumn[]; Location?: string; [other: string]: unknown };
}

/** What of a Glue database Trellis carries to the central catalog. */
export interface DatabaseContent {
  description?: string;
}

/** A table as it was read just now. */
export interface TableSnapshot {
  content: TableContent;
  /** Milliseconds since 1970. A table that was dropped and made again has another one. */
  createdAt: number;
  /** Glue's own number of the version, which only grows while the table lives. */
  versionId: number;
  /** A resource link, or a view: never synced. */
  isLinkOrView: boolean;
}

/**
 * Orders two versions of one producer's table: a newer incarnation, then a newer version. It fences the central table: what was read
 * earlier never overwrites what was read later.
 */
export interface SourceVersion {
  createdAt: number;
  versionId: number;
}

export function isOlder(one: SourceVersion, other: SourceVersion): boolean {
  return one.createdAt === other.createdAt ? one.versionId < other.versionId : one.createdAt < other.createdAt;
}

export function writeSourceVersion({ createdAt, versionId }: SourceVersion): string {
  return `${createdAt}/${versionId}`;
}

/** @returns undefined for a text of another form: a table that Trellis did not write. */
export function parseSourceVersion(text: string | undefined): SourceVersion | undefined {
  const parts = /^(\d+)\/(\d+)$/.exec(text ?? '');
  return parts ? { createdAt: Number(parts[1]), versionId: Number(parts[2]) } : undefined;
}
