import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';

/** `$fromMillis` is JSONata's own: its pictures are not written again here. */
const formatInstant = jsonata('$fromMillis($instant, $picture, $timezone)');

/** Elements that `$range` gives at most. Source: "Transforming data with JSONata in Step Functions", Step Functions Developer Guide. */
const MAX_RANGE = 1000;

const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/**
 * The functions that Step Functions adds to JSONata, and `$now` and `$millis` on the mesh's clock.
 * Source: "Transforming data with JSONata in Step Functions", Step Functions Developer Guide.
 * @param now milliseconds since 1970, one instant for a whole expression, as JSONata has it
 */
export function queryFunctions(now: number): Record<string, unknown> {
  return {
    now: (picture?: string, timezone?: string) =>
      formatInstant.evaluate(undefined, { instant: now, picture, timezone }),
    millis: () => now,
    ...TIMELESS,
  };
}

const TIMELESS = {
  partition(items?: unknown[], size?: number) {
    if (items === undefined || size === undefined) return undefined;
    if (!Number.isInteger(size) || size < 1) throw new Error('$partition takes a chunk size of 1 or more');
    return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
      items.slice(index * size, (index + 1) * size),
    );
  },
  range(first?: number, last?: number, step?: number) {
    if (first === undefined || last === undefined || step === undefined) return undefined;
    if (![first, last, step].every(Number.isInteger) || step === 0) {
      throw new Error('$range takes integers, and a step other than 0');
    }
    const length = Math.max(0, Math.floor((last - first) / step) + 1);
    if (length > MAX_RANGE) throw new Error(`$range gives at most ${MAX_RANGE} elements`);
    return Array.from({ length }, (_, index) => first + index * step);
  },
  hash(data?: unknown, algorithm?: string) {
    if (data === undefined || algorithm === undefined) return undefined;
    const name = HASHES[algorithm];
    if (!name) throw new Error(`$hash takes ${Object.keys(HASHES).join(', ')}, not ${algorithm}`);
    return createHash(name)
      .update(typeof data === 'string' ? data : JSON.stringify(data))
      .digest('hex');
  },
  /** Simplification: the same seed gives the same number here, but not the number that AWS gives. */
  random(seed?: number) {
    if (seed === undefined) return Math.random();
    return createHash('sha256').update(String(seed)).digest().readUIntBE(0, 6) / 2 ** 48;
  },
  uuid: () => randomUUID(),
  parse: (text?: string) => (text === undefined ? undefined : JSON.parse(text)),
};
