/**
 * The types that partition keys have in expressions: string, date, timestamp, int, bigint, long, tinyint, smallint, decimal (Glue API reference, GetPartitions).
 * Texts of errors as getmoto/moto has them from the service.
 */
import type { ColumnDefinition } from '../core/ports.ts';
import { invalidInput } from './glue-errors.ts';

/** Comparable with `<` and `===` among values of the same type. */
export type KeyValue = string | number | bigint;

export interface KeyType {
  kind: 'text' | 'integer' | 'decimal' | 'date' | 'timestamp';
  /** As messages call it. */
  family: string;
  complaint: (text: string) => string;
}

const TEXT: KeyType = { kind: 'text', family: 'String', complaint: text => `${text} is not a string.` };
const INTEGER: KeyType = { kind: 'integer', family: 'Integral', complaint: text => `"${text}" is not an integer.` };
const DECIMAL: KeyType = { kind: 'decimal', family: 'Decimal', complaint: text => `${text} is not a decimal.` };
const DATE: KeyType = { kind: 'date', family: 'Date', complaint: text => `${text} is not a date.` };
const TIMESTAMP: KeyType = {
  kind: 'timestamp',
  family: 'Timestamp',
  complaint: text => `Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] ${text} is not a timestamp.`,
};

const TYPES: Record<string, KeyType> = {
  string: TEXT,
  char: TEXT,
  varchar: TEXT,
  int: INTEGER,
  integer: INTEGER,
  bigint: INTEGER,
  long: INTEGER,
  smallint: INTEGER,
  tinyint: INTEGER,
  decimal: DECIMAL,
  date: DATE,
  timestamp: TIMESTAMP,
};

export function keyTypeOf(key: ColumnDefinition): KeyType {
  // `decimal(10,2)`, `varchar(20)`: the length does not matter here.
  const type = TYPES[(key.Type ?? 'string').toLowerCase().replace(/\(.*$/, '').trim()];
  if (!type) throw invalidInput(`Unknown type : '${key.Type}'`);
  return type;
}

/** Undefined when the text is not of the type. */
export function parseKeyValue({ kind }: KeyType, text: string): KeyValue | undefined {
  switch (kind) {
    case 'text':
      return text;
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
    case 'decimal':
      return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined;
    case 'date':
      return isDay(text) ? text : undefined;
    case 'timestamp': {
      const match = /^(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?$/.exec(text);
      if (!match || !isDay(match[1]!)) return undefined;
      return `${text.slice(0, 19)}.${(match[5] ?? '').padEnd(9, '0')}`;
    }
  }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
