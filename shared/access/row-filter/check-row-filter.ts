import { nearestName } from '../../mesh/nearest-name.ts';
import { type Comparable, comparableOf, structFields } from './column-types.ts';
import {
  type ColumnPath,
  type Constant,
  type Predicate,
  predicatesOf,
  type RowFilter,
  RowFilterError,
} from './row-filter.ts';

export interface FilteredColumn {
  name: string;
  /** As Glue spells it: `varchar(20)`, `struct<a:int>`. */
  type: string;
  isPartitionKey: boolean;
}

/**
 * Checks that the table can be filtered so, and that the filter looks only at columns that the grant itself reads: a filter over another column
 * would tell of its values.
 * Rules: Lake Formation Developer Guide, "PartiQL support in row filter expressions". Its sentence on tables that contain types that it does not
 * support is read as meant for the columns that the filter names: else no table with a date in it could have a row filter.
 * @param readable the names of the columns that the grant reads; partition keys are read by every grant
 * @throws RowFilterError for the first thing that does not fit
 */
export function checkRowFilter(
  filter: RowFilter,
  columns: readonly FilteredColumn[],
  readable: ReadonlySet<string>,
): void {
  for (const predicate of predicatesOf(filter)) {
    const { column, comparable } = findColumn(predicate.column, columns, readable);
    if (predicate.kind === 'null' && column.isPartitionKey) {
      throw new RowFilterError(`IS NULL cannot be used on the partition key ${column.name}`);
    }
    if (comparable.is === 'boolean' && asksOrder(predicate)) {
      throw new RowFilterError(`${column.name} is a truth value and has no order`, { hint: 'write = TRUE or = FALSE' });
    }
    for (const constant of constantsOf(predicate)) {
      const problem = mismatch(comparable, constant);
      if (!problem) continue;
      const details = problem.hint ? { hint: problem.hint } : {};
      throw new RowFilterError(`${predicate.column.join('.')} ${problem.reason}`, details);
    }
  }
}

function asksOrder(predicate: Predicate): boolean {
  if (predicate.kind === 'compare') return predicate.operator !== '=' && predicate.operator !== '<>';
  return predicate.kind === 'between';
}

function constantsOf(predicate: Predicate): Constant[] {
  switch (predicate.kind) {
    case 'null':
      return [];
    case 'like':
      return [{ type: 'string', value: predicate.pattern }];
    case 'compare':
      return [predicate.value];
    case 'between':
      return [predicate.low, predicate.high];
    case 'in':
      return predicate.values;
  }
}

function findColumn(
  path: ColumnPath,
  columns: readonly FilteredColumn[],
  readable: ReadonlySet<string>,
): { column: FilteredColumn; comparable: Comparable } {
  const [name, ...fields] = path;
  const column = columns.find(each => each.name.toLowerCase() === name);
  if (!column)
    throw unknownName(
      `the table has no column ${name}`,
      name,
      columns.map(each => each.name),
    );
  if (!column.isPartitionKey && !readable.has(column.name)) {
    throw new RowFilterError(`the grant does not read the column ${column.name}, so it cannot filter by it`, {
      hint: `ask for ${column.name} too, or filter by another column`,
    });
  }
  if (column.isPartitionKey && fields.length > 0) {
    throw new RowFilterError(`fields within the partition key ${column.name} cannot be filtered`);
  }
  let type = column.type;
  for (const field of fields) {
    const inside = structFields(type);
    const inner = inside.get(field);
    if (inner === undefined)
      throw unknownName(`${column.name} has no field ${fields.join('.')}`, field, [...inside.keys()]);
    type = inner;
  }
  const comparable = comparableOf(type);
  if (comparable) return { column, comparable };
  const first = structFields(type).keys().next().value;
  throw new RowFilterError(`Lake Formation cannot filter by ${path.join('.')}: it is of type ${type}`, {
    hint:
      first === undefined
        ? 'it filters text, numbers and truth values'
        : `name a field of it: ${path.join('.')}.${first}`,
  });
}

function unknownName(reason: string, name: string, names: string[]): RowFilterError {
  const nearest = nearestName(name, names);
  return new RowFilterError(reason, nearest === undefined ? {} : { hint: `did you mean ${nearest}?` });
}

function mismatch(comparable: Comparable, constant: Constant): { reason: string; hint?: string } | undefined {
  const wanted = comparable.is === 'integer' ? 'number' : comparable.is;
  if (constant.type !== wanted) {
    const found = constant.type === 'boolean' ? 'truth value' : constant.type;
    return {
      reason: `takes a ${wanted === 'boolean' ? 'truth value' : wanted}, not a ${found}`,
      ...quoteHint(wanted, constant),
    };
  }
  if (comparable.is !== 'integer' || constant.type !== 'number') return undefined;
  if (constant.text.includes('.')) return { reason: `takes whole numbers, not ${constant.text}` };
  if (BigInt.asIntN(comparable.bits, BigInt(constant.text)) === BigInt(constant.text)) return undefined;
  return { reason: `has ${comparable.bits} bits: ${constant.text} is outside of its range` };
}

function quoteHint(wanted: string, constant: Constant): { hint?: string } {
  if (wanted === 'string' && constant.type === 'number')
    return { hint: `write it in single quotes: '${constant.text}'` };
  if (wanted === 'number' && constant.type === 'string' && /^-?\d+(\.\d+)?$/.test(constant.value)) {
    return { hint: `write it without quotes: ${constant.value}` };
  }
  return {};
}
