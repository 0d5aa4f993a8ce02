import { describe, expect, it } from 'vitest';
import { cellFilter, desiredFilter, FILTER_PREFIX, rowFilterConflict } from '../../../shared/access/entitlement.ts';
import { standingGrant } from '../../../shared/access/standing-grant.ts';
import { ANALYST, grant, STEWARD } from './access-sample.ts';

describe('the desired filter', () => {
  it('is none without a grant', () => {
    expect(desiredFilter(ANALYST, [])).toBeNull();
  });

  it('allows the union of all grants, each column once', () => {
    const grants = [grant('r1', ['origin', 'year']), grant('r2', ['delay', 'year'])];
    expect(desiredFilter(ANALYST, grants)).toMatchObject({ columns: ['delay', 'origin', 'year'], rowFilter: null });
  });

  it('is the same whatever the order of grants and columns', () => {
    const one = desiredFilter(ANALYST, [grant('r1', ['b', 'a']), grant('r2', ['c'])]);
    expect(desiredFilter(ANALYST, [grant('r2', ['c', 'a']), grant('r1', ['b'])])).toEqual(one);
  });

  it('keeps the rows that all grants agree on', () => {
    const grants = [grant('r1', ['a'], 'delay > 5'), grant('r2', ['b'], 'delay > 5')];
    expect(desiredFilter(ANALYST, grants)).toMatchObject({ columns: ['a', 'b'], rowFilter: 'delay > 5' });
  });

  it.each([
    ['two conditions', 'delay > 5', 'delay > 6'],
    ['a condition beside all rows', 'delay > 5', null],
    ['all rows beside a condition', null, 'delay > 5'],
  ])('is never widened to unite %s: it throws, naming both grants', (_, one, other) => {
    const grants = [grant('r1', ['a'], one), grant('r2', ['b'], other)];
    expect(() => desiredFilter(ANALYST, grants)).toThrow(
      expect.objectContaining({ name: 'RowFiltersDifferError', message: expect.stringMatching(/r1 and r2/) }),
    );
  });
});

describe('the desired filter beside a standing grant', () => {
  const standing = standingGrant(['origin', 'delay']);

  it.each([
    ['alone', [standing]],
    ['beside fewer columns and rows', [grant('r1', ['origin'], 'delay > 5'), standing]],
    ['beside grants whose rows differ', [standing, grant('r1', ['origin'], 'delay > 5'), grant('r2', ['origin'])]],
    ['beside a column that the table has no more', [grant('r1', ['gone']), standing]],
  ])('is all of the table as it is now: %s', (_, grants) => {
    expect(desiredFilter(ANALYST, grants)).toEqual(cellFilter(ANALYST, ['origin', 'delay'], null));
  });
});

describe("a filter's name", () => {
  const name = (...args: Parameters<typeof cellFilter>) => cellFilter(...args).name;
  const plain = name(ANALYST, ['a', 'b'], null);

  it('marks it as ours and is one that Lake Formation takes', () => {
    expect(plain).toMatch(new RegExp(`^${FILTER_PREFIX}[0-9a-f]{32}$`));
  });

  it('is of its content alone', () => {
    expect(name(ANALYST, ['b', 'a'], null)).toBe(plain);
    const others = [
      name(STEWARD, ['a', 'b'], null),
      name(ANALYST, ['a'], null),
      name(ANALYST, ['a,b'], null),
      name(ANALYST, ['a', 'b'], ''),
      name(ANALYST, ['a', 'b'], 'a > 1'),
    ];
    expect(new Set([plain, ...others]).size).toBe(6);
  });

  it('leaves the columns that it was given in their order', () => {
    const columns = ['b', 'a'];
    cellFilter(ANALYST, columns, null);
    expect(columns).toEqual(['b', 'a']);
  });
});

describe('a conflict of rows', () => {
  const filtered = grant('r2', ['a'], 'delay > 5');

  it('is with the first grant of other rows', () => {
    expect(rowFilterConflict([filtered], null)).toBe(filtered);
    expect(rowFilterConflict([grant('r1')], 'delay > 5')).toEqual(grant('r1'));
    expect(rowFilterConflict([grant('r1'), filtered], null)).toBe(filtered);
  });

  it('is not with a standing grant, nor hidden by one', () => {
    const standing = standingGrant(['origin']);
    expect(rowFilterConflict([standing], 'delay > 5')).toBeUndefined();
    expect(rowFilterConflict([standing, filtered], null)).toBe(filtered);
  });

  it('is not with the same rows, or with nothing', () => {
    expect(rowFilterConflict([filtered], 'delay > 5')).toBeUndefined();
    expect(rowFilterConflict([], 'delay > 5')).toBeUndefined();
  });
});
