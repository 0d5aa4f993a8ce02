import { notHad } from './query-failure.ts';

/** Athena's DDL types and DuckDB's. Source: Athena User Guide, "Data types in Amazon Athena". */
const SIMPLE: Record<string, string> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  long: 'BIGINT',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** The DuckDB type of a Glue column type such as `array<struct<a:int,b:string>>`. Throws QueryFailure for a type it does not know. */
export function engineType(glueType: string): string {
  const reader = { text: glueType.toLowerCase().replace(/\s+/g, ''), at: 0 };
  const type = readType(reader, glueType);
  if (reader.at !== reader.text.length) throw notHad(`the column type ${glueType}`);
  return type;
}

interface Reader {
  text: string;
  at: number;
}

function readType(reader: Reader, whole: string): string {
  const name = take(reader, /[a-z]+/y);
  if (name === 'array' && take(reader, /</y)) {
    const element = readType(reader, whole);
    return closed(reader, whole, `${element}[]`);
  }
  if (name === 'map' && take(reader, /</y)) {
    const key = readType(reader, whole);
    if (!take(reader, /,/y)) throw notHad(`the column type ${whole}`);
    return closed(reader, whole, `MAP(${key}, ${readType(reader, whole)})`);
  }
  if (name === 'struct' && take(reader, /</y)) {
    const fields: string[] = [];
    do {
      const field = take(reader, /[^:,<>]+/y);
      if (!field || !take(reader, /:/y)) throw notHad(`the column type ${whole}`);
      fields.push(`${quoteName(field)} ${readType(reader, whole)}`);
    } while (take(reader, /,/y));
    return closed(reader, whole, `STRUCT(${fields.join(', ')})`);
  }
  if (name === 'decimal') return `DECIMAL${take(reader, /\(\d+,\d+\)/y) ?? '(10,0)'}`;
  if ((name === 'char' || name === 'varchar') && take(reader, /\(\d+\)/y)) return 'VARCHAR';
  const simple = SIMPLE[name ?? ''];
  if (!simple) throw notHad(`the column type ${whole}`);
  return simple;
}

function closed(reader: Reader, whole: string, type: string): string {
  if (!take(reader, />/y)) throw notHad(`the column type ${whole}`);
  return type;
}

function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  reader.at += found?.length ?? 0;
  return found;
}

/** An SQL identifier in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL string in single quotes. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
