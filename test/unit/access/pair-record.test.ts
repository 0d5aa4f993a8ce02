import { expect, it } from 'vitest';
import { cellFilter } from '../../../shared/access/entitlement.ts';
import {
  afterSettling,
  afterTransition,
  isSettled,
  newPair,
  pairDueAt,
  withApplied,
} from '../../../shared/access/pair-record.ts';
import { ANALYST, FLIGHTS, grantOf, NOW } from './samples.ts';

const fresh = newPair({ principal: ANALYST, table: FLIGHTS });
const narrow = cellFilter(ANALYST, ['origin'], null);
const wide = cellFilter(ANALYST, ['delay', 'origin'], null);

it('is settled and never due while nothing was granted', () => {
  expect(isSettled(fresh)).toBe(true);
  expect(pairDueAt(fresh, NOW)).toBeUndefined();
});

it('is due at once after a transition, which notes what will be put there', () => {
  const record = afterTransition(fresh, [grantOf('a')]);
  expect(record).toMatchObject({
    applied: { [narrow.name]: narrow },
    desiredVersion: 1,
    settledVersion: 0,
    revision: 1,
  });
  expect(pairDueAt(record, NOW)).toBe(NOW);
});

it('remembers what was put there before, until it was seen gone', () => {
  const widened = afterTransition(afterTransition(fresh, [grantOf('a')]), [grantOf('a'), grantOf('b', ['delay'])]);
  expect(Object.keys(widened.applied).sort()).toEqual([narrow.name, wide.name].sort());
  const settled = afterSettling(widened, [wide]);
  expect(settled.applied).toEqual({ [wide.name]: wide });
  expect(isSettled(settled)).toBe(true);
  const ended = afterTransition(settled, []);
  expect(ended.applied).toEqual(settled.applied);
  expect(afterSettling(ended, []).applied).toEqual({});
});

it('counts every write', () => {
  const written = withApplied(afterSettling(afterTransition(fresh, []), []), [narrow]);
  expect(written.revision).toBe(3);
  expect(written.applied).toEqual({ [narrow.name]: narrow });
  expect(written.desiredVersion).toBe(1);
});
