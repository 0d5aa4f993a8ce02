/** The time, for those who are handed it. */
export function now(): string {
  return new Date().toISOString();
}
