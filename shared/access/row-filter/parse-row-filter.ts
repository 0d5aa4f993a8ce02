import { normalizeRowFilter, type WrittenFilter } from './normalize-row-filter.ts';
import {
  type ColumnPath,
  type ComparisonOperator,
  type Constant,
  type RowFilter,
  RowFilterError,
} from './row-filter.ts';
import { type Token, tokenizeRowFilter } from './tokenize-row-filter.ts';

/** Parentheses and NOTs within each other. People need three or four. */
const DEEPEST_NESTING = 24;

const COMPARISONS: Record<string, ComparisonOperator> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};

/** Words of the grammar: never a column's name without double quotes. All other reserved words are understood bare and written in quotes. */
const GRAMMAR_WORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'IS', 'LIKE', 'BETWEEN', 'NULL', 'TRUE', 'FALSE']);

/** Other SQL that people try, and what to do about it. */
const OTHER_SQL: Record<string, [string, string?]> = {
  SELECT: ['subqueries are not allowed', 'list the constants: IN (1, 2)'],
  EXISTS: ['subqueries are not allowed'],
  CASE: ['CASE is not allowed', 'write the cases with AND and OR'],
  CAST: ['casts are not allowed', "compare with a constant of the column's own type"],
  ESCAPE: ['LIKE has no ESCAPE here: % and _ always stand for other characters'],
  ILIKE: ['ILIKE is not allowed', 'LIKE, which minds case, is'],
  RLIKE: ['regular expressions are not allowed', 'LIKE is'],
  REGEXP: ['regular expressions are not allowed', 'LIKE is'],
  SIMILAR: ['regular expressions are not allowed', 'LIKE is'],
  UNION: ['a row filter is a condition, not a query'],
  WHERE: ['a row filter is a condition alone', 'leave WHERE away'],
};

/**
 * Reads the text of a row filter: columns compared with constants, AND, OR, NOT and parentheses.
 * Grammar: Lake Formation Developer Guide, "PartiQL support in row filter expressions".
 * @returns the normalised tree: equal conditions give equal trees
 * @throws RowFilterError with the position, the reason and, where there is one, the nearest thing that works
 */
export function parseRowFilter(text: string): RowFilter {
  return normalizeRowFilter(new Parser(tokenizeRowFilter(text)).whole());
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  whole(): WrittenFilter {
    if (this.#isAtEnd()) throw new RowFilterError('the row filter is empty', { hint: 'leave it out to read all rows' });
    const filter = this.#or();
    if (!this.#isAtEnd()) throw this.#unexpected('AND, OR or the end');
    return filter;
  }

  #or(): WrittenFilter {
    const terms = [this.#and()];
    while (this.#takeWord('OR')) terms.push(this.#and());
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  }

  #and(): WrittenFilter {
    const terms = [this.#term()];
    while (this.#takeWord('AND')) terms.push(this.#term());
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  }

  #term(): WrittenFilter {
    const { position } = this.#token;
    if (++this.#depth > DEEPEST_NESTING) {
      throw new RowFilterError(`more than ${DEEPEST_NESTING} parentheses or NOTs within each other`, { position });
    }
    const term = this.#negatedOrGrouped() ?? this.#predicate();
    this.#depth--;
    return term;
  }

  #negatedOrGrouped(): WrittenFilter | undefined {
    if (this.#takeWord('NOT')) return { kind: 'not', term: this.#term() };
    if (!this.#takeSymbol('(')) return undefined;
    const inner = this.#or();
    if (!this.#takeSymbol(')')) throw this.#unexpected('a closing parenthesis');
    return inner;
  }

  #predicate(): WrittenFilter {
    const column = this.#column();
    const operator = this.#token.kind === 'symbol' ? COMPARISONS[this.#token.text] : undefined;
    if (operator) {
      this.#next++;
      return { kind: 'compare', column, operator, value: this.#constant() };
    }
    if (this.#takeWord('IS')) {
      const isNegated = this.#takeWord('NOT');
      if (!this.#takeWord('NULL')) throw this.#unexpected('NULL', 'for a truth value write = TRUE or = FALSE');
      return { kind: 'null', column, isNegated };
    }
    const isNegated = this.#takeWord('NOT');
    if (this.#takeWord('BETWEEN')) {
      const low = this.#constant();
      if (!this.#takeWord('AND')) throw this.#unexpected('AND');
      return { kind: 'between', column, low, high: this.#constant(), isNegated };
    }
    if (this.#takeWord('IN')) return { kind: 'in', column, values: this.#constants(), isNegated };
    if (this.#takeWord('LIKE')) {
      const { position } = this.#token;
      const pattern = this.#constant();
      if (pattern.type !== 'string') throw new RowFilterError('LIKE takes a pattern in single quotes', { position });
      return { kind: 'like', column, pattern: pattern.value, isNegated };
    }
    if (this.#token.text === '(') {
      throw new RowFilterError(`functions are not allowed: ${column.join('.')}(...)`, {
        position: this.#token.position,
        hint: 'compare the column itself with a constant',
      });
    }
    if (this.#token.kind === 'number' && /^[+-]/.test(this.#token.text)) {
      const { position } = this.#token;
      throw new RowFilterError('arithmetic is not allowed: a column is compared with a constant', { position });
    }
    throw this.#unexpected('an operator (=, <>, <, >, <=, >=, BETWEEN, IN, LIKE, IS NULL)');
  }

  #column(): ColumnPath {
    const path: [string, ...string[]] = [this.#name()];
    while (this.#takeSymbol('.')) path.push(this.#name());
    return path;
  }

  #name(): string {
    const token = this.#token;
    if (token.kind === 'quoted-name' || (token.kind === 'word' && !GRAMMAR_WORDS.has(token.value))) {
      this.#refuseOtherSql();
      this.#next++;
      return (token.kind === 'word' ? token.text : token.value).toLowerCase();
    }
    if (token.kind === 'word' && this.#isComparisonNext()) {
      throw new RowFilterError(`${token.text} is a reserved word`, {
        position: token.position,
        hint: `as a column's name write it in double quotes: "${token.text.toLowerCase()}"`,
      });
    }
    if (token.kind === 'string' || token.kind === 'number' || token.value === 'TRUE' || token.value === 'FALSE') {
      throw new RowFilterError('a comparison begins with a column', {
        position: token.position,
        hint: `write the column first, then the operator, then ${token.text}`,
      });
    }
    throw this.#unexpected("a column's name");
  }

  #constants(): Constant[] {
    if (!this.#takeSymbol('(')) throw this.#unexpected('a list of constants in parentheses');
    const values = [this.#constant()];
    while (this.#takeSymbol(',')) values.push(this.#constant());
    if (!this.#takeSymbol(')')) throw this.#unexpected('a comma or a closing parenthesis');
    return values;
  }

  #constant(): Constant {
    const token = this.#token;
    const { position } = token;
    if (token.kind === 'string') return this.#take({ type: 'string', value: token.value });
    if (token.kind === 'number') return this.#take({ type: 'number', text: token.value });
    if (token.value === 'TRUE' || token.value === 'FALSE')
      return this.#take({ type: 'boolean', value: token.value === 'TRUE' });
    if (token.value === 'NULL') {
      throw new RowFilterError('a comparison with NULL keeps no row', {
        position,
        hint: 'write IS NULL or IS NOT NULL',
      });
    }
    if (token.kind === 'quoted-name') {
      throw new RowFilterError('columns are compared with constants, not with each other', {
        position,
        hint: `strings stand in single quotes: '${token.value}'`,
      });
    }
    if (token.text === '=') throw this.#unexpected('a constant', 'equality is written with one =');
    if (token.kind !== 'word') throw this.#unexpected('a constant');
    this.#refuseOtherSql();
    const after = this.#tokens[this.#next + 1]!;
    if (after.text === '(') throw new RowFilterError(`functions are not allowed: ${token.text}(...)`, { position });
    if (after.kind === 'string') {
      const reason = `constants of type ${token.value} are not allowed: Lake Formation filters no dates and times`;
      throw new RowFilterError(reason, { position });
    }
    throw new RowFilterError(`columns are compared with constants, not with each other: ${token.text}`, {
      position,
      hint: `strings stand in single quotes: '${token.text}'`,
    });
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #isAtEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #take<T>(value: T): T {
    this.#next++;
    return value;
  }

  #takeWord(word: string): boolean {
    if (this.#token.kind !== 'word' || this.#token.value !== word) return false;
    this.#next++;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    if (this.#token.kind !== 'symbol' || this.#token.value !== symbol) return false;
    this.#next++;
    return true;
  }

  #isComparisonNext(): boolean {
    const after = this.#tokens[this.#next + 1];
    return after?.kind === 'symbol' && COMPARISONS[after.text] !== undefined;
  }

  /** A column may have such a name too: it is one where a comparison follows. */
  #refuseOtherSql(): void {
    const { kind, value, position } = this.#token;
    const other = kind === 'word' && Object.hasOwn(OTHER_SQL, value) ? OTHER_SQL[value] : undefined;
    if (!other || this.#isComparisonNext()) return;
    const [reason, hint] = other;
    throw new RowFilterError(reason, { position, ...(hint ? { hint } : {}) });
  }

  #unexpected(wanted: string, hint?: string): RowFilterError {
    this.#refuseOtherSql();
    const { kind, text, position } = this.#token;
    const found = kind === 'end' ? 'the end' : text;
    return new RowFilterError(`expected ${wanted}, found ${found}`, { position, ...(hint ? { hint } : {}) });
  }
}
