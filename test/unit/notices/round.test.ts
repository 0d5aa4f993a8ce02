import { describe, expect, it } from 'vitest';
import { Round } from '../../../shared/notices/round.ts';

/** Lets everything through. */
const freely = (_: string, join: () => Promise<void>) => join();
/** Has seen everything before. */
const never = async () => {};

function roundOf(size: number, fails: string[] = []) {
  const done: string[][] = [];
  const round = new Round<string>(size, async items => {
    done.push(items);
    return new Map(items.filter(item => fails.includes(item)).map(item => [item, new Error(`${item} failed`)]));
  });
  return { round, done };
}

describe('a round', () => {
  it('does together what all let through, and nothing before', async () => {
    const { round, done } = roundOf(2);
    const first = round.take(() => ['a'], freely);
    await new Promise(resolve => setImmediate(resolve));
    expect(done).toEqual([]);
    await Promise.all([first, round.take(() => ['b', 'c'], freely)]);
    expect(done).toEqual([['a', 'b', 'c']]);
  });

  it('does not wait for what was done before, cannot be read, or fails on its way', async () => {
    const { round, done } = roundOf(5);
    const unreadable = () => {
      throw new Error('unreadable');
    };
    const outcomes = await Promise.allSettled([
      round.take(() => ['a'], freely),
      round.take(() => ['seen'], never),
      round.take(unreadable, freely),
      round.take(
        () => ['locked'],
        async () => Promise.reject(new Error('locked')),
      ),
      round.take(() => [], freely),
    ]);
    expect(done).toEqual([['a']]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
  });

  it('gives each its own fault', async () => {
    const { round } = roundOf(2, ['b']);
    const outcomes = await Promise.allSettled([round.take(() => ['a'], freely), round.take(() => ['b'], freely)]);
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { message: 'b failed' } }]);
  });
});
