import { AwsError } from '../core/aws-error.ts';
import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks } from './access.ts';
import { partitionsOf } from './catalog.ts';
import type { GlueContext } from './context.ts';
import { alreadyExists, brokenConstraint, errorDetail, invalidInput, partitionNotFound } from './glue-errors.ts';
import { type PartitionInput, readCatalogId, readList, readName, readPartitionInput } from './inputs.ts';
import { type FoundTable, findTableThroughLinks } from './lookup.ts';
import { tellTableChange } from './native-events.ts';
import { readValues } from './partition-reads.ts';

/** The service model's bounds on batches. */
const CREATED_PER_BATCH = 100;
const UPDATED_PER_BATCH = 100;
const DELETED_PER_BATCH = 25;

/** Changing partitions changes the table's metadata: ALTER on the table. A batch's entries succeed or fail each on its own. */
export function partitionWrites(context: GlueContext): Record<string, Operation> {
  const access =
    (action: string): Operation['access'] =>
    (input, call) =>
      accessThroughLinks(context, action, call, {
        owner: readCatalogId(input, call.caller.account),
        database: readName(input, 'DatabaseName'),
        table: readName(input, 'TableName'),
      });
  const tableToChange = (input: Wire, caller: Caller) => {
    const owner = readCatalogId(input, caller.account);
    const database = readName(input, 'DatabaseName');
    const found = findTableThroughLinks(context, caller, owner, database, readName(input, 'TableName'));
    context.guard().requireTable(caller, found.owner, found.database, found.name, 'ALTER');
    return found;
  };
  const tell = (found: FoundTable, change: Parameters<typeof tellTableChange>[4], changed: string[][]) => {
    if (changed.length > 0) tellTableChange(context, found.owner, found.database, found.name, change, changed);
  };
  const create = (found: FoundTable, caller: Caller, wanted: PartitionInput) => {
    requireOwnLocation(context, caller, found, wanted);
    if (found.stored.partitions?.get(wanted.Values)) throw alreadyExists('Partition');
    partitionsOf(found.stored).put(wanted, context.now());
  };
  const update = (found: FoundTable, caller: Caller, values: string[], wanted: PartitionInput) => {
    const partitions = partitionsOf(found.stored);
    const current = partitions.get(values);
    if (!current) throw partitionNotFound();
    if (wanted.StorageDescriptor?.Location !== current.location) requireOwnLocation(context, caller, found, wanted);
    const isMoved = JSON.stringify(values) !== JSON.stringify(wanted.Values);
    if (isMoved && partitions.get(wanted.Values)) throw alreadyExists('Partition');
    if (isMoved) partitions.delete(values);
    partitions.put(wanted, current.creationTime);
  };
  const entryOf = (operation: string, caller: Caller) => () =>
    context.meetFaultInBatch(caller.principal, `glue:${operation}`);
  const remove = (found: FoundTable, values: string[]) => {
    if (!found.stored.partitions?.delete(values)) throw partitionNotFound();
  };
  return {
    CreatePartition: {
      access: access('CreatePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const wanted = readPartition(found, input.PartitionInput);
        create(found, caller, wanted);
        tell(found, 'CreatePartition', [wanted.Values]);
        return {};
      },
    },
    BatchCreatePartition: {
      access: access('BatchCreatePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const list = readList(input, 'PartitionInputList', CREATED_PER_BATCH).map(entry => readPartition(found, entry));
        const { done, failed } = each(list, entryOf('CreatePartition', caller), wanted =>
          create(found, caller, wanted),
        );
        tell(
          found,
          'BatchCreatePartition',
          done.map(wanted => wanted.Values),
        );
        return { Errors: failed.map(({ entry, ErrorDetail }) => ({ PartitionValues: entry.Values, ErrorDetail })) };
      },
    },
    UpdatePartition: {
      access: access('UpdatePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const values = readValues(input, 'PartitionValueList');
        update(found, caller, values, readPartition(found, input.PartitionInput));
        tell(found, 'UpdatePartition', [values]);
        return {};
      },
    },
    BatchUpdatePartition: {
      access: access('BatchUpdatePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const entries = readList(input, 'Entries', UPDATED_PER_BATCH);
        if (entries.length === 0) throw brokenConstraint('Entries', 'have length greater than or equal to 1');
        const list = entries.map(entry => ({
          values: readValues(entry, 'PartitionValueList'),
          wanted: readPartition(found, entry.PartitionInput),
        }));
        const { done, failed } = each(list, entryOf('UpdatePartition', caller), ({ values, wanted }) =>
          update(found, caller, values, wanted),
        );
        tell(
          found,
          'BatchUpdatePartition',
          done.map(({ values }) => values),
        );
        return {
          Errors: failed.map(({ entry, ErrorDetail }) => ({ PartitionValueList: entry.values, ErrorDetail })),
        };
      },
    },
    DeletePartition: {
      access: access('DeletePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const values = readValues(input, 'PartitionValues');
        remove(found, values);
        tell(found, 'DeletePartition', [values]);
        return {};
      },
    },
    BatchDeletePartition: {
      access: access('BatchDeletePartition'),
      run(input, { caller }) {
        const found = tableToChange(input, caller);
        const entries = readList(input, 'PartitionsToDelete', DELETED_PER_BATCH);
        const list = entries.map(entry => readValues(entry, 'Values'));
        const { done, failed } = each(list, entryOf('DeletePartition', caller), values => remove(found, values));
        tell(found, 'BatchDeletePartition', done);
        return { Errors: failed.map(({ entry, ErrorDetail }) => ({ PartitionValues: entry, ErrorDetail })) };
      },
    },
  };
}

function readPartition(found: FoundTable, input: Wire): PartitionInput {
  const wanted = readPartitionInput(input);
  if (wanted.Values.length !== (found.stored.table.PartitionKeys?.length ?? 0))
    throw invalidInput('The number of partition keys do not match the number of partition values');
  return wanted;
}

/** A partition under its table's location stands on the table's permission; elsewhere it needs its own. */
function requireOwnLocation(context: GlueContext, caller: Caller, found: FoundTable, wanted: PartitionInput): void {
  const location = wanted.StorageDescriptor?.Location;
  const tableLocation = found.stored.table.StorageDescriptor?.Location;
  if (location !== undefined && tableLocation && location.startsWith(`${tableLocation.replace(/\/$/, '')}/`)) return;
  context.guard().requireLocation(caller, found.owner, location);
}

/** Does it for each entry, after what may fail it; what AWS refuses is that entry's error. */
function each<T>(entries: T[], meetFault: () => void, act: (entry: T) => void) {
  const done: T[] = [];
  const failed: { entry: T; ErrorDetail: ReturnType<typeof errorDetail> }[] = [];
  for (const entry of entries) {
    try {
      meetFault();
      act(entry);
      done.push(entry);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({ entry, ErrorDetail: errorDetail(error) });
    }
  }
  return { done, failed };
}
