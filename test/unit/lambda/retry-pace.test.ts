import { describe, expect, it } from 'vitest';
import { restSeconds } from '../../../shared/lambda/retry-pace.ts';

describe('a message that could not be handled rests', () => {
  it('longer from try to try, a quarter of an hour at most', () => {
    const rests = Array.from({ length: 12 }, (_, index) => restSeconds(index + 1, 0));
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900]);
    expect(restSeconds(1000, 0)).toBe(900);
  });

  it('up to a fifth less, by chance', () => {
    expect(restSeconds(1, 1)).toBe(12);
    expect(restSeconds(7, 1)).toBe(720);
    expect(restSeconds(7, 0.5)).toBe(810);
  });

  it('whole seconds, which are all that SQS takes', () => {
    for (let tries = 1; tries < 12; tries++)
      for (const chance of [0, 0.123, 0.456, 0.999]) expect(Number.isInteger(restSeconds(tries, chance))).toBe(true);
  });
});
