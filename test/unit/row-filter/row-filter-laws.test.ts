import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubtAboutString } from '../../../shared/access/row-filter/doubtful-text.ts';
import { normalizeRowFilter, type WrittenFilter } from '../../../shared/access/row-filter/normalize-row-filter.ts';
import { parseRowFilter } from '../../../shared/access/row-filter/parse-row-filter.ts';
import { type Constant, type RowFilter, RowFilterError } from '../../../shared/access/row-filter/row-filter.ts';
import { writeTerm } from '../../../shared/access/row-filter/write-row-filter.ts';
import { type Cell, evaluate, type NanOrder } from './evaluate-row-filter.ts';

const NUMBERS = ['-1', '0', '1.5', '2'];
const COLUMNS = ['a', 'b', 'level', 'odd name', 'quo"te'];

const number: fc.Arbitrary<Constant> = fc.constantFrom(...NUMBERS).map(text => ({ type: 'number', text }));
const certainText = fc.string({ unit: 'grapheme', maxLength: 6 }).filter(text => !doubtAboutString(text));
const constant: fc.Arbitrary<Constant> = fc.oneof(
  number,
  certainText.map(value => ({ type: 'string' as const, value })),
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
    predicates.push(fc.record({ kind: fc.constant('like' as const), column, pattern: certainText, isNegated }));
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

  it('keep the very rows that were asked for, with nulls and NaN wherever it stands', () => {
    const plain = fc.constantFrom(['a'] as const, ['b'] as const) as typeof path;
    const cell = fc.constantFrom<Cell[]>(null, ...[Number.NaN, -1, 0, 1, 1.5, 2].map(double => ({ double })));
    const nanOrder = fc.constantFrom<NanOrder[]>('unordered', 'greatest');
    fc.assert(
      fc.property(conditions(plain, number, false), cell, cell, nanOrder, (written, a, b, nan) => {
        const truth = (filter: WrittenFilter) => evaluate(filter, ([name]) => (name === 'a' ? a : b), nan);
        expect(truth(normalizeRowFilter(written))).toBe(truth(written));
      }),
      { numRuns: 1000 },
    );
  });

  it('are read again however deeply they nest, or refused', () => {
    const nested = fc.array(fc.constantFrom('(a = 1 or b = 2 and ', '(a > 1 and ', 'not (b < 2 or ', '('), {
      maxLength: 26,
    });
    fc.assert(
      fc.property(nested, openings => {
        const text = `${openings.join('')}a = 5${')'.repeat(openings.length)}`;
        let tree: RowFilter;
        try {
          tree = parseRowFilter(text);
        } catch (error) {
          if (error instanceof RowFilterError) return;
          throw error;
        }
        expect(parseRowFilter(writeTerm(tree))).toEqual(tree);
      }),
      { numRuns: 300 },
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
          if (!(error instanceof RowFilterError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
});
