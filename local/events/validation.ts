/** What every operation checks of its input, in the words of EventBridge's ValidationException. */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

export const NAME = /^[.\-_A-Za-z0-9]+$/;
export const BUS_NAME = /^[/.\-_A-Za-z0-9]+$/;

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function invalidSchedule(): AwsError {
  return invalid('Parameter ScheduleExpression is not valid.');
}

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

export function alreadyExists(message: string): AwsError {
  return new AwsError('ResourceAlreadyExistsException', message);
}

export function limitExceeded(message = 'The requested resource exceeds the maximum number allowed.'): AwsError {
  return new AwsError('LimitExceededException', message);
}

export function constraint(value: string, at: string, rule: string): AwsError {
  return invalid(
    `1 validation error detected: Value ${value} at '${at}' failed to satisfy constraint: Member must ${rule}`,
  );
}

/** A required string of 1 to `max` characters that satisfies `pattern`. Throws ValidationException. */
export function requireText(value: Wire, at: string, max: number, pattern?: RegExp): string {
  if (value === undefined || value === null) throw constraint('null', at, 'not be null');
  if (typeof value !== 'string') throw invalid(`Parameter ${at} is not valid. Reason: it must be a string.`);
  if (value.length < 1) throw constraint(`'${value}'`, at, 'have length greater than or equal to 1');
  if (value.length > max) throw constraint(`'${value}'`, at, `have length less than or equal to ${max}`);
  if (pattern && !pattern.test(value)) {
    throw constraint(`'${value}'`, at, `satisfy regular expression pattern: ${pattern.source.slice(1, -1)}`);
  }
  return value;
}

/** Like requireText, for a member that may be left out. */
export function optionalText(value: Wire, at: string, max: number, pattern?: RegExp): string | undefined {
  if (value === undefined || value === null) return undefined;
  return requireText(value, at, max, pattern);
}

/** A whole number between two bounds; undefined where it was left out. */
export function optionalInteger(value: Wire, at: string, min: number, max: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value)) throw invalid(`Parameter ${at} is not valid. Reason: it must be an integer.`);
  if (value < min) throw constraint(`'${value}'`, at, `have value greater than or equal to ${min}`);
  if (value > max) throw constraint(`'${value}'`, at, `have value less than or equal to ${max}`);
  return value;
}

/** A timestamp as the SDKs send it (seconds since 1970, possibly with a fraction) or as ISO 8601 text: milliseconds since 1970. */
export function instant(value: Wire, parameter: string): number {
  const milliseconds =
    typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  // The range of Date: beyond it no ISO text exists.
  if (!(Math.abs(milliseconds) <= 8.64e15)) throw invalid(`Parameter ${parameter} is not valid.`);
  return Math.round(milliseconds);
}

/** One page of a list that is sorted by key. `Limit` is 1 to 100, 100 unless given. */
export function page<T>(
  items: T[],
  keyOf: (item: T) => string,
  input: Wire,
): { items: T[]; NextToken: string | undefined } {
  const limit = optionalInteger(input.Limit, 'limit', 1, 100) ?? 100;
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const after = input.NextToken === undefined ? undefined : readToken(input.NextToken);
  const start = after === undefined ? 0 : sorted.findIndex(item => keyOf(item) > after);
  const rest = start < 0 ? [] : sorted.slice(start);
  const taken = rest.slice(0, limit);
  const hasMore = rest.length > taken.length;
  return { items: taken, NextToken: hasMore ? makeToken(keyOf(taken.at(-1)!)) : undefined };
}

// A token names the last key of its page, so that a list that changes meanwhile loses nothing.
const TOKEN_PREFIX = 'after:';

function makeToken(key: string): string {
  return Buffer.from(TOKEN_PREFIX + key).toString('base64url');
}

function readToken(token: Wire): string {
  const text = typeof token === 'string' ? Buffer.from(token, 'base64url').toString() : '';
  if (!text.startsWith(TOKEN_PREFIX)) throw invalid('Parameter NextToken is not valid.');
  return text.slice(TOKEN_PREFIX.length);
}
