import type { Wire } from '../core/service.ts';
import { brokenConstraint, invalidInput } from './glue-errors.ts';

/** `MaxResults`, or the most that a page has. */
export function readPageSize(input: Wire, most: number): number {
  const size: unknown = input?.MaxResults ?? most;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1)
    throw brokenConstraint('MaxResults', 'have value greater than or equal to 1');
  if (size > most) throw brokenConstraint('MaxResults', `have value less than or equal to ${most}`);
  return size;
}

/**
 * The key at which the page begins, or undefined for the first page. A token names the next key, not a count: what is added or removed between two
 * pages neither repeats nor skips anything else.
 */
export function readToken(input: Wire): string | undefined {
  const token: unknown = input?.NextToken;
  if (token === undefined || token === null || token === '') return undefined;
  const decoded = typeof token === 'string' ? Buffer.from(token, 'base64url').toString() : '';
  if (!decoded.startsWith(MARK)) throw invalidInput('Invalid pagination token');
  return decoded.slice(MARK.length);
}

const MARK = 'page:';
const writeToken = (key: string) => Buffer.from(MARK + key).toString('base64url');

/** The next `size` of the entries, and the token of the one after them. Reads no further than that. */
export function takePage<T>(entries: Iterable<[string, T]>, size: number): { items: T[]; NextToken?: string } {
  const items: T[] = [];
  for (const [key, item] of entries) {
    if (items.length === size) return { items, NextToken: writeToken(key) };
    items.push(item);
  }
  return { items };
}
