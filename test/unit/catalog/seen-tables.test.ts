import { describe, expect, it } from 'vitest';
import { SeenTables } from '../../../shared/catalog/seen-tables.ts';
import { CREATED, dailyFlights, flights, snapshot } from './world.ts';

describe('what a process remembers of tables', () => {
  it('is the very reading that was in step', () => {
    const seen = new SeenTables();
    expect(seen.isInStep('aviation_ops.flights', snapshot())).toBe(false);
    seen.remember('aviation_ops.flights', snapshot());
    expect(seen.isInStep('aviation_ops.flights', snapshot())).toBe(true);
    expect(seen.isInStep('aviation_ops.airports', snapshot())).toBe(false);
  });

  it.each([
    ['version', snapshot(flights(), 1)],
    ['incarnation', snapshot(flights(), 0, CREATED + 1000)],
    ['content', snapshot(flights({ Description: 'Other.' }))],
  ])('does not hold for another %s', (_, other) => {
    const seen = new SeenTables();
    seen.remember('aviation_ops.flights', snapshot());
    expect(seen.isInStep('aviation_ops.flights', other)).toBe(false);
  });

  it('never vouches for a partitioned table', () => {
    const seen = new SeenTables();
    seen.remember('aviation_ops.flights', snapshot(dailyFlights()));
    expect(seen.isInStep('aviation_ops.flights', snapshot(dailyFlights()))).toBe(false);
  });

  it('is forgotten with the table', () => {
    const seen = new SeenTables();
    seen.remember('aviation_ops.flights', snapshot());
    seen.forget('aviation_ops.flights');
    expect(seen.isInStep('aviation_ops.flights', snapshot())).toBe(false);
  });

  it('is bounded: the table remembered longest ago goes first', () => {
    const seen = new SeenTables(2);
    for (const table of ['a', 'b', 'a', 'c']) seen.remember(table, snapshot());
    expect(['a', 'b', 'c'].map(table => seen.isInStep(table, snapshot()))).toEqual([true, false, true]);
  });
});
