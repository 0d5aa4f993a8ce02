import type { Comparison, Constant, Predicate, RowFilter } from './row-filter.ts';
import { writeConstant, writeTerm } from './write-row-filter.ts';

/** A condition as it was written: negation anywhere, terms in any order. */
export type WrittenFilter =
  | { kind: 'and' | 'or'; terms: WrittenFilter[] }
  | { kind: 'not'; term: WrittenFilter }
  | Predicate;

/**
 * The one tree for a condition, whatever its order, negations, repetitions and parentheses. It keeps exactly the rows that the condition keeps,
 * those with nulls and NaN included: De Morgan's laws hold in three-valued logic.
 */
export function normalizeRowFilter(filter: WrittenFilter, isNegated = false): RowFilter {
  switch (filter.kind) {
    case 'not':
      return normalizeRowFilter(filter.term, !isNegated);
    case 'and':
    case 'or': {
      const kind = (filter.kind === 'and') === isNegated ? 'or' : 'and';
      const terms = filter.terms
        .map(term => normalizeRowFilter(term, isNegated))
        .flatMap(term => (term.kind === kind ? term.terms : [term]));
      const distinct = sortDistinct(terms, writeTerm);
      return distinct.length === 1 ? distinct[0]! : { kind, terms: distinct };
    }
    case 'compare':
      return isNegated ? negate(filter) : filter;
    case 'in':
      return normalizeList({ ...filter, isNegated: filter.isNegated !== isNegated });
    default:
      return { ...filter, isNegated: filter.isNegated !== isNegated };
  }
}

function negate(comparison: Comparison): RowFilter {
  if (comparison.operator === '=') return { ...comparison, operator: '<>' };
  if (comparison.operator === '<>') return { ...comparison, operator: '=' };
  return { kind: 'not', term: comparison };
}

function normalizeList(list: Extract<RowFilter, { kind: 'in' }>): RowFilter {
  const values = sortDistinct<Constant>(list.values, writeConstant);
  if (values.length > 1) return { ...list, values };
  return { kind: 'compare', column: list.column, operator: list.isNegated ? '<>' : '=', value: values[0]! };
}

function sortDistinct<T>(items: T[], write: (item: T) => string): T[] {
  const byText = new Map(items.map(item => [write(item), item]));
  return [...byText.keys()].sort().map(text => byText.get(text)!);
}
