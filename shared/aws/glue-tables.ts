import type { Database, Partition as GluePartition, Table, TableInput } from '@aws-sdk/client-glue';

import type { Partition } from '../catalog/compare-partitions.ts';
import type { DatabaseContent, SnapshotColumn, TableContent, TableSnapshot } from '../catalog/table-snapshot.ts';

/**
 * The members of a Glue table that go into a `TableInput` of another catalog. Everything else that GetTable answers (DatabaseName, CreateTime,
 * CreatedBy, VersionId, IsRegisteredWithLakeFormation …) is Glue's own and refused as input. Source: Glue API reference, TableInput.
 */
export function toContent(table: Table): TableContent {
  // A schema lies in the producer's registry; the columns that Glue reads from it are given with the table.
  const { Columns, SchemaReference: _, ...storage } = table.StorageDescriptor ?? {};
  return {
    Name: table.Name ?? '',
    ...(table.Description !== undefined && { Description: table.Description }),
    ...(table.TableType !== undefined && { TableType: table.TableType }),
    Parameters: { ...table.Parameters },
    PartitionKeys: (table.PartitionKeys ?? []) as SnapshotColumn[],
    StorageDescriptor: { ...(storage as object), Columns: (Columns ?? []) as SnapshotColumn[] },
  };
}

/** @throws when Glue leaves out CreateTime: without it one incarnation of a table is not told from another. */
export function toSnapshot(table: Table): TableSnapshot {
  if (!table.CreateTime) throw new Error(`Glue answered no CreateTime for ${table.DatabaseName}.${table.Name}.`);
  return {
    content: toContent(table),
    createdAt: table.CreateTime.getTime(),
    versionId: Number(table.VersionId ?? 0),
    isLinkOrView: isLinkOrView(table),
  };
}

export function toDatabaseContent({ Description }: Database): DatabaseContent {
  return { ...(Description && { description: Description }) };
}

export function toTableInput({
  Name,
  Description,
  TableType,
  Parameters,
  PartitionKeys,
  StorageDescriptor,
}: TableContent): TableInput {
  return {
    Name,
    ...(Description !== undefined && { Description }),
    ...(TableType !== undefined && { TableType }),
    Parameters,
    PartitionKeys,
    StorageDescriptor,
  };
}

export function toPartition({ Values = [], StorageDescriptor = {}, Parameters = {} }: GluePartition): Partition {
  const { Columns: _, SchemaReference: __, ...storage } = StorageDescriptor;
  return { values: Values, storage: storage as Partition['storage'], parameters: Parameters };
}

/** Views keep their text in the catalog and no data of their own. */
function isLinkOrView(table: Table): boolean {
  return table.TargetTable !== undefined || table.TableType === 'VIRTUAL_VIEW' || Boolean(table.ViewOriginalText);
}
