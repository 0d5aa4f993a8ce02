import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAhead } from '../../../shared/catalog/read-ahead.ts';

/** Sources of numbered pages, and what is known of them: which have begun, and which are open. */
function library(pages: readonly number[]) {
  const begun: number[] = [];
  const open = new Set<number>();
  const pagesOf = async function* (source: number) {
    begun.push(source);
    open.add(source);
    try {
      for (let page = 0; page < (pages[source] ?? 0); page++) {
        await new Promise(resolve => setImmediate(resolve));
        yield [`${source}.${page}`];
      }
    } finally {
      open.delete(source);
    }
  };
  return { begun, open, pagesOf, sources: pages.map((_, source) => source) };
}

describe('reading ahead', () => {
  it('law: gives every page of every source, in order, each source followed by its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), async (pages, width) => {
        const { pagesOf, sources, open } = library(pages);
        const seen: string[] = [];
        for await (const { source, page } of readAhead(sources, pagesOf, width))
          seen.push(page === 'end' ? `${source} end` : String(page[0]));
        expect(seen).toEqual(
          pages.flatMap((count, source) => [
            ...Array.from({ length: count }, (_, page) => `${source}.${page}`),
            `${source} end`,
          ]),
        );
        expect(open.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('begins no more sources than it may, and closes them when nobody wants more', async () => {
    const { begun, open, pagesOf, sources } = library([2, 2, 2, 2, 2]);
    for await (const { source } of readAhead(sources, pagesOf, 3)) {
      expect(begun).toEqual([0, 1, 2]);
      expect(source).toBe(0);
      break;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(begun).toEqual([0, 1, 2]);
    expect([...open]).toEqual([]);
  });
});
