/** What a row filter's tree means, in SQL's three-valued logic. Knows nothing of any engine. */
import type { WrittenFilter } from '../../../shared/access/row-filter/normalize-row-filter.ts';
import type { ColumnPath, Constant } from '../../../shared/access/row-filter/row-filter.ts';

export type Truth = boolean | null;

/**
 * A value of a column: text, an exact number by its digits, a floating-point number, or a truth value. `single` is rounded to 32 bits, and so
 * is what it is compared with.
 */
export type Cell =
  | { text: string }
  | { digits: string }
  | { double: number }
  | { single: number }
  | { truth: boolean }
  | null;

/** Where NaN stands: beside all numbers, as in IEEE 754 and Trino, or equal to itself and above all numbers, as in DuckDB and Spark. */
export type NanOrder = 'unordered' | 'greatest';

/** Whether the filter keeps the row whose cells `cellOf` gives; null, as false, keeps it not. */
export function evaluate(filter: WrittenFilter, cellOf: (path: ColumnPath) => Cell, nan: NanOrder): Truth {
  if (filter.kind === 'not') return negate(evaluate(filter.term, cellOf, nan));
  if ('terms' in filter) {
    const truths = filter.terms.map(term => evaluate(term, cellOf, nan));
    return filter.kind === 'and' ? every(truths) : negate(every(truths.map(negate)));
  }
  const cell = cellOf(filter.column);
  if (filter.kind === 'null') return (cell === null) !== filter.isNegated;
  if (cell === null) return null;
  const order = (constant: Constant) => compare(cell, constant, nan);
  switch (filter.kind) {
    case 'compare':
      return holds(filter.operator, order(filter.value));
    case 'between':
      return (holds('>=', order(filter.low)) && holds('<=', order(filter.high))) !== filter.isNegated;
    case 'in':
      return filter.values.some(value => order(value) === 0) !== filter.isNegated;
    case 'like':
      return isLike(cell, filter.pattern) !== filter.isNegated;
  }
}

function negate(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function every(truths: Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

/** Undefined: neither is before the other, nor are they the same. */
function holds(operator: string, order: number | undefined): boolean {
  if (order === undefined) return operator === '<>';
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    default:
      return order >= 0;
  }
}

/** Below, at or above 0 as the cell is before, the same as, or after the constant. */
function compare(cell: NonNullable<Cell>, constant: Constant, nan: NanOrder): number | undefined {
  if ('text' in cell && constant.type === 'string') {
    // By code points, not by JavaScript's units of 16 bits.
    return Buffer.compare(Buffer.from(cell.text), Buffer.from(constant.value));
  }
  if ('truth' in cell && constant.type === 'boolean') return Number(cell.truth) - Number(constant.value);
  if (constant.type !== 'number') throw new TypeError(`${JSON.stringify(cell)} compared with a ${constant.type}`);
  if ('digits' in cell) {
    const difference = exact(cell.digits) - exact(constant.text);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }
  if ('double' in cell) return compareFloats(cell.double, Number(constant.text), nan);
  if ('single' in cell) return compareFloats(Math.fround(cell.single), Math.fround(Number(constant.text)), nan);
  throw new TypeError(`${JSON.stringify(cell)} compared with a number`);
}

function compareFloats(cell: number, constant: number, nan: NanOrder): number | undefined {
  if (Number.isNaN(cell)) return nan === 'greatest' ? 1 : undefined;
  return cell === constant ? 0 : cell < constant ? -1 : 1;
}

/** In units of the 40th digit after the point. */
function exact(digits: string): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  return BigInt(whole + fraction.padEnd(40, '0'));
}

/** `%` for any characters, `_` for one, each a code point. */
function isLike(cell: NonNullable<Cell>, pattern: string): boolean {
  if (!('text' in cell)) throw new TypeError(`${JSON.stringify(cell)} compared with a pattern`);
  const known = PATTERNS.get(pattern) ?? expressionOf(pattern);
  PATTERNS.set(pattern, known);
  return known.test(cell.text);
}

const PATTERNS = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const source = [...pattern].map(character => {
    if (character === '%') return '.*';
    return character === '_' ? '.' : character.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}
