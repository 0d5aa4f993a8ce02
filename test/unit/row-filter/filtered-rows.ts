/** Rows to try row filters on: the edges of each type, what the filters themselves name and what lies beside it, and nulls. */
import { comparableOf, structFields } from '../../../shared/access/row-filter/column-types.ts';
import {
  type ColumnPath,
  type Constant,
  type Predicate,
  predicatesOf,
  type RowFilter,
} from '../../../shared/access/row-filter/row-filter.ts';
import type { Cell } from './evaluate-row-filter.ts';
import { COLUMNS } from './row-filter-data.ts';

/** A column that can be filtered, or a field in a struct that can. */
interface Leaf {
  path: ColumnPath;
  type: string;
  isPartitionKey: boolean;
}

/** The cells of a row, by the paths of their columns. */
export type Row = ReadonlyMap<string, Cell>;

const EDGES = {
  string: [
    '',
    ' ',
    'a',
    'A',
    'Z',
    'SFO',
    'SFO ',
    'sfo',
    'LAX',
    "O'Hare",
    'é',
    'e\u0301',
    '東京',
    '😀',
    '\uff5e',
    'a\nb',
    '%',
    '_',
    '\\',
    'NULL',
    '1',
  ],
  exact: ['0', '1', '-1', '2', '5', '6'],
  float: [0, -0, 1, -1, 0.5, 1e300, -1e300, 1e-300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
};

const LEAVES: Leaf[] = COLUMNS.flatMap(({ name, type, isPartitionKey }) =>
  leavesOf([name.toLowerCase()], type).map(leaf => ({ ...leaf, isPartitionKey })),
);

function leavesOf(path: ColumnPath, type: string): { path: ColumnPath; type: string }[] {
  if (comparableOf(type)) return [{ path, type }];
  return [...structFields(type)].flatMap(([field, inner]) => leavesOf([...path, field], inner));
}

/** Rows for each filter whose cells it names are near its constants, and rows at random. */
const NEAR_EACH = 10;
const AT_RANDOM = 500;

/** The same rows for the same filters, whenever it is asked. */
export function rowsFor(filters: RowFilter[]): Row[] {
  const random = generator(20_240_229);
  const all = poolsOf(filters);
  const rowFrom = (near: Map<string, Cell[]>): Row =>
    new Map(
      [...all].map(([key, cells]) => {
        const pool = near.get(key) ?? cells;
        return [key, pool[Math.floor(random() * pool.length)]!];
      }),
    );
  const near = filters.flatMap(filter => {
    const pools = poolsOf([filter], false);
    return Array.from({ length: NEAR_EACH }, () => rowFrom(pools));
  });
  return [...near, ...Array.from({ length: AT_RANDOM }, () => rowFrom(new Map()))];
}

/** What each column's cells are taken from; without the edges of their types, of the columns alone that have a constant. */
function poolsOf(filters: RowFilter[], withEdges = true): Map<string, Cell[]> {
  const named = new Map<string, Constant[]>();
  for (const predicate of filters.flatMap(predicatesOf)) {
    const key = predicate.column.join('.');
    named.set(key, [...(named.get(key) ?? []), ...constantsOf(predicate)]);
  }
  const pools = LEAVES.map(leaf => {
    const key = leaf.path.join('.');
    return [key, poolOf(leaf, named.get(key) ?? [], withEdges)] as const;
  });
  return new Map(pools.filter(([key]) => withEdges || named.get(key)?.length));
}

function constantsOf(predicate: Predicate): Constant[] {
  switch (predicate.kind) {
    case 'null':
      return [];
    case 'compare':
      return [predicate.value];
    case 'between':
      return [predicate.low, predicate.high];
    case 'in':
      return predicate.values;
    case 'like': {
      const fill = (any: string, one: string) => predicate.pattern.replaceAll('%', any).replaceAll('_', one);
      const texts = [
        fill('', ''),
        fill('', 'x'),
        fill('yz', '東'),
        fill('\n', '😀'),
        predicate.pattern,
        `${fill('', 'x')}x`,
      ];
      return texts.map(value => ({ type: 'string', value }));
    }
  }
}

function poolOf({ type, isPartitionKey }: Leaf, named: Constant[], withEdges: boolean): Cell[] {
  const comparable = comparableOf(type)!;
  const nothing = isPartitionKey || !withEdges ? [] : [null, null];
  const edges = withEdges ? EDGES : { string: [], exact: [], float: [] };
  const numbers = named.flatMap(constant => (constant.type === 'number' ? [constant.text] : []));
  const texts = named.flatMap(constant => (constant.type === 'string' ? [constant.value] : []));
  switch (comparable.is) {
    case 'string':
      return [
        ...nothing,
        ...distinct([...edges.string, ...texts, ...texts.map(text => `${text}a`)]).map(text => ({ text })),
      ];
    case 'boolean':
      return [...nothing, { truth: true }, { truth: false }];
    case 'number': {
      const beside = numbers.map(Number).flatMap(value => [value, value * (1 + 2 ** -40), value * (1 - 2 ** -40)]);
      const values = distinct([...edges.float, ...beside]);
      if (type === 'double') return [...nothing, ...values.map(double => ({ double }))];
      return [...nothing, ...distinct(values.map(Math.fround)).map(single => ({ single }))];
    }
    default: {
      const limits =
        comparable.is === 'integer'
          ? [-(2n ** BigInt(comparable.bits - 1)), 2n ** BigInt(comparable.bits - 1) - 1n]
          : decimalLimits(comparable);
      const scale = comparable.is === 'integer' ? 0 : comparable.scale;
      const units = distinct([
        ...(withEdges ? limits : []),
        ...[...edges.exact, ...numbers].map(text => unitsOf(text, scale)).flatMap(each => [each - 1n, each, each + 1n]),
      ]);
      const within = units.filter(each => each >= limits[0]! && each <= limits[1]!);
      return [...nothing, ...within.map(each => ({ digits: digitsOf(each, scale) }))];
    }
  }
}

function decimalLimits({ precision }: { precision: number }): bigint[] {
  const most = 10n ** BigInt(precision) - 1n;
  return [-most, most];
}

function unitsOf(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

function digitsOf(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${scale ? `.${digits.slice(point)}` : ''}`;
}

function distinct<T>(values: T[]): T[] {
  return [...new Set(values)];
}

/** Numbers from 0 to below 1, by mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The row's value of a column, in DuckDB's SQL: a struct whole, or a cell. */
export function valueSql(row: Row, name: string, type: string): string {
  return structSql(row, [name.toLowerCase()], type);
}

function structSql(row: Row, path: ColumnPath, type: string): string {
  const fields = [...structFields(type)];
  if (fields.length === 0) return cellSql(row.get(path.join('.')) ?? null);
  return `{${fields.map(([field, inner]) => `${quoted(field, "'")}: ${structSql(row, [...path, field], inner)}`).join(', ')}}`;
}

function cellSql(cell: Cell): string {
  if (cell === null) return 'NULL';
  if ('text' in cell) return quoted(cell.text, "'");
  if ('truth' in cell) return String(cell.truth);
  if ('digits' in cell) return cell.digits;
  return `'${'double' in cell ? cell.double : cell.single}'::DOUBLE`;
}

export function quoted(text: string, quote: '"' | "'"): string {
  return quote + text.replaceAll(quote, quote + quote) + quote;
}
