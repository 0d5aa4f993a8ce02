import type { Wire } from '../core/service.ts';
import { parseConclusion } from './conclusion.ts';
import { invalidDefinition } from './errors.ts';
import { checkFields } from './fields.ts';
import type { Catcher, Retrier } from './state-types.ts';

/** @throws AwsError InvalidDefinition */
export function parseRetry(entries: Wire, path: string): Retrier[] {
  return parseEntries(entries, path, 'retrier', (entry, at) => {
    const number = (field: string, fallback: number, least: number, isWhole: boolean): number => {
      const value = entry[field] ?? fallback;
      if (typeof value !== 'number' || value < least || (isWhole && !Number.isInteger(value))) {
        throw invalidDefinition(`${at}/${field}`, `${field} is a ${isWhole ? 'whole ' : ''}number, ${least} or more`);
      }
      return value;
    };
    // Simplification: JitterStrategy FULL is accepted and not acted on, so that the time of a retry can be foretold.
    if (!['NONE', 'FULL'].includes(entry.JitterStrategy ?? 'NONE')) {
      throw invalidDefinition(`${at}/JitterStrategy`, 'JitterStrategy is NONE or FULL');
    }
    return {
      errorEquals: entry.ErrorEquals,
      intervalSeconds: number('IntervalSeconds', 1, 1, true),
      backoffRate: number('BackoffRate', 2, 1, false),
      maxAttempts: number('MaxAttempts', 3, 0, true),
      maxDelaySeconds: entry.MaxDelaySeconds === undefined ? undefined : number('MaxDelaySeconds', 1, 1, true),
    };
  });
}

/** @throws AwsError InvalidDefinition */
export function parseCatch(entries: Wire, path: string): Catcher[] {
  return parseEntries(entries, path, 'catcher', (entry, at) => {
    if (typeof entry.Next !== 'string') throw invalidDefinition(`${at}/Next`, 'A catcher names the next state');
    return {
      errorEquals: entry.ErrorEquals,
      next: entry.Next,
      ...parseConclusion(entry, at, ['input', 'errorOutput', 'context']),
    };
  });
}

function parseEntries<T>(
  entries: Wire,
  path: string,
  kind: 'retrier' | 'catcher',
  parse: (entry: Wire, at: string) => T,
): T[] {
  if (entries === undefined) return [];
  if (!Array.isArray(entries)) throw invalidDefinition(path, `This is no list of ${kind}s`);
  return entries.map((entry: Wire, index) => {
    const at = `${path}[${index}]`;
    checkFields(entry, kind, at);
    const errors: unknown = entry.ErrorEquals;
    if (!Array.isArray(errors) || errors.length === 0 || !errors.every(error => typeof error === 'string')) {
      throw invalidDefinition(`${at}/ErrorEquals`, 'ErrorEquals is a list of error names');
    }
    // Source: Amazon States Language, "Errors": States.ALL stands alone, in the last entry.
    if (errors.includes('States.ALL') && (errors.length > 1 || index < entries.length - 1)) {
      throw invalidDefinition(`${at}/ErrorEquals`, 'States.ALL stands alone, in the last entry');
    }
    return parse(entry, at);
  });
}
