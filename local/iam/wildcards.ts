/**
 * A pattern with IAM's wildcards as a predicate: `*` is any run of characters, `?` any one.
 * Source: IAM User Guide, "IAM JSON policy elements: Resource" (reference_policies_elements_resource).
 */
export function wildcard(pattern: string, options: { ignoreCase?: boolean } = {}): (value: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern)) {
    if (!options.ignoreCase) return value => value === pattern;
    const lower = pattern.toLowerCase();
    return value => value.toLowerCase() === lower;
  }
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, found =>
    found === '*' ? '.*' : found === '?' ? '.' : `\\${found}`,
  );
  const expression = new RegExp(`^${source}$`, options.ignoreCase ? 'is' : 's');
  return value => expression.test(value);
}

/**
 * `ArnLike` and `ArnEquals` (they are the same): each of the six parts between colons is matched on its own.
 * Source: IAM User Guide, "Amazon Resource Name (ARN) condition operators" (reference_policies_elements_condition_operators).
 */
export function arnLike(pattern: string): (value: string) => boolean {
  if (pattern === '*') return () => true;
  const wanted = arnParts(pattern)?.map(part => wildcard(part));
  if (!wanted) return () => false;
  return value => arnParts(value)?.every((part, index) => wanted[index]!(part)) ?? false;
}

/** The account in an ARN, or undefined where it has none (`*`, an S3 bucket). */
export function accountOfArn(arn: string): string | undefined {
  return arn.split(':', 5)[4] || undefined;
}

function arnParts(arn: string): string[] | undefined {
  const parts = arn.split(':');
  if (parts.length < 6) return undefined;
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
