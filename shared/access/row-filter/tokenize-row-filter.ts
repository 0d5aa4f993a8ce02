import { codeOf, type Doubt, doubtAbout, doubtAboutString } from './doubtful-text.ts';
import { RowFilterError } from './row-filter.ts';

export interface Token {
  kind: 'word' | 'quoted-name' | 'string' | 'number' | 'symbol' | 'end';
  /** As written; the end has none. */
  text: string;
  /** A word in upper case, a name or string without its quotes, a number in its plain form. */
  value: string;
  /** The character of the text, from 1. */
  position: number;
}

/** Longer texts are not read at all. Written out, a filter has fewer than 2,048 characters: this leaves room for blanks and repetitions. */
const LONGEST_TEXT = 8192;

/** Lake Formation's widest number is DECIMAL(38). */
const MOST_DIGITS = 38;

const TOKEN =
  /(?<blank>[ \t\r\n]+)|(?<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?(?![\w.]))|(?<word>[A-Za-z_][A-Za-z0-9_]*)|"(?<quoted>(?:[^"]|"")+)"|'(?<string>(?:[^']|'')*)'|(?<symbol><=|>=|<>|!=|[=<>(),.])/y;

export const ARITHMETIC = 'arithmetic is not allowed: a column is compared with a constant';

/** What people write instead, and what works. Looked for in this order where no token begins. */
const FOREIGN: [RegExp, string, string][] = [
  [/^(--|\/\*|#)/, 'comments are not allowed', 'leave them away; the purpose of the request is the place for words'],
  [/^;/, 'a row filter is one condition: semicolons are not allowed', 'join conditions by AND or OR'],
  [/^[‘’‚‛′`´]/u, 'this is no straight single quote', 'strings stand in \'...\', names of columns in "..."'],
  [/^[“”„‟″]/u, 'this is no straight double quote', 'names of columns stand in "..."'],
  [/^'/, 'the string does not end', "within a string a single quote is written twice: 'O''Hare'"],
  [
    /^"/,
    'the quoted name does not end, or is empty',
    'names of columns stand in "...", a double quote within them is written twice',
  ],
  [/^::/, 'casts are not allowed', "compare with a constant of the column's own type"],
  [/^!?~/, 'regular expressions are not allowed', 'LIKE is: % stands for any characters, _ for one'],
  [/^&/, '& is no operator', 'write AND'],
  [/^\|/, '| is no operator', 'write OR'],
  [/^!/, 'this is no operator', 'write NOT, or <> for "not equal"'],
  [/^[+-]\s+[\d.]/, ARITHMETIC, 'work the sum out; a sign stands at its number: delay > -5'],
  [/^[+*/%^-]/, ARITHMETIC, 'work the sum out: delay > 10'],
  [/^[?:@$]/, 'parameters and variables are not allowed', "write the constant: 7 or 'SFO'"],
  [/^[[{]/, 'lists and structures are not allowed', 'a list of constants stands in parentheses: IN (1, 2)'],
  [/^[+-]?[\d.]/, 'this is no number of the grammar', 'write it as 42 or -12.5'],
];

/** @throws RowFilterError at the first character that begins nothing of the grammar. */
export function tokenizeRowFilter(text: string): Token[] {
  if (text.length > LONGEST_TEXT) {
    throw new RowFilterError(`the text has ${text.length} characters; Lake Formation takes fewer than 2,048`, {
      hint: 'filter on a column that groups the values, or ask for fewer of them',
    });
  }
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const position = at + 1;
    const comment = /^(--|\/\*)/.test(text.slice(at, at + 2));
    const match = comment ? null : TOKEN.exec(text);
    if (!match) throw explainForeign(text.slice(at), position);
    const { number, word, quoted, string, symbol } = match.groups!;
    const written = { text: match[0], position };
    if (number !== undefined) tokens.push({ kind: 'number', value: plainNumber(number, position), ...written });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word.toUpperCase(), ...written });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, ...written });
    else if (string !== undefined) {
      tokens.push({
        kind: 'string',
        value: certain(string.replaceAll("''", "'"), position, doubtAboutString),
        ...written,
      });
    } else if (quoted !== undefined) {
      tokens.push({
        kind: 'quoted-name',
        value: certain(quoted.replaceAll('""', '"'), position, doubtAbout),
        ...written,
      });
    }
  }
  return [...tokens, { kind: 'end', text: '', value: '', position: text.length + 1 }];
}

function explainForeign(rest: string, position: number): RowFilterError {
  for (const [pattern, reason, hint] of FOREIGN) {
    if (pattern.test(rest)) return new RowFilterError(reason, { position, hint });
  }
  const character = String.fromCodePoint(rest.codePointAt(0)!);
  const code = codeOf(character);
  const shown = /^[\p{C}\p{Z}]/u.test(rest) ? code : `${character} (${code})`;
  return new RowFilterError(`the character ${shown} is not allowed here`, {
    position,
    hint: /^\p{L}/u.test(rest)
      ? 'outside of quotes only ASCII letters are; a column with others in its name stands in double quotes'
      : 'outside of quotes only ASCII letters, digits, operators and blanks are',
  });
}

function certain(text: string, position: number, doubtOf: (text: string) => Doubt | undefined): string {
  const doubt = doubtOf(text);
  if (!doubt) return text;
  throw new RowFilterError(doubt.reason, { position, hint: doubt.hint });
}

/** `+007.50e1` is `75`: one form for one number, without an exponent. */
function plainNumber(written: string, position: number): string {
  const { sign, whole, fraction, exponent } =
    /^(?<sign>[+-]?)(?<whole>\d*)\.?(?<fraction>\d*)(?:[eE](?<exponent>.+))?$/.exec(written)!.groups!;
  const shift = Number(exponent ?? 0);
  const digits = whole! + fraction!;
  const point = whole!.length + shift;
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0');
  const integer = padded.slice(0, Math.max(point, 0)).replace(/^0+/, '');
  const decimals = padded.slice(Math.max(point, 0)).replace(/0+$/, '');
  if (integer.length + decimals.length > MOST_DIGITS) {
    throw new RowFilterError(`a number has ${MOST_DIGITS} digits at most`, {
      position,
      hint: 'no column has more: write the largest or smallest number that it can have',
    });
  }
  const plain = `${integer || '0'}${decimals ? `.${decimals}` : ''}`;
  return sign === '-' && plain !== '0' ? `-${plain}` : plain;
}
