/** Whether a policy's pattern covers what is wanted: all of it, none of it, or a part (`maybe`). */
import type { Answer } from './policy-effect.ts';

/** Longer than any S3 key (1,024 bytes), of what no pattern spells: only `*` covers it. */
const WHATEVER_FOLLOWS = '\u0000'.repeat(1025);

/** @param wanted with a `*` at its end, all that begins so */
export function patternCovers(pattern: string, wanted: string): Answer {
  if (!wanted.endsWith('*')) return matches(pattern, wanted) ? 'yes' : 'no';
  const stem = wanted.slice(0, -1);
  if (matches(pattern, stem + WHATEVER_FOLLOWS)) return 'yes';
  const head = /^[^*?]*/.exec(pattern)![0];
  const isOpen = head.length < pattern.length;
  return head.startsWith(stem) || (isOpen && stem.startsWith(head)) ? 'maybe' : 'no';
}

/** The same for a text that is no pattern. */
export function literallyCovers(text: string, wanted: string): Answer {
  if (!wanted.endsWith('*')) return text === wanted ? 'yes' : 'no';
  return text.startsWith(wanted.slice(0, -1)) ? 'maybe' : 'no';
}

/** `*` for any characters, `?` for one. In time that grows with the product of the lengths at most, whatever a member's policy holds. */
function matches(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  let star = -1;
  let resumeAt = 0;
  while (from < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      resumeAt = from;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[from])) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++resumeAt;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
