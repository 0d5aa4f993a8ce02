import { createHash } from 'node:crypto';

/**
 * A text that two values share exactly when they are equal as data: the order of members, members that are undefined, and empty maps, which Glue
 * answers for absent ones, do not matter.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? '';
}

/** Thirty-two characters that stand for the text of a value. */
export function canonicalDigest(value: unknown): string {
  return createHash('sha256').update(canonicalText(value)).digest('base64').slice(0, 32);
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined && !isEmptyObject(member));
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, ordered(member)]),
  );
}

function isEmptyObject(member: unknown): boolean {
  return member !== null && typeof member === 'object' && Object.keys(member).length === 0;
}
