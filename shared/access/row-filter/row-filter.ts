/** Which rows a grant reads: a condition of Lake Formation's grammar, as a tree. */

export type Constant =
  | { type: 'string'; value: string }
  /** Plain decimal digits, so that none is lost: `-12.5`. No exponent, no zeros that say nothing. */
  | { type: 'number'; text: string }
  | { type: 'boolean'; value: boolean };

export type ComparisonOperator = '=' | '<>' | '<' | '>' | '<=' | '>=';

/** A column, or a field within a struct column, from the outside in. Lower-case, as the catalog's names are. */
export type ColumnPath = readonly [string, ...string[]];

export interface Comparison {
  kind: 'compare';
  column: ColumnPath;
  operator: ComparisonOperator;
  value: Constant;
}

/** What is said of one column. */
export type Predicate =
  | Comparison
  | { kind: 'between'; column: ColumnPath; low: Constant; high: Constant; isNegated: boolean }
  | { kind: 'in'; column: ColumnPath; values: Constant[]; isNegated: boolean }
  | { kind: 'like'; column: ColumnPath; pattern: string; isNegated: boolean }
  | { kind: 'null'; column: ColumnPath; isNegated: boolean };

/**
 * INVARIANT of every tree that `parseRowFilter` gives: equal conditions are equal trees. Terms are flat, distinct and sorted; so are the values of
 * `in`, of which there are two at least; negation stands at the predicates (`not` only before an order, where turning the sign around would
 * treat NaN otherwise).
 */
export type RowFilter = { kind: 'and' | 'or'; terms: RowFilter[] } | { kind: 'not'; term: Comparison } | Predicate;

/** A row filter that Lake Formation cannot have, or that does not fit its table. Trying again does not help. */
export class RowFilterError extends Error {
  override readonly name = 'RowFilterError';
  /** What is wrong, as a sentence for a person. */
  readonly reason: string;
  /** The nearest thing that works. */
  readonly hint: string;
  /** The character of the text, from 1; absent where the fault is not at one place. */
  readonly position: number | undefined;

  constructor(reason: string, details: { hint: string; position?: number | undefined }) {
    const hint = clipped(details.hint);
    const place = details.position === undefined ? '' : ` (at character ${details.position})`;
    super(`${clipped(reason)}${place}; ${hint}`);
    this.reason = clipped(reason);
    this.hint = hint;
    this.position = details.position;
  }
}

/** What was written, and a column's type, may be long; reasons travel in events. */
const LONGEST_SENTENCE = 300;

function clipped(sentence: string): string {
  if (sentence.length <= LONGEST_SENTENCE) return sentence;
  return `${sentence.slice(0, LONGEST_SENTENCE).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Every predicate of the filter, in its order. */
export function predicatesOf(filter: RowFilter): Predicate[] {
  if ('terms' in filter) return filter.terms.flatMap(predicatesOf);
  return filter.kind === 'not' ? [filter.term] : [filter];
}
