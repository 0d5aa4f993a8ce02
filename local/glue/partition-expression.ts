/**
 * GetPartitions' `Expression`: SQL predicates over the partition keys. Source: Glue API reference, GetPartitions (operators, key types); errors as getmoto/moto
 * has them from the service. Simplification: a predicate compares a key with a constant, in this order; NULL is Hive's default partition.
 */
import { AwsError } from '../core/aws-error.ts';
import type { ColumnDefinition } from '../core/ports.ts';
import { invalidInput } from './glue-errors.ts';
import { type KeyType, type KeyValue, keyTypeOf, parseKeyValue } from './partition-key-types.ts';

/** SQL's three values; undefined is unknown. */
type Truth = boolean | undefined;
type Predicate = (values: string[]) => Truth;

const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__';
const TOKEN =
  /\s*(?:(<>|!=|<=|>=|[=<>(),])|'((?:[^']|'')*)'|"([^"]+)"|`([^`]+)`|([+-]?\d+(?:\.\d+)?(?![\w.]))|([A-Za-z_][\w.]*))/y;

interface Token {
  kind: 'symbol' | 'text' | 'quoted' | 'number' | 'word';
  text: string;
}

/** Throws InvalidInputException for what it cannot read, a name that is no key, or a constant that is not of the key's type. */
export function compileExpression(expression: string, keys: ColumnDefinition[]): (values: string[]) => boolean {
  const predicate = new Parser(expression, keys).parse();
  return values => predicate(values) === true;
}

class Parser {
  readonly #expression: string;
  readonly #keys: ColumnDefinition[];
  readonly #tokens: Token[];
  #at = 0;

  constructor(expression: string, keys: ColumnDefinition[]) {
    this.#expression = expression;
    this.#keys = keys;
    this.#tokens = this.#scan();
  }

  parse(): Predicate {
    const predicate = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unsupported();
    return predicate;
  }

  #or(): Predicate {
    const parts = [this.#and()];
    while (this.#takeWord('or')) parts.push(this.#and());
    return parts.length === 1 ? parts[0]! : values => anyTrue(parts.map(part => part(values)));
  }

  #and(): Predicate {
    const parts = [this.#not()];
    while (this.#takeWord('and')) parts.push(this.#not());
    return parts.length === 1 ? parts[0]! : values => not(anyTrue(parts.map(part => not(part(values)))));
  }

  #not(): Predicate {
    if (this.#takeWord('not')) {
      const negated = this.#not();
      return values => not(negated(values));
    }
    return this.#primary();
  }

  #primary(): Predicate {
    if (this.#takeSymbol('(')) {
      const inner = this.#or();
      this.#expectSymbol(')');
      return inner;
    }
    const { index, type } = this.#key();
    const read = (values: string[]) => readValue(type, values[index]);
    if (this.#takeWord('is')) {
      const wantsNull = !this.#takeWord('not');
      if (!this.#takeWord('null')) throw this.#unsupported();
      return values => (read(values) === undefined) === wantsNull;
    }
    const isNegated = this.#takeWord('not');
    const comparison = this.#comparison(type, !isNegated);
    const predicate: Predicate = values => {
      const value = read(values);
      return value === undefined ? undefined : comparison(value);
    };
    return isNegated ? values => not(predicate(values)) : predicate;
  }

  #comparison(type: KeyType, withSymbols: boolean): (value: KeyValue) => boolean {
    if (this.#takeWord('in')) {
      this.#expectSymbol('(');
      const options = new Set([this.#constant(type)]);
      while (this.#takeSymbol(',')) options.add(this.#constant(type));
      this.#expectSymbol(')');
      return value => options.has(value);
    }
    if (this.#takeWord('between')) {
      const least = this.#constant(type);
      if (!this.#takeWord('and')) throw this.#unsupported();
      const most = this.#constant(type);
      return value => value >= least && value <= most;
    }
    if (this.#takeWord('like')) {
      if (type.kind !== 'text') throw invalidInput(`${type.family} data type doesn't support operation 'LIKE'`);
      const pattern = likePattern(String(this.#constant(type)));
      return value => pattern.test(String(value));
    }
    const operator = this.#tokens[this.#at++];
    if (!withSymbols || operator?.kind !== 'symbol') throw this.#unsupported();
    const constant = this.#constant(type);
    switch (operator.text) {
      case '=':
        return value => value === constant;
      case '<>':
      case '!=':
        return value => value !== constant;
      case '<':
        return value => value < constant;
      case '<=':
        return value => value <= constant;
      case '>':
        return value => value > constant;
      case '>=':
        return value => value >= constant;
      default:
        throw this.#unsupported();
    }
  }

  #key(): { index: number; type: KeyType } {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') throw this.#unsupported();
    const index = this.#keys.findIndex(key => key.Name.toLowerCase() === token.text.toLowerCase());
    if (index < 0) throw invalidInput('Invalid partition expression!');
    return { index, type: keyTypeOf(this.#keys[index]!) };
  }

  #constant(type: KeyType): KeyValue {
    // `DATE '2024-01-01'` and `TIMESTAMP '…'` are the constant itself.
    const next = this.#tokens[this.#at + 1];
    if (next?.kind === 'text' && (this.#takeWord('date') || this.#takeWord('timestamp'))) return this.#constant(type);
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'text' && token?.kind !== 'number') throw this.#unsupported();
    const value = parseKeyValue(type, token.text);
    if (value === undefined) throw invalidInput(type.complaint(token.text));
    return value;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw this.#unsupported();
  }

  #unsupported(): AwsError {
    return invalidInput(`Unsupported expression '${this.#expression}'`);
  }

  #scan(): Token[] {
    const tokens: Token[] = [];
    const text = this.#expression.trimEnd();
    for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(text);
      if (!match) throw this.#unsupported();
      const [, symbol, constant, quoted, backquoted, number, word] = match;
      if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
      else if (constant !== undefined) tokens.push({ kind: 'text', text: constant.replaceAll("''", "'") });
      else if (number !== undefined) tokens.push({ kind: 'number', text: number });
      else if (word !== undefined) tokens.push({ kind: 'word', text: word });
      else tokens.push({ kind: 'quoted', text: quoted ?? backquoted! });
    }
    return tokens;
  }
}

const not = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

function anyTrue(truths: Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

/** A partition's value as the key's type; undefined for NULL. A value that is not of the type fails the call, as in Glue. */
function readValue(type: KeyType, text: string | undefined): KeyValue | undefined {
  if (text === undefined || text === HIVE_NULL) return undefined;
  const value = parseKeyValue(type, text);
  if (value === undefined) throw new AwsError('InvalidStateException', type.complaint(text));
  return value;
}

/** `%` for any text, `_` for one character; nothing escapes them. */
function likePattern(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
}
