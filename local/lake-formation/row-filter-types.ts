/** Whether a row filter fits a table. Source of the rules: Developer Guide, "PartiQL support in row filter expressions". */
import type { ColumnDefinition } from '../core/ports.ts';
import { type ColumnPath, type Constant, columnsOf, type RowFilter, RowFilterError } from './row-filter.ts';

type Comparable = Constant['type'];

/** The types that can be compared: STRING CHAR VARCHAR INT LONG BIGINT FLOAT DECIMAL DOUBLE BOOLEAN, as Glue spells them. */
const COMPARABLE: Record<string, Comparable> = {
  string: 'string',
  char: 'string',
  varchar: 'string',
  int: 'number',
  integer: 'number',
  long: 'number',
  bigint: 'number',
  float: 'number',
  decimal: 'number',
  double: 'number',
  boolean: 'boolean',
};

/**
 * Throws RowFilterError when the filter names a column that the table has not, one of a type that cannot be filtered (array, map, date,
 * timestamp, binary, and small integers, which the guide's list lacks), or a constant of another type.
 * Simplification: the types of columns that the filter does not name do not matter; the guide can be read as refusing the whole table.
 */
export function checkRowFilter(
  filter: RowFilter,
  columns: ColumnDefinition[],
  partitionKeys: ColumnDefinition[],
): void {
  const types = new Map(
    [...columns, ...partitionKeys].map(column => [column.Name.toLowerCase(), column.Type ?? 'string']),
  );
  const partitions = new Set(partitionKeys.map(key => key.Name.toLowerCase()));
  for (const path of columnsOf(filter)) {
    if (path.length > 1 && partitions.has(path[0])) {
      throw new RowFilterError(`fields within the partition column ${path[0]} cannot be filtered`);
    }
  }
  checkTypes(filter, path => comparableType(path, types), partitions);
}

function checkTypes(filter: RowFilter, typeOf: (path: ColumnPath) => Comparable, partitions: Set<string>): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const term of filter.terms) checkTypes(term, typeOf, partitions);
      return;
    case 'not':
      checkTypes(filter.term, typeOf, partitions);
      return;
    case 'null':
      if (partitions.has(filter.column[0])) {
        throw new RowFilterError(`IS NULL cannot be used on the partition column ${filter.column[0]}`);
      }
      typeOf(filter.column);
      return;
    case 'like':
      requireType(filter.column, typeOf, [{ type: 'string', value: filter.pattern }]);
      return;
    case 'compare':
      requireType(filter.column, typeOf, [filter.value]);
      return;
    case 'between':
      requireType(filter.column, typeOf, [filter.low, filter.high]);
      return;
    case 'in':
      requireType(filter.column, typeOf, filter.values);
      return;
  }
}

function requireType(column: ColumnPath, typeOf: (path: ColumnPath) => Comparable, constants: Constant[]): void {
  const type = typeOf(column);
  for (const constant of constants) {
    if (constant.type === type) continue;
    throw new RowFilterError(`the column ${column.join('.')} takes a ${type}, not a ${constant.type}`);
  }
}

function comparableType(path: ColumnPath, types: Map<string, string>): Comparable {
  let type = types.get(path[0]);
  if (type === undefined) throw new RowFilterError(`the table has no column ${path[0]}`);
  for (const field of path.slice(1)) {
    type = structFields(type).get(field);
    if (type === undefined) throw new RowFilterError(`the table has no field ${path.join('.')}`);
  }
  const comparable = COMPARABLE[type.toLowerCase().replace(/\(.*$/s, '').trim()];
  if (!comparable) throw new RowFilterError(`the type ${type} of the column ${path.join('.')} is not supported`);
  return comparable;
}

/** The fields of Hive's `struct<a:int,b:struct<c:string>>`; none for any other type. */
function structFields(type: string): Map<string, string> {
  const inner = /^\s*struct\s*<(.*)>\s*$/is.exec(type)?.[1];
  const fields = new Map<string, string>();
  if (inner === undefined) return fields;
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= inner.length; i++) {
    const character = inner[i];
    if (character === '<' || character === '(') depth++;
    else if (character === '>' || character === ')') depth--;
    else if (character === undefined || (character === ',' && depth === 0)) {
      const field = inner.slice(start, i);
      const colon = field.indexOf(':');
      if (colon > 0) fields.set(field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim());
      start = i + 1;
    }
  }
  return fields;
}
