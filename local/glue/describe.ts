/** What Glue shows of what it keeps: the columns that the caller may see, and a link's target in the link's place. */
import type { ColumnDefinition, GlueDatabase, GlueTable } from '../core/ports.ts';
import type { Caller, Wire } from '../core/service.ts';
import type { GlueContext } from './context.ts';
import type { FoundTable } from './lookup.ts';
import type { StoredPartition } from './partition-set.ts';

type VisibleColumns = Set<string> | 'all';

/** Throws AccessDeniedException when the caller may see nothing of the table. */
function describeTable(context: GlueContext, caller: Caller, owner: string, table: GlueTable): Wire {
  const visible = context.guard().visibleColumns(caller, owner, table.DatabaseName, table.Name);
  const described: Wire = {
    ...table,
    IsRegisteredWithLakeFormation: context.guard().isRegisteredLocation(owner, table.StorageDescriptor?.Location),
    IsMultiDialectView: false,
  };
  const columns = table.StorageDescriptor?.Columns;
  if (!columns) return described;
  const shown = visibleOf(columns, visible);
  if (shown.length === columns.length) return described;
  described.StorageDescriptor = { ...table.StorageDescriptor, Columns: shown };
  if (table.Parameters) described.Parameters = withoutSparkSchema(table.Parameters);
  return described;
}

/** A version of the table as the caller sees it: columns by what the caller may see of the table now. */
export const describeVersion = (context: GlueContext, caller: Caller, owner: string, version: GlueTable) => ({
  VersionId: version.VersionId,
  Table: describeTable(context, caller, owner, version),
});

/**
 * A table as the database lists it; a resource link with its target's properties under its own name. If the caller cannot read the target, Glue answers the
 * link's own properties. Sources: Lake Formation Developer Guide, "Resource link handling in Glue APIs"; for the unreadable target getmoto/moto issue 8868
 * (a Glue developer: the second GetTable's error is swallowed).
 */
export function describeEntry(context: GlueContext, caller: Caller, entry: FoundTable, followLinks: boolean): Wire {
  const { table } = entry.stored;
  const target = table.TargetTable;
  if (!target) return describeTable(context, caller, entry.owner, table);
  const own = { ...table, IsRegisteredWithLakeFormation: false, IsMultiDialectView: false };
  const { CatalogId: owner, DatabaseName: database, Name: name } = target;
  const found = context.catalog.table(owner, database, name)?.table;
  if (!followLinks || !found || !context.guard().isTableVisible(caller, owner, database, name)) return own;
  return {
    ...describeTable(context, caller, owner, found),
    Name: table.Name,
    DatabaseName: table.DatabaseName,
    CatalogId: table.CatalogId,
    TargetTable: target,
  };
}

/** A database; a link with its target's properties under its own name, or its own where the caller cannot see the target. */
export function describeDatabase(context: GlueContext, caller: Caller, database: GlueDatabase): GlueDatabase {
  const target = database.TargetDatabase;
  if (!target) return database;
  const found = context.catalog.database(target.CatalogId, target.DatabaseName)?.database;
  if (!found || !context.guard().isDatabaseVisible(caller, target.CatalogId, target.DatabaseName)) return database;
  return { ...found, Name: database.Name, CatalogId: database.CatalogId, TargetDatabase: target };
}

/** Gives partitions their shape on the wire. Partitions that share a descriptor share its visible columns. */
export function partitionDescriber(place: FoundTable, visible: VisibleColumns, withColumns: boolean) {
  const shownDescriptors = new Map<Wire, Wire>();
  const show = (descriptor: Wire): Wire => {
    let shown = shownDescriptors.get(descriptor);
    if (!shown) {
      const { Columns, ...rest } = descriptor;
      shown = withColumns && Columns ? { ...rest, Columns: visibleOf(Columns, visible) } : rest;
      shownDescriptors.set(descriptor, shown);
    }
    return shown;
  };
  return (partition: StoredPartition): Wire => ({
    Values: partition.values,
    DatabaseName: place.database,
    TableName: place.name,
    CatalogId: place.owner,
    CreationTime: partition.creationTime,
    ...(partition.lastAccessTime !== undefined && { LastAccessTime: partition.lastAccessTime }),
    ...(partition.lastAnalyzedTime !== undefined && { LastAnalyzedTime: partition.lastAnalyzedTime }),
    ...(partition.parameters && { Parameters: partition.parameters }),
    ...(partition.descriptor && {
      StorageDescriptor: {
        ...show(partition.descriptor),
        ...(partition.location !== undefined && { Location: partition.location }),
      },
    }),
  });
}

const visibleOf = (columns: ColumnDefinition[], visible: VisibleColumns): ColumnDefinition[] =>
  visible === 'all' ? columns : columns.filter(column => visible.has(column.Name));

/** Spark keeps the whole schema in parameters; they are hidden unless all columns are readable (Lake Formation Developer Guide, limitations). */
const withoutSparkSchema = (parameters: Record<string, string>) =>
  Object.fromEntries(Object.entries(parameters).filter(([key]) => !key.startsWith('spark.sql.sources.schema')));
