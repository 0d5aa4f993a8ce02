import { AwsError } from '../core/aws-error.ts';

/**
 * One page of a list. The token names the last item given, so that items that come or go do not shift the pages.
 * @param maxResults 0 or absent: 100, and at most 1,000. Source: Step Functions API Reference
 * @throws AwsError InvalidToken
 */
export function page<T>(
  items: T[],
  keyOf: (item: T) => string,
  { maxResults, nextToken }: { maxResults?: number; nextToken?: string },
): { items: T[]; nextToken?: string } {
  let from = 0;
  if (nextToken !== undefined) {
    const last = Buffer.from(nextToken, 'base64url').toString();
    from = items.findIndex(item => keyOf(item) === last) + 1;
    if (from === 0) throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
  }
  const selected = items.slice(from, from + Math.min(maxResults || 100, 1000));
  const last = selected.at(-1);
  const hasMore = last !== undefined && from + selected.length < items.length;
  return { items: selected, ...(hasMore && { nextToken: Buffer.from(keyOf(last)).toString('base64url') }) };
}
