import type { Comparable } from './column-types.ts';

type Exact = Extract<Comparable, { is: 'integer' | 'decimal' }>;

/**
 * Why a number is none that a column of whole numbers or decimals can have, and what it could be compared with instead; undefined when it is one.
 * A constant that does not fit its column is no constant of the column's type, and engines differ on it: one rounds, one widens, one fails every
 * query of the table.
 * @param text plain decimal digits
 */
export function numberMisfit(type: Exact, text: string): { reason: string; hint: string } | undefined {
  const { scale, least, most } = limitsOf(type);
  const { units, isExact } = unitsOf(text, scale);
  if (units < least || units > most || (!isExact && (units === least || units === most))) {
    const size = type.is === 'integer' ? `${type.bits} bits` : `${type.precision - scale} digits before the point`;
    return {
      reason: `has ${size}: ${text} is outside of its range`,
      hint: `its values lie between ${textOf(least, scale)} and ${textOf(most, scale)}`,
    };
  }
  if (isExact) return undefined;
  const further = units + (text.startsWith('-') ? -1n : 1n);
  const [below, above] = units < further ? [units, further] : [further, units];
  return {
    reason: scale === 0 ? `takes whole numbers, not ${text}` : `has ${scale} digits after the point: ${text} has more`,
    hint: `its nearest values are ${textOf(below, scale)} and ${textOf(above, scale)}`,
  };
}

/** In units of the last digit. */
function limitsOf(type: Exact): { scale: number; least: bigint; most: bigint } {
  if (type.is === 'integer') {
    const half = 2n ** BigInt(type.bits - 1);
    return { scale: 0, least: -half, most: half - 1n };
  }
  const most = 10n ** BigInt(type.precision) - 1n;
  return { scale: type.scale, least: -most, most };
}

/** The number in units of the last digit, cut towards zero. */
function unitsOf(text: string, scale: number): { units: bigint; isExact: boolean } {
  const [whole = '', fraction = ''] = text.split('.');
  const units = BigInt(whole.replace('-', '') + fraction.slice(0, scale).padEnd(scale, '0'));
  return { units: text.startsWith('-') ? -units : units, isExact: fraction.length <= scale };
}

function textOf(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return units < 0n ? `-${text}` : text;
}
