import { normalizeRowFilter, type WrittenFilter } from './normalize-row-filter.ts';
import { type Explained, explainIs, explainPrefix, explainWord } from './other-sql.ts';
import {
  type ColumnPath,
  type ComparisonOperator,
  type Constant,
  type RowFilter,
  RowFilterError,
} from './row-filter.ts';
import { TokenReader } from './token-reader.ts';
import { ARITHMETIC, type Token, tokenizeRowFilter } from './tokenize-row-filter.ts';

/** Parentheses and NOTs within each other. People need three or four. */
const DEEPEST_NESTING = 24;

/** Words of the grammar: never a column's name without double quotes. All other reserved words are understood bare and written in quotes. */
const GRAMMAR_WORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'IS', 'LIKE', 'BETWEEN', 'NULL', 'TRUE', 'FALSE']);

/** The operator for the two sides the other way round. */
const TURNED: Record<ComparisonOperator, ComparisonOperator> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

/**
 * Reads the text of a row filter: columns compared with constants, AND, OR, NOT and parentheses.
 * Grammar: Lake Formation Developer Guide, "PartiQL support in row filter expressions".
 * @returns the normalised tree: equal conditions give equal trees
 * @throws RowFilterError with the position, the reason and the nearest thing that works
 */
export function parseRowFilter(text: string): RowFilter {
  const filter = normalizeRowFilter(new Parser(new TokenReader(tokenizeRowFilter(text))).whole());
  // INVARIANT: what is written can be read. `a OR b AND (c OR d AND (...))` nests twice as deep once every group has its parentheses.
  if (nestingOf(filter) > DEEPEST_NESTING) throw tooDeep({});
  return filter;
}

/** Parentheses and NOTs within each other in the filter's text. */
function nestingOf(filter: RowFilter): number {
  if (filter.kind === 'not') return 2;
  if (!('terms' in filter)) return 0;
  return Math.max(...filter.terms.map(term => nestingOf(term) + ('terms' in term ? 1 : 0)));
}

function tooDeep(details: { position?: number }): RowFilterError {
  return new RowFilterError(`more than ${DEEPEST_NESTING} parentheses or NOTs within each other`, {
    ...details,
    hint: 'leave away those that change nothing, or list constants by IN',
  });
}

class Parser {
  readonly #tokens: TokenReader;
  #depth = 0;
  #lastColumn: string | undefined;

  constructor(tokens: TokenReader) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens.token;
  }

  whole(): WrittenFilter {
    if (this.#tokens.isAtEnd())
      throw new RowFilterError('the row filter is empty', { hint: 'leave it out to read all rows' });
    const filter = this.#or();
    if (!this.#tokens.isAtEnd()) throw this.#unexpected('AND, OR or the end', 'join conditions by AND or OR');
    return filter;
  }

  #or(): WrittenFilter {
    const terms = [this.#and()];
    while (this.#tokens.takeWord('OR')) terms.push(this.#and());
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  }

  #and(): WrittenFilter {
    const terms = [this.#term()];
    while (this.#tokens.takeWord('AND')) terms.push(this.#term());
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  }

  #term(): WrittenFilter {
    const { position } = this.#token;
    const isNot = this.#tokens.takeWord('NOT');
    if (!isNot && !this.#tokens.takeSymbol('(')) return this.#predicate();
    if (++this.#depth > DEEPEST_NESTING) throw tooDeep({ position });
    const inner = isNot ? this.#term() : this.#or();
    if (!isNot && !this.#tokens.takeSymbol(')')) throw this.#unexpected('a closing parenthesis', 'each ( needs its )');
    this.#depth--;
    return isNot ? { kind: 'not', term: inner } : inner;
  }

  #predicate(): WrittenFilter {
    const column = this.#column();
    const written = column.join('.');
    const operator = this.#tokens.comparisonAt(0);
    if (operator) {
      this.#tokens.skip();
      return { kind: 'compare', column, operator, value: this.#constant() };
    }
    if (this.#tokens.takeWord('IS')) {
      const isNegated = this.#tokens.takeWord('NOT');
      if (this.#tokens.takeWord('NULL')) return { kind: 'null', column, isNegated };
      throw (
        this.#refusal(explainIs(this.#token.value, written, isNegated)) ??
        this.#unexpected('NULL', 'compare with a constant by =')
      );
    }
    const isNegated = this.#tokens.takeWord('NOT');
    if (isNegated && this.#token.kind === 'word' && this.#token.value === 'NULL')
      throw this.#unexpected('IS', `write ${written} IS NOT NULL`);
    if (isNegated && this.#tokens.comparisonAt(0)) {
      const hint = this.#token.text === '=' ? `write ${written} <>` : `write NOT before ${written}`;
      throw this.#unexpected('BETWEEN, IN or LIKE', hint);
    }
    if (this.#tokens.takeWord('BETWEEN')) {
      const low = this.#constant();
      if (!this.#tokens.takeWord('AND')) throw this.#unexpected('AND', 'write BETWEEN, the least, AND, the greatest');
      return { kind: 'between', column, low, high: this.#constant(), isNegated };
    }
    if (this.#tokens.takeWord('IN')) return { kind: 'in', column, values: this.#constants(), isNegated };
    if (this.#tokens.takeWord('LIKE')) {
      const { position, text } = this.#token;
      if (text === '(') throw this.#unexpected('one pattern', 'write LIKE once for each pattern, joined by OR');
      const pattern = this.#constant();
      if (pattern.type !== 'string')
        throw new RowFilterError('LIKE takes a pattern in single quotes', { position, hint: `write LIKE '${text}%'` });
      return { kind: 'like', column, pattern: pattern.value, isNegated };
    }
    throw this.#noOperator(written);
  }

  #noOperator(column: string): RowFilterError {
    const { kind, text, value, position } = this.#token;
    if (text === '(') {
      const hint = 'compare the column itself with a constant';
      return new RowFilterError(`functions are not allowed: ${column}(...)`, { position, hint });
    }
    if (kind === 'number' && /^[+-]/.test(text)) {
      return new RowFilterError(ARITHMETIC, { position, hint: 'work the sum out: delay > 10' });
    }
    const wanted = 'an operator (=, <>, <, >, <=, >=, BETWEEN, IN, LIKE, IS NULL)';
    if (text === ',') return this.#unexpected(wanted, 'compare the columns one by one, joined by AND');
    if (text === ')' && this.#tokens.comparisonAt(1))
      return this.#unexpected(wanted, `write ${column} without parentheses`);
    const isAlone = kind === 'end' || text === ')' || value === 'AND' || value === 'OR';
    return this.#unexpected(
      wanted,
      isAlone ? `for a truth value write ${column} = TRUE` : 'write one of them after the column',
    );
  }

  #column(): ColumnPath {
    const path: [string, ...string[]] = [this.#name()];
    while (this.#tokens.takeSymbol('.')) path.push(this.#name());
    this.#lastColumn = path.join('.');
    return path;
  }

  #name(): string {
    const token = this.#token;
    if (token.kind === 'quoted-name' || (token.kind === 'word' && !GRAMMAR_WORDS.has(token.value))) {
      this.#refuseOtherSql();
      this.#tokens.skip();
      return (token.kind === 'word' ? token.text : token.value).toLowerCase();
    }
    if (isConstant(token)) throw this.#constantFirst(token);
    if (token.kind === 'word' && this.#tokens.comparisonAt(1)) {
      throw new RowFilterError(`${token.text} is a reserved word`, {
        position: token.position,
        hint: `as a column's name write it in double quotes: "${token.text.toLowerCase()}"`,
      });
    }
    throw this.#unexpected("a column's name", 'a condition is a column, an operator and a constant: delay > 5');
  }

  #constantFirst({ text, value, position }: Token): RowFilterError {
    const operator = this.#tokens.comparisonAt(1);
    const other = this.#tokens.ahead(2);
    const isColumn = other && !isConstant(other) && (other.kind === 'word' || other.kind === 'quoted-name');
    let hint = `compare a column with ${text}`;
    if (operator && isColumn) hint = `write the column first: ${other.text} ${TURNED[operator]} ${text}`;
    else if (operator || value === 'TRUE') hint = 'leave the row filter out to read all rows';
    else if (this.#lastColumn !== undefined) hint = `name the column again: ${this.#lastColumn} = ${text}`;
    return new RowFilterError('a comparison begins with a column', { position, hint });
  }

  #constants(): Constant[] {
    if (!this.#tokens.takeSymbol('(')) throw this.#unexpected('a list of constants in parentheses', 'write IN (1, 2)');
    const values = [this.#constant()];
    while (this.#tokens.takeSymbol(',')) values.push(this.#constant());
    if (!this.#tokens.takeSymbol(')')) throw this.#unexpected('a comma or a closing parenthesis', 'write IN (1, 2)');
    return values;
  }

  #constant(): Constant {
    const token = this.#token;
    const { position } = token;
    if (token.kind === 'string') return this.#tokens.take({ type: 'string', value: token.value });
    if (token.kind === 'number') return this.#tokens.take({ type: 'number', text: token.value });
    if (token.kind === 'quoted-name') {
      throw new RowFilterError('columns are compared with constants, not with each other', {
        position,
        hint: `strings stand in single quotes: '${token.value}'`,
      });
    }
    if (token.value === 'TRUE' || token.value === 'FALSE')
      return this.#tokens.take({ type: 'boolean', value: token.value === 'TRUE' });
    if (token.value === 'NULL') {
      throw new RowFilterError('a comparison with NULL keeps no row', {
        position,
        hint: 'write IS NULL or IS NOT NULL',
      });
    }
    if (token.text === '=') throw this.#unexpected('a constant', 'equality is written with one =');
    if (this.#isTurnedOperator()) throw this.#unexpected('a constant', `write ${token.text}=`);
    if (token.text === '(') throw this.#unexpected('a constant', 'write it without parentheses; several by IN');
    if (token.kind !== 'word' || GRAMMAR_WORDS.has(token.value)) {
      throw this.#unexpected('a constant', "write a number, a text in single quotes ('SFO'), TRUE or FALSE");
    }
    this.#refuseOtherSql();
    const after = this.#tokens.ahead(1);
    if (after?.kind === 'string') throw this.#refusal(explainPrefix(token.value, after.text));
    if (after?.text === '(') {
      throw new RowFilterError(`functions are not allowed: ${token.text}(...)`, {
        position,
        hint: 'write the constant',
      });
    }
    throw new RowFilterError(`columns are compared with constants, not with each other: ${token.text}`, {
      position,
      hint: `strings stand in single quotes: '${token.text}'`,
    });
  }

  /** `=>` for `>=`. */
  #isTurnedOperator(): boolean {
    return this.#tokens.ahead(-1)?.text === '=' && ['<', '>'].includes(this.#token.text);
  }

  /** A column may have such a name too: it is one where a comparison, or a field of it, follows. */
  #refuseOtherSql(): void {
    const after = this.#tokens.ahead(1);
    if (this.#token.kind !== 'word' || this.#tokens.comparisonAt(1) || after?.text === '.') return;
    if (after?.kind === 'word' && ['IS', 'IN', 'LIKE', 'BETWEEN', 'NOT'].includes(after.value)) return;
    const refusal = this.#refusal(explainWord(this.#token.value));
    if (refusal) throw refusal;
  }

  #refusal(explained: Explained): RowFilterError;
  #refusal(explained: Explained | undefined): RowFilterError | undefined;
  #refusal(explained: Explained | undefined): RowFilterError | undefined {
    if (!explained) return undefined;
    const { reason, hint } = explained;
    return new RowFilterError(reason, { position: this.#token.position, hint });
  }

  #unexpected(wanted: string, hint: string): RowFilterError {
    this.#refuseOtherSql();
    const { kind, text, position } = this.#token;
    const found = kind === 'end' ? 'the end' : text;
    return new RowFilterError(`expected ${wanted}, found ${found}`, { position, hint });
  }
}

function isConstant(token: Token): boolean {
  if (token.kind === 'string' || token.kind === 'number') return true;
  return token.kind === 'word' && (token.value === 'TRUE' || token.value === 'FALSE');
}
