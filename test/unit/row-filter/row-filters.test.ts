import { describe, expect, it } from 'vitest';
import { writeRowFilter } from '../../../shared/access/row-filter/write-row-filter.ts';
import { ACCEPTED, COUNT, REFUSED, refusalOf, treeOf } from './row-filter-data.ts';

describe('the row filters of test/data', () => {
  it('are many, each with one verdict', () => {
    expect(COUNT).toBeGreaterThanOrEqual(150);
    expect(ACCEPTED.length + REFUSED.length).toBe(COUNT);
    const asked = [...ACCEPTED, ...REFUSED].map(({ filter }) => filter);
    expect(asked.filter((filter, index) => asked.indexOf(filter) !== index)).toEqual([]);
  });
});

describe('a row filter that Lake Formation can have', () => {
  it.each(ACCEPTED)('$name is written as $written', ({ filter, written }) => {
    const tree = treeOf(filter);
    expect(writeRowFilter(tree)).toBe(written);
    expect(treeOf(written)).toEqual(tree);
  });
});

describe('a row filter that Lake Formation cannot have', () => {
  it.each(REFUSED)('$name: $refused', ({ filter, refused, at, nearest }) => {
    const { reason, position, hint } = refusalOf(filter);
    expect({ reason, position, hint }).toEqual({ reason: refused, position: at, hint: nearest });
  });

  it('is refused in words that fit into an event, however long it is', () => {
    for (const { filter } of REFUSED) expect(refusalOf(filter).message.length).toBeLessThan(700);
  });

  it('is refused in time, however it is nested or repeated', () => {
    const hostile = [
      '('.repeat(8000),
      `"${'""'.repeat(4000)}`,
      `'${"''".repeat(4000)}`,
      'not '.repeat(2000),
      '1.'.repeat(4000),
      `origin = '${'aо'.repeat(4000)}'`,
      `${'x.'.repeat(3000)}y = 1`,
    ];
    const started = performance.now();
    for (const text of hostile) refusalOf(text);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
