/** Pages of a list: MaxResults entries, and a token for the rest. */
import { invalidInput } from './resource.ts';

/** What a page holds when the caller does not say. AWS does not publish its own. */
const DEFAULT_PAGE_SIZE = 100;

/**
 * The page after the token. An entry's position says where a page ended, so that entries which come and go meanwhile neither repeat nor
 * hide others. Throws InvalidInputException for a MaxResults outside 1-1000 (source: API reference) or a token that was not given out.
 */
export function page<T>(
  entries: Iterable<T>,
  positionOf: (entry: T) => number | string,
  input: { MaxResults?: number; NextToken?: string },
): { entries: T[]; nextToken: string | undefined } {
  const size = input.MaxResults ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(size) || size < 1 || size > 1000) throw invalidInput('MaxResults must be between 1 and 1000.');
  const after = input.NextToken === undefined ? undefined : readToken(input.NextToken);
  const found: T[] = [];
  for (const entry of entries) {
    if (after !== undefined && positionOf(entry) <= after) continue;
    if (found.length === size) return { entries: found, nextToken: writeToken(positionOf(found.at(-1)!)) };
    found.push(entry);
  }
  return { entries: found, nextToken: undefined };
}

function writeToken(position: number | string): string {
  return Buffer.from(JSON.stringify({ after: position })).toString('base64url');
}

function readToken(token: string): number | string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof after === 'number' || typeof after === 'string') return after;
  } catch {
    // Refused below, as any other token that was not given out.
  }
  throw invalidInput('Invalid NextToken.');
}
