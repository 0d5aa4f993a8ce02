/** Values as Athena writes them: Java's and Trino's forms. */
import {
  DuckDBBlobValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Null where Athena gives no VarCharValue. */
export function textOf(value: DuckDBValue, type: DuckDBType): string | null {
  if (value === null) return null;
  if (typeof value === 'number')
    return type.typeId === DuckDBTypeId.FLOAT ? javaNumber(shortestFloat(value)) : doubleOrInteger(value, type);
  if (value instanceof DuckDBTimestampValue) return milliseconds(value.micros);
  if (value instanceof DuckDBTimestampTZValue) return `${milliseconds(value.micros)} UTC`;
  if (value instanceof DuckDBBlobValue)
    return Buffer.from(value.bytes)
      .toString('hex')
      .replace(/..(?=.)/g, '$& ');
  if (value instanceof DuckDBListValue && type instanceof DuckDBListType)
    return `[${value.items.map(item => textOf(item, type.valueType)).join(', ')}]`;
  if (value instanceof DuckDBStructValue && type instanceof DuckDBStructType)
    return `{${type.entryNames.map((name, i) => `${name}=${textOf(value.entries[name] ?? null, type.entryTypes[i]!)}`).join(', ')}}`;
  if (value instanceof DuckDBMapValue && type instanceof DuckDBMapType)
    return `{${value.entries.map(entry => `${textOf(entry.key, type.keyType)}=${textOf(entry.value, type.valueType)}`).join(', ')}}`;
  return String(value);
}

function doubleOrInteger(value: number, type: DuckDBType): string {
  return type.typeId === DuckDBTypeId.DOUBLE ? javaNumber(value) : String(value);
}

/** As Java's Double.toString: `5.0`, `0.25`, `1.0E7`. */
function javaNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return '-0.0';
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa, exponent] = value.toExponential().split('e');
  return `${mantissa!.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

/** The shortest number that is the same 32-bit one: 1.1, not 1.100000023841858. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

function milliseconds(micros: bigint): string {
  return new Date(Number(micros / 1000n)).toISOString().replace('T', ' ').replace('Z', '');
}
