import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { GlueTable } from '../core/ports.ts';
import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks, accessTo } from './access.ts';
import type { GlueContext } from './context.ts';
import { alreadyExists, brokenConstraint, errorDetail, invalidInput } from './glue-errors.ts';
import { readCatalogId, readList, readName, readTableInput, refuseTimeTravel } from './inputs.ts';
import { type FoundDatabase, type FoundTable, findDatabaseThroughLink, findTable, followLink } from './lookup.ts';
import { tellDatabaseChange, tellTableChange } from './native-events.ts';

/** Versions that a table may have. Source: General Reference, Glue quotas ("Table versions per table"). */
export const VERSIONS_PER_TABLE = 100_000;
const TABLES_PER_BATCH = 100;

export function tableWrites(context: GlueContext): Record<string, Operation> {
  const databasePlace = (input: Wire, caller: Caller) =>
    findDatabaseThroughLink(context, caller, readCatalogId(input, caller.account), readName(input, 'DatabaseName'));
  return {
    CreateTable: {
      access: (input, call) =>
        accessThroughLinks(context, 'CreateTable', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'DatabaseName'),
          table: readTableInput(input.TableInput).Name,
        }),
      run(input, { caller }) {
        refuseUnsupported(input);
        const wanted = readTableInput(input.TableInput);
        const place = databasePlace(input, caller);
        if (place.owner !== caller.account) throw notInLocalMesh("making tables in another account's catalog");
        if (place.throughLink && wanted.TargetTable)
          throw invalidInput('Creating a table resource link through a database resource link is not supported.');
        const { owner, name: database, stored } = place;
        context.guard().requireDatabase(caller, owner, database, 'CREATE_TABLE');
        context.guard().requireLocation(caller, owner, wanted.StorageDescriptor?.Location);
        if (stored.tables.get(wanted.Name)) throw alreadyExists('Table');
        const now = context.now();
        const table: GlueTable = {
          ...wanted,
          DatabaseName: database,
          CatalogId: owner,
          VersionId: '0',
          CreateTime: now,
          UpdateTime: now,
          CreatedBy: caller.arn,
        };
        stored.tables.set(wanted.Name, { table, archived: [], partitions: undefined });
        context.guard().tableCreated(caller, database, wanted.Name);
        tellDatabaseChange(context, owner, database, 'CreateTable', [wanted.Name]);
        return {};
      },
    },
    UpdateTable: {
      access: (input, call) =>
        accessThroughLinks(context, 'UpdateTable', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'DatabaseName'),
          table: readTableInput(input.TableInput).Name,
        }),
      run(input, { caller }) {
        refuseUnsupported(input);
        const wanted = readTableInput(input.TableInput);
        if (input.Name !== undefined && readName(input, 'Name') !== wanted.Name)
          throw notInLocalMesh('renaming a table (UpdateTable with Name)');
        const place = databasePlace(input, caller);
        const found = tableToUpdate(context, caller, place, wanted);
        context.guard().requireTable(caller, found.owner, found.database, found.name, 'ALTER');
        const location = wanted.StorageDescriptor?.Location;
        if (location !== found.stored.table.StorageDescriptor?.Location)
          context.guard().requireLocation(caller, found.owner, location);
        putVersion(context, found, wanted, input);
        tellTableChange(context, found.owner, found.database, found.name, 'UpdateTable');
        return {};
      },
    },
    DeleteTable: {
      access: (input, call) =>
        accessTo(context, 'DeleteTable', call, {
          owner: readCatalogId(input, call.caller.account),
          database: readName(input, 'DatabaseName'),
          table: readName(input, 'Name'),
        }),
      run(input, { caller }) {
        refuseTimeTravel(input);
        const place = databasePlace(input, caller);
        const name = readName(input, 'Name');
        deleteTable(context, caller, place, name);
        tellDatabaseChange(context, place.owner, place.name, 'DeleteTable', [name]);
        return {};
      },
    },
    BatchDeleteTable: {
      access: (input, call) => {
        const owner = readCatalogId(input, call.caller.account);
        const database = readName(input, 'DatabaseName');
        const names = readTableNames(input);
        const catalogAndDatabase = accessTo(context, 'BatchDeleteTable', call, { owner, database });
        const tables = names.map(table => accessTo(context, 'BatchDeleteTable', call, { owner, database, table })[2]!);
        return [...catalogAndDatabase, ...tables];
      },
      run(input, { caller }) {
        refuseTimeTravel(input);
        const place = databasePlace(input, caller);
        const deleted: string[] = [];
        const Errors: Wire[] = [];
        for (const name of readTableNames(input)) {
          try {
            deleteTable(context, caller, place, name);
            deleted.push(name);
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            Errors.push({ TableName: name, ErrorDetail: errorDetail(error) });
          }
        }
        if (deleted.length > 0) tellDatabaseChange(context, place.owner, place.name, 'BatchDeleteTable', deleted);
        return { Errors };
      },
    },
  };
}

const readTableNames = (input: Wire): string[] =>
  readList(input, 'TablesToDelete', TABLES_PER_BATCH).map(name => String(name).toLowerCase());

function refuseUnsupported(input: Wire): void {
  refuseTimeTravel(input);
  for (const member of ['PartitionIndexes', 'OpenTableFormatInput', 'UpdateOpenTableFormatInput', 'ViewUpdateAction'])
    if (input[member] !== undefined) throw notInLocalMesh(member);
  if (input.TableInput === undefined) throw brokenConstraint('TableInput', 'not be null');
}

/** The table, or the target of the link: "If both the table and database are resource links, the operation fails." (Lake Formation Developer Guide) */
function tableToUpdate(context: GlueContext, caller: Caller, place: FoundDatabase, wanted: { Name: string } & Wire) {
  const found = findTable(context, caller, place, wanted.Name);
  const target = found.stored.table.TargetTable;
  if (!target) {
    if (wanted.TargetTable) throw invalidInput('A table cannot become a resource link.');
    return found;
  }
  if (place.throughLink)
    throw invalidInput('A table resource link cannot be updated through a database resource link.');
  if (wanted.TargetTable && !isSameTarget(wanted.TargetTable, target))
    throw invalidInput('A resource link keeps its target: delete it and create another.');
  context.guard().requireTable(caller, found.owner, found.database, found.name, 'DESCRIBE');
  const end = followLink(context, caller, target);
  if (end.stored.table.TargetTable) throw invalidInput('The target of the resource link is a resource link itself.');
  return end;
}

const isSameTarget = (one: Wire, other: Wire) =>
  one.CatalogId === other.CatalogId && one.DatabaseName === other.DatabaseName && one.Name === other.Name;

/** Every update makes a version, kept or not; `VersionId` makes it optimistic. The text is the service's (floci-io/floci issue 1205, seen on AWS). */
function putVersion(context: GlueContext, found: FoundTable, wanted: { Name: string } & Wire, input: Wire): void {
  const { stored } = found;
  const current = stored.table;
  if (input.VersionId !== undefined && String(input.VersionId) !== current.VersionId)
    throw new AwsError('ConcurrentModificationException', 'Update table failed due to concurrent modifications.');
  if (input.SkipArchive !== true) {
    if (stored.archived.length + 1 >= VERSIONS_PER_TABLE)
      throw new AwsError(
        'ResourceNumberLimitExceededException',
        `Number of TABLE_VERSION resources exceeds the account limit ${VERSIONS_PER_TABLE}`,
      );
    stored.archived.push(current);
  }
  const { TargetTable: _, ...properties } = wanted;
  stored.table = {
    ...properties,
    Name: current.Name,
    DatabaseName: current.DatabaseName,
    CatalogId: current.CatalogId,
    VersionId: String(Number(current.VersionId) + 1),
    CreateTime: current.CreateTime,
    UpdateTime: context.now(),
    CreatedBy: current.CreatedBy,
  };
}

/** Deletes the table or the link of that name; never a link's target. Simplification: partitions and versions go at once, not some time later. */
function deleteTable(context: GlueContext, caller: Caller, place: FoundDatabase, name: string): void {
  const found = findTable(context, caller, place, name);
  context.guard().requireTable(caller, found.owner, found.database, name, 'DROP');
  place.stored.tables.delete(name);
  context.guard().tableDeleted(place.owner, place.name, name);
}
