import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedMap } from '../../../local/glue/ordered-map.ts';

describe('an ordered map', () => {
  it('is a sorted map, whatever was set and deleted, over many chunks', () => {
    const key = fc.integer({ min: 0, max: 3000 }).map(number => String(number).padStart(4, '0'));
    const change = fc.record({ key, isDeletion: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4000, size: 'max' }), fc.boolean(), key, (changes, isFilled, begin) => {
        const map = new OrderedMap<number>();
        const model = new Map<string, number>();
        const set = (name: string, value: number) => {
          map.set(name, value);
          model.set(name, value);
        };
        if (isFilled) for (let at = 0; at <= 3000; at++) set(String(at).padStart(4, '0'), -1);
        changes.forEach(({ key: name, isDeletion }, at) => {
          if (isDeletion) expect(map.delete(name)).toBe(model.delete(name));
          else set(name, at);
        });
        const sorted = [...model].sort(([one], [other]) => (one < other ? -1 : 1));
        expect([...map.from()]).toEqual(sorted);
        expect([...map.values()]).toEqual(sorted.map(([, value]) => value));
        expect([...map.from(begin)]).toEqual(sorted.filter(([name]) => name >= begin));
        expect(map.size).toBe(model.size);
        expect(map.get(begin)).toBe(model.get(begin));
      }),
      { numRuns: 25 },
    );
  });
});
