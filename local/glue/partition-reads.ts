import type { Caller, Operation, Wire } from '../core/service.ts';
import { accessThroughLinks } from './access.ts';
import type { GlueContext } from './context.ts';
import { partitionDescriber } from './describe.ts';
import { brokenConstraint, invalidInput, partitionNotFound } from './glue-errors.ts';
import { readCatalogId, readList, readName, refuseTimeTravel } from './inputs.ts';
import { findTableThroughLinks } from './lookup.ts';
import { readPageSize, readToken, takePage } from './paging.ts';
import { compileExpression } from './partition-expression.ts';

/** The service model's bounds. */
const PARTITIONS_PER_PAGE = 1000;
const PARTITIONS_PER_GET = 1000;
const MOST_SEGMENTS = 10;

export function partitionReads(context: GlueContext): Record<string, Operation> {
  const access =
    (action: string): Operation['access'] =>
    (input, call) =>
      accessThroughLinks(context, action, call, {
        owner: readCatalogId(input, call.caller.account),
        database: readName(input, 'DatabaseName'),
        table: readName(input, 'TableName'),
      });
  const tableToRead = (input: Wire, caller: Caller) => {
    refuseTimeTravel(input);
    const owner = readCatalogId(input, caller.account);
    const database = readName(input, 'DatabaseName');
    const found = findTableThroughLinks(context, caller, owner, database, readName(input, 'TableName'));
    const visible = context.guard().visibleColumns(caller, found.owner, found.database, found.name);
    return { stored: found.stored, describe: partitionDescriber(found, visible, input.ExcludeColumnSchema !== true) };
  };
  return {
    GetPartition: {
      access: access('GetPartition'),
      run(input, { caller }) {
        const { stored, describe } = tableToRead(input, caller);
        const partition = stored.partitions?.get(readValues(input, 'PartitionValues'));
        if (!partition) throw partitionNotFound();
        return { Partition: describe(partition) };
      },
    },
    BatchGetPartition: {
      access: access('BatchGetPartition'),
      run(input, { caller }) {
        const { stored, describe } = tableToRead(input, caller);
        const wanted = readList(input, 'PartitionsToGet', PARTITIONS_PER_GET).map(entry => readValues(entry, 'Values'));
        const found = wanted.map(values => stored.partitions?.get(values)).filter(partition => partition !== undefined);
        return { Partitions: found.map(describe), UnprocessedKeys: [] };
      },
    },
    GetPartitions: {
      access: access('GetPartitions'),
      run(input, { caller }) {
        const { stored, describe } = tableToRead(input, caller);
        const size = readPageSize(input, PARTITIONS_PER_PAGE);
        const { number, total } = readSegment(input.Segment);
        const token = readToken(input);
        const isWanted = input.Expression
          ? compileExpression(String(input.Expression), stored.table.PartitionKeys ?? [])
          : undefined;
        const segment = stored.partitions?.segment(number, total, token) ?? [].values();
        const { items, NextToken } = takePage(
          isWanted ? segment.filter(([, partition]) => isWanted(partition.values)) : segment,
          size,
        );
        return { Partitions: items.map(describe), ...(NextToken && { NextToken }) };
      },
    },
  };
}

function readSegment(segment: Wire): { number: number; total: number } {
  if (segment === undefined || segment === null) return { number: 0, total: 1 };
  const { SegmentNumber: number, TotalSegments: total } = segment;
  if (!Number.isInteger(total) || total < 1 || total > MOST_SEGMENTS)
    throw brokenConstraint('Segment.TotalSegments', `have value between 1 and ${MOST_SEGMENTS}`);
  if (!Number.isInteger(number) || number < 0)
    throw brokenConstraint('Segment.SegmentNumber', 'have value greater than or equal to 0');
  if (number >= total) throw invalidInput('SegmentNumber must be less than TotalSegments');
  return { number, total };
}

/** Partition values as texts, in the order of the keys. */
export function readValues(input: Wire, member: string): string[] {
  const values = input?.[member];
  if (!Array.isArray(values)) throw brokenConstraint(member, 'not be null');
  return values.map(String);
}
