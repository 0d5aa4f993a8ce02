/** Long enough for what passes by itself, a conflict or a throttle that the SDK's own retries did not outlast. */
const FIRST_SECONDS = 15;
/** A source that comes back after hours is followed a quarter of an hour later. */
const LONGEST_SECONDS = 900;
/** Messages that failed together come back up to a fifth of their wait apart. */
const JITTER = 0.2;

/**
 * How long a message rests that could not be handled: 15, 30, 60 … seconds, 15 minutes at most, each shortened by up to a fifth.
 * @param tries how often it was delivered by now, from 1
 * @param chance from 0, the longest rest, to 1, the shortest
 * @returns whole seconds, as SQS takes them
 */
export function restSeconds(tries: number, chance: number): number {
  const longest = Math.min(FIRST_SECONDS * 2 ** (tries - 1), LONGEST_SECONDS);
  return Math.round(longest * (1 - JITTER * chance));
}
