import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

/** The service model's bound on maxResults, and the page when it is not given. */
const MOST = 500;

/** A page of items in the order of their keys, and where the next begins. Throws InvalidNextTokenException for a token that is none. */
export function page<T>(items: T[], keyOf: (item: T) => string, input: Wire): { items: T[]; nextToken?: object } {
  const size = input.maxResults ?? MOST;
  if (!Number.isInteger(size) || size < 1 || size > MOST)
    throw new AwsError('InvalidParameterException', `maxResults must be between 1 and ${MOST}.`);
  const begin = readToken(input.nextToken);
  const keyed = items
    .map(item => ({ item, key: keyOf(item) }))
    .filter(({ key }) => begin === undefined || key >= begin);
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const next = keyed[size];
  return {
    items: keyed.slice(0, size).map(({ item }) => item),
    ...(next && { nextToken: { nextToken: Buffer.from(MARK + next.key).toString('base64url') } }),
  };
}

const MARK = 'share:';

function readToken(token: unknown): string | undefined {
  if (token === undefined || token === null) return undefined;
  const decoded = Buffer.from(String(token), 'base64url').toString();
  if (decoded.startsWith(MARK)) return decoded.slice(MARK.length);
  throw new AwsError('InvalidNextTokenException', 'The specified value for nextToken is not valid.');
}
