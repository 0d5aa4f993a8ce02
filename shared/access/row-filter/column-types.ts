/** What a column's values can be compared with. `integer` also says how many bits the type has. */
export type Comparable = { is: 'string' } | { is: 'boolean' } | { is: 'number' } | { is: 'integer'; bits: 32 | 64 };

/**
 * Types that Lake Formation filters, as Glue spells them: STRING CHAR VARCHAR INT LONG BIGINT FLOAT DECIMAL DOUBLE BOOLEAN. Not array, map, date,
 * timestamp, binary; nor tinyint and smallint, which the list lacks. Source: Developer Guide, "PartiQL support in row filter expressions".
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
  decimal: { is: 'number' },
};

/** Undefined for a type that Lake Formation cannot filter, a struct as a whole among them. */
export function comparableOf(type: string): Comparable | undefined {
  const name = /^\s*([a-z]+)\s*(?:\([\d\s,]*\))?\s*$/i.exec(type)?.[1]?.toLowerCase();
  return name !== undefined && Object.hasOwn(COMPARABLE, name) ? COMPARABLE[name] : undefined;
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
