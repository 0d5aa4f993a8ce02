import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeRowFilter, type WrittenFilter } from '../../../shared/access/row-filter/normalize-row-filter.ts';
import { parseRowFilter } from '../../../shared/access/row-filter/parse-row-filter.ts';
import { type Constant, RowFilterError } from '../../../shared/access/row-filter/row-filter.ts';
import { writeTerm } from '../../../shared/access/row-filter/write-row-filter.ts';

const NUMBERS = ['-1', '0', '1.5', '2'];
const COLUMNS = ['a', 'b', 'level', 'odd name', 'quo"te'];

const number: fc.Arbitrary<Constant> = fc.constantFrom(...NUMBERS).map(text => ({ type: 'number', text }));
const visibleText = fc.string({ unit: 'grapheme', maxLength: 6 }).filter(text => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
const constant: fc.Arbitrary<Constant> = fc.oneof(
  number,
  visibleText.map(value => ({ type: 'string' as const, value })),
  fc.boolean().map(value => ({ type: 'boolean' as const, value })),
);
const path = fc.constantFrom(...COLUMNS).chain(name => fc.constantFrom([name] as const, [name, 'field'] as const));

/** Conditions of at most the depth that people write, over the given columns and constants. */
function conditions(
  column: typeof path,
  value: fc.Arbitrary<Constant>,
  withText: boolean,
): fc.Arbitrary<WrittenFilter> {
  const isNegated = fc.boolean();
  const operator = fc.constantFrom('=', '<>', '<', '>', '<=', '>=');
  const predicates: fc.Arbitrary<WrittenFilter>[] = [
    fc.record({ kind: fc.constant('compare' as const), column, operator, value }),
    fc.record({ kind: fc.constant('between' as const), column, low: value, high: value, isNegated }),
    fc.record({
      kind: fc.constant('in' as const),
      column,
      values: fc.array(value, { minLength: 1, maxLength: 4 }),
      isNegated,
    }),
    fc.record({ kind: fc.constant('null' as const), column, isNegated }),
  ];
  if (withText)
    predicates.push(fc.record({ kind: fc.constant('like' as const), column, pattern: visibleText, isNegated }));
  return fc.letrec<{ filter: WrittenFilter }>(tie => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      ...predicates,
      fc.record({ kind: fc.constant('not' as const), term: tie('filter') }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        terms: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
      }),
    ),
  })).filter;
}

type Truth = boolean | null;
type Row = Record<string, number | null>;

/** SQL's three-valued logic over numbers, nulls and NaN. */
function evaluate(filter: WrittenFilter, row: Row): Truth {
  if (filter.kind === 'not') return negate(evaluate(filter.term, row));
  if ('terms' in filter) {
    const truths = filter.terms.map(term => evaluate(term, row));
    return filter.kind === 'and' ? all(truths) : negate(all(truths.map(negate)));
  }
  const value = row[filter.column[0]] ?? null;
  if (filter.kind === 'null') return (value === null) !== filter.isNegated;
  if (value === null) return null;
  const isBelow = (left: Constant) => Number(digitsOf(left)) <= value;
  const isAbove = (right: Constant) => value <= Number(digitsOf(right));
  switch (filter.kind) {
    case 'compare':
      return compare(filter.operator, value, Number(digitsOf(filter.value)));
    case 'between':
      return (isBelow(filter.low) && isAbove(filter.high)) !== filter.isNegated;
    case 'in':
      return filter.values.some(each => Number(digitsOf(each)) === value) !== filter.isNegated;
    case 'like':
      throw new Error('only numbers are evaluated');
  }
}

function digitsOf(value: Constant): string {
  return value.type === 'number' ? value.text : 'NaN';
}

function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    default:
      return left >= right;
  }
}

const negate = (truth: Truth): Truth => (truth === null ? null : !truth);

function all(truths: Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

describe('row filters', () => {
  it('are read back as the tree that was written', () => {
    fc.assert(
      fc.property(conditions(path, constant, true), written => {
        const tree = normalizeRowFilter(written);
        expect(parseRowFilter(writeTerm(tree))).toEqual(tree);
      }),
      { numRuns: 300 },
    );
  });

  it('are normalised once: doing it again changes nothing', () => {
    fc.assert(
      fc.property(conditions(path, constant, true), written => {
        const tree = normalizeRowFilter(written);
        expect(normalizeRowFilter(tree)).toEqual(tree);
      }),
      { numRuns: 200 },
    );
  });

  it('keep the very rows that were asked for, with nulls and NaN', () => {
    const plain = fc.constantFrom(['a'] as const, ['b'] as const) as typeof path;
    const cell = fc.constantFrom(null, Number.NaN, -1, 0, 1, 1.5, 2);
    fc.assert(
      fc.property(conditions(plain, number, false), fc.record({ a: cell, b: cell }), (written, row) => {
        expect(evaluate(normalizeRowFilter(written), row)).toBe(evaluate(written, row));
      }),
      { numRuns: 1000 },
    );
  });

  it('have one text whatever the order of their terms', () => {
    fc.assert(
      fc.property(fc.array(conditions(path, constant, true), { minLength: 2, maxLength: 4 }), terms => {
        const write = (list: WrittenFilter[]) => writeTerm(normalizeRowFilter({ kind: 'or', terms: list }));
        expect(write([...terms].reverse())).toBe(write(terms));
      }),
      { numRuns: 200 },
    );
  });

  it('are read or refused, never anything else', () => {
    const word = fc.constantFrom(
      'a',
      'and',
      'or',
      'not',
      '(',
      ')',
      '=',
      "'x'",
      '1',
      ',',
      'in',
      'is',
      'null',
      'like',
      'between',
      '"',
      ';',
      '--',
      'é',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 14 }).map(words => words.join(' ')),
    );
    fc.assert(
      fc.property(text, input => {
        try {
          parseRowFilter(input);
        } catch (error) {
          expect(error).toBeInstanceOf(RowFilterError);
        }
      }),
      { numRuns: 400 },
    );
  });
});
