import { nearestName } from '../../mesh/nearest-name.ts';
import { type Comparable, comparableOf, structFields } from './column-types.ts';
import { codeOf } from './doubtful-text.ts';
import { numberMisfit } from './number-range.ts';
import {
  type ColumnPath,
  type Constant,
  type Predicate,
  predicatesOf,
  type RowFilter,
  RowFilterError,
} from './row-filter.ts';
import { writeConstant } from './write-row-filter.ts';

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
      throw new RowFilterError(`IS NULL cannot be used on the partition key ${column.name}`, {
        hint: 'name the values to keep: = or IN',
      });
    }
    if (comparable.is === 'boolean' && asksOrder(predicate)) {
      throw new RowFilterError(`${column.name} is a truth value and has no order`, { hint: 'write = TRUE or = FALSE' });
    }
    if (predicate.kind === 'like' && comparable.is !== 'string') {
      throw new RowFilterError(`LIKE compares text, which ${predicate.column.join('.')} is not`, {
        hint: 'compare it by = or IN',
      });
    }
    for (const constant of constantsOf(predicate)) {
      const problem = mismatch(comparable, constant);
      if (problem) throw new RowFilterError(`${predicate.column.join('.')} ${problem.reason}`, { hint: problem.hint });
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
  if (!column) throw unknownColumn(path, columns, readable);
  if (!column.isPartitionKey && !readable.has(column.name)) {
    throw new RowFilterError(`the grant does not read the column ${column.name}, so it cannot filter by it`, {
      hint: `ask for ${column.name} too, or filter by another column`,
    });
  }
  if (column.isPartitionKey && fields.length > 0) {
    throw new RowFilterError(`fields within the partition key ${column.name} cannot be filtered`, {
      hint: `compare ${column.name} itself`,
    });
  }
  let type = column.type;
  for (const field of fields) {
    const inside = structFields(type);
    const inner = inside.get(field);
    if (inner === undefined) {
      const held = [...inside.keys()];
      const among = held.length === 0 ? `${path[0]} is of type ${type}` : `it has ${some(held)}`;
      throw new RowFilterError(`${column.name} has no field ${fields.join('.')}`, {
        hint: didYouMean(field, held) ?? among,
      });
    }
    type = inner;
  }
  const comparable = comparableOf(type);
  if (comparable) return { column, comparable };
  const first = structFields(type).keys().next().value;
  throw new RowFilterError(`Lake Formation cannot filter by ${path.join('.')}: it is of type ${type}`, {
    hint: first === undefined ? whatCanBeFiltered(columns, readable) : `name a field of it: ${path.join('.')}.${first}`,
  });
}

/** Columns of the table that are named as what can be filtered by. */
const MOST_EXAMPLES = 5;

function whatCanBeFiltered(columns: readonly FilteredColumn[], readable: ReadonlySet<string>): string {
  const rule = 'it filters text, INT, BIGINT, FLOAT, DOUBLE, DECIMAL and truth values';
  const names = filterableNames(columns, readable);
  return names.length === 0 ? rule : `${rule}; here by ${some(names)}`;
}

/** Partition keys first: they are what stands for a time most often, and cost the least to filter by. */
function filterableNames(columns: readonly FilteredColumn[], readable: ReadonlySet<string>): string[] {
  return columns
    .filter(column => (column.isPartitionKey || readable.has(column.name)) && comparableOf(column.type))
    .toSorted((one, other) => Number(other.isPartitionKey) - Number(one.isPartitionKey))
    .map(({ name }) => name);
}

function some(names: string[]): string {
  return names.length > MOST_EXAMPLES ? `${names.slice(0, MOST_EXAMPLES).join(', ')}, ...` : names.join(', ');
}

function unknownColumn(
  [name, ...fields]: ColumnPath,
  columns: readonly FilteredColumn[],
  readable: ReadonlySet<string>,
): RowFilterError {
  const names = columns.map(each => each.name);
  const lowerCase = new Set(names.map(each => each.toLowerCase()));
  const inside = fields.findIndex(field => lowerCase.has(field));
  const hint =
    inside === -1
      ? (didYouMean(name, names) ?? whatCanBeFiltered(columns, readable))
      : `name the column alone, without its table: ${fields.slice(inside).join('.')}`;
  return new RowFilterError(`the table has no column ${shown(name)}`, { hint });
}

function didYouMean(name: string, names: string[]): string | undefined {
  const nearest = nearestName(name, names);
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}

/** A letter of another alphabet looks like the right one: its code does not. */
function shown(name: string): string {
  const foreign = /\P{ASCII}/u.exec(name)?.[0];
  return foreign === undefined ? name : `${name} (with ${codeOf(foreign)})`;
}

function mismatch(comparable: Comparable, constant: Constant): { reason: string; hint: string } | undefined {
  const wanted = comparable.is === 'integer' || comparable.is === 'decimal' ? 'number' : comparable.is;
  if (constant.type !== wanted) {
    const found = constant.type === 'boolean' ? 'truth value' : constant.type;
    return {
      reason: `takes a ${wanted === 'boolean' ? 'truth value' : wanted}, not a ${found}`,
      ...constantHint(wanted, constant),
    };
  }
  if (constant.type !== 'number' || (comparable.is !== 'integer' && comparable.is !== 'decimal')) return undefined;
  return numberMisfit(comparable, constant.text);
}

/** The same constant as the column's type has it. */
function constantHint(wanted: string, constant: Constant): { hint: string } {
  if (wanted === 'string') return { hint: `write it in single quotes: ${writeConstant(textConstant(constant))}` };
  if (wanted === 'number' && constant.type === 'string' && /^-?\d+(\.\d+)?$/.test(constant.value)) {
    return { hint: `write it without quotes: ${constant.value}` };
  }
  if (wanted !== 'boolean') return { hint: 'write a number such as 42 or -12.5' };
  const written = constant.type === 'number' ? constant.text : String(textConstant(constant).value).toUpperCase();
  if (written === '1' || written === 'TRUE') return { hint: 'write TRUE' };
  return { hint: written === '0' || written === 'FALSE' ? 'write FALSE' : 'write TRUE or FALSE' };
}

function textConstant(constant: Constant): Constant & { type: 'string' } {
  if (constant.type === 'string') return constant;
  return { type: 'string', value: constant.type === 'number' ? constant.text : String(constant.value) };
}
