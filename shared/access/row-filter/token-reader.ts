import type { ComparisonOperator } from './row-filter.ts';
import type { Token } from './tokenize-row-filter.ts';

const COMPARISONS: Record<string, ComparisonOperator> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};

/** Goes through tokens one by one, of which the last is the end. */
export class TokenReader {
  readonly #tokens: Token[];
  #next = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#next]!;
  }

  isAtEnd(): boolean {
    return this.token.kind === 'end';
  }

  /** The token so many further; undefined past the end. */
  ahead(tokens: number): Token | undefined {
    return this.#tokens[this.#next + tokens];
  }

  /** The comparison so many tokens further, where there is one. */
  comparisonAt(tokens: number): ComparisonOperator | undefined {
    const token = this.ahead(tokens);
    return token?.kind === 'symbol' ? COMPARISONS[token.text] : undefined;
  }

  skip(): void {
    this.#next++;
  }

  /** Goes past the token, whose meaning is `value`. */
  take<T>(value: T): T {
    this.skip();
    return value;
  }

  takeWord(word: string): boolean {
    if (this.token.kind !== 'word' || this.token.value !== word) return false;
    return this.take(true);
  }

  takeSymbol(symbol: string): boolean {
    if (this.token.kind !== 'symbol' || this.token.value !== symbol) return false;
    return this.take(true);
  }
}
