/**
 * The row filter of a data cells filter: a subset of PartiQL.
 * Grammar: Lake Formation Developer Guide, "PartiQL support in row filter expressions".
 */
import { RowFilterError, type Token, tokenize } from './row-filter-tokens.ts';

export { rowFilterToSql } from './row-filter-sql.ts';
export { RowFilterError } from './row-filter-tokens.ts';

export type Constant =
  | { type: 'string'; value: string }
  /** The number as it was written: no digit is lost on the way to the engine. */
  | { type: 'number'; text: string }
  | { type: 'boolean'; value: boolean };

export type Comparison = '=' | '<>' | '<' | '>' | '<=' | '>=';

/** A column, or a field within a struct column: lower-case names from the outside in. */
export type ColumnPath = readonly [string, ...string[]];

export type RowFilter =
  | { kind: 'and' | 'or'; terms: RowFilter[] }
  | { kind: 'not'; term: RowFilter }
  | { kind: 'compare'; column: ColumnPath; operator: Comparison; value: Constant }
  | { kind: 'between'; column: ColumnPath; low: Constant; high: Constant; negated: boolean }
  | { kind: 'in'; column: ColumnPath; values: Constant[]; negated: boolean }
  | { kind: 'like'; column: ColumnPath; pattern: string; negated: boolean }
  | { kind: 'null'; column: ColumnPath; negated: boolean };

/** An expression is shorter than this many characters. Source: Developer Guide, "PartiQL support". */
export const ROW_FILTER_LENGTH_LIMIT = 2048;

const COMPARISONS: Record<string, Comparison> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};

/** Reads a row filter expression. Throws RowFilterError for what the grammar does not have. */
export function parseRowFilter(text: string): RowFilter {
  if (text.trim() === '') throw new RowFilterError('the expression is empty');
  if (text.length >= ROW_FILTER_LENGTH_LIMIT) {
    throw new RowFilterError(`the expression has ${text.length} characters, it must have less than 2048`);
  }
  return new Parser(tokenize(text)).whole();
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  whole(): RowFilter {
    const filter = this.#or();
    const rest = this.#tokens[this.#position];
    if (rest) throw new RowFilterError(`unexpected '${rest.text}' at ${rest.at}`);
    return filter;
  }

  #or(): RowFilter {
    const terms = [this.#and()];
    while (this.#takeKeyword('OR')) terms.push(this.#and());
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  }

  #and(): RowFilter {
    const terms = [this.#not()];
    while (this.#takeKeyword('AND')) terms.push(this.#not());
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  }

  #not(): RowFilter {
    if (this.#takeKeyword('NOT')) return { kind: 'not', term: this.#not() };
    if (!this.#takeSymbol('(')) return this.#predicate();
    const inner = this.#or();
    this.#expectSymbol(')');
    return inner;
  }

  #predicate(): RowFilter {
    const column = this.#column();
    const symbol = this.#tokens[this.#position];
    if (symbol?.kind === 'symbol' && COMPARISONS[symbol.text]) {
      this.#position++;
      return { kind: 'compare', column, operator: COMPARISONS[symbol.text]!, value: this.#constant() };
    }
    if (this.#takeKeyword('IS')) {
      const negated = this.#takeKeyword('NOT');
      this.#expectKeyword('NULL');
      return { kind: 'null', column, negated };
    }
    const negated = this.#takeKeyword('NOT');
    if (this.#takeKeyword('BETWEEN')) {
      const low = this.#constant();
      this.#expectKeyword('AND');
      return { kind: 'between', column, low, high: this.#constant(), negated };
    }
    if (this.#takeKeyword('IN')) return { kind: 'in', column, values: this.#constants(), negated };
    if (this.#takeKeyword('LIKE')) {
      const pattern = this.#constant();
      if (pattern.type !== 'string') throw new RowFilterError('LIKE takes a pattern in single quotes');
      return { kind: 'like', column, pattern: pattern.value, negated };
    }
    throw this.#unexpected('an operator');
  }

  #column(): ColumnPath {
    const path: [string, ...string[]] = [this.#name()];
    while (this.#takeSymbol('.')) path.push(this.#name());
    return path;
  }

  #name(): string {
    const token = this.#tokens[this.#position];
    if (token?.kind === 'keyword') {
      throw new RowFilterError(
        `'${token.text}' at ${token.at} is a reserved word: as a column's name it needs double quotes`,
      );
    }
    if (token?.kind !== 'name') throw this.#unexpected("a column's name");
    this.#position++;
    return token.value;
  }

  #constants(): Constant[] {
    this.#expectSymbol('(');
    const values = [this.#constant()];
    while (this.#takeSymbol(',')) values.push(this.#constant());
    this.#expectSymbol(')');
    return values;
  }

  #constant(): Constant {
    const token = this.#tokens[this.#position];
    if (token?.kind === 'name') {
      throw new RowFilterError(`'${token.text}' at ${token.at} is not a constant: columns compare with constants only`);
    }
    if (token?.kind === 'string') return this.#advance({ type: 'string', value: token.value });
    if (token?.kind === 'number') return this.#advance({ type: 'number', text: token.text });
    if (token?.kind === 'keyword' && (token.value === 'TRUE' || token.value === 'FALSE')) {
      return this.#advance({ type: 'boolean', value: token.value === 'TRUE' });
    }
    throw this.#unexpected('a constant');
  }

  #advance<T>(value: T): T {
    this.#position++;
    return value;
  }

  #takeKeyword(keyword: string): boolean {
    return this.#take('keyword', keyword);
  }

  #takeSymbol(symbol: string): boolean {
    return this.#take('symbol', symbol);
  }

  #take(kind: Token['kind'], value: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== kind || token.value !== value) return false;
    this.#position++;
    return true;
  }

  #expectKeyword(keyword: string): void {
    if (!this.#takeKeyword(keyword)) throw this.#unexpected(keyword);
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw this.#unexpected(`'${symbol}'`);
  }

  #unexpected(wanted: string): RowFilterError {
    const token = this.#tokens[this.#position];
    return new RowFilterError(
      token ? `expected ${wanted} but found '${token.text}' at ${token.at}` : `expected ${wanted} at the end`,
    );
  }
}

/** The columns that the filter reads, each once: top-level names, lower-case. */
export function rowFilterColumns(filter: RowFilter): string[] {
  return [...new Set(columnsOf(filter).map(path => path[0]))];
}

export function columnsOf(filter: RowFilter): ColumnPath[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.flatMap(columnsOf);
    case 'not':
      return columnsOf(filter.term);
    default:
      return [filter.column];
  }
}
