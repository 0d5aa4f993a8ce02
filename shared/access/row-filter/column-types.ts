/** What a column's values can be compared with. `integer` also says how many bits the type has. */
export type Comparable =
  | { is: 'string' }
  | { is: 'boolean' }
  /** Floating-point: any number is near one of its values. */
  | { is: 'number' }
  | { is: 'integer'; bits: 32 | 64 }
  /** Digits in all, and those of them after the point. */
  | { is: 'decimal'; precision: number; scale: number };

/**
 * Types that Lake Formation filters, as Glue spells them: STRING CHAR VARCHAR INT LONG BIGINT FLOAT DECIMAL DOUBLE BOOLEAN. Not array, map, date,
 * timestamp, binary; nor tinyint and smallint, which the list lacks. Source: Developer Guide, "PartiQL support in row filter expressions"; that other
 * columns of the same table can be filtered all the same, and the answer for a timestamp: github.com/aws/aws-cli issue 10397.
 */
const COMPARABLE: Record<string, Comparable> = {
  string: { is: 'string' },
  char: { is: 'string' },
  varchar: { is: 'string' },
  boolean: { is: 'boolean' },
  int: { is: 'integer', bits: 32 },
  integer: { is: 'integer', bits: 32 },
  long: { is: 'integer', bits: 64 },
  bigint: { is: 'integer', bits: 64 },
  float: { is: 'number' },
  double: { is: 'number' },
};

/** Undefined for a type that Lake Formation cannot filter, a struct as a whole among them. */
export function comparableOf(type: string): Comparable | undefined {
  const [, spelled, parameters] = /^\s*([a-z]+)\s*(?:\(([\d\s,]*)\))?\s*$/i.exec(type) ?? [];
  const name = spelled?.toLowerCase();
  if (name === undefined) return undefined;
  if (name === 'decimal') return decimalOf(parameters);
  return Object.hasOwn(COMPARABLE, name) ? COMPARABLE[name] : undefined;
}

/** `decimal` alone is `decimal(10,0)`. Source: Hive's language manual, "Types". */
function decimalOf(parameters: string | undefined): Comparable {
  const [precision = 10, scale = 0] = (parameters?.match(/\d+/g) ?? []).map(Number);
  return { is: 'decimal', precision, scale };
}

/** The fields of Hive's `struct<a:int,b:struct<c:string>>` by their lower-case names; none for any other type. */
export function structFields(type: string): Map<string, string> {
  const inner = /^\s*struct\s*<(.*)>\s*$/is.exec(type)?.[1];
  const fields = new Map<string, string>();
  if (inner === undefined) return fields;
  for (const field of splitAtTop(inner)) {
    const colon = field.indexOf(':');
    if (colon > 0) fields.set(field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim());
  }
  return fields;
}

/** Splits at the commas that stand in no brackets. */
function splitAtTop(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '<' || character === '(') depth++;
    if (character === '>' || character === ')') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
