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

  it('is the last of those that share a place: none vouches for another', () => {
    const seen = new SeenTables(1);
    seen.remember('a', snapshot());
    expect(['a', 'b'].map(table => seen.isInStep(table, snapshot()))).toEqual([true, false]);
    seen.remember('b', snapshot());
    expect(['a', 'b'].map(table => seen.isInStep(table, snapshot()))).toEqual([false, true]);
  });

  it('are many at once', () => {
    const seen = new SeenTables();
    const tables = Array.from({ length: 1_000 }, (_, number) => `aviation_ops.table_${number}`);
    for (const table of tables) seen.remember(table, snapshot());
    // By their names, which are the same in every run, some share a place.
    expect(tables.filter(table => seen.isInStep(table, snapshot())).length).toBeGreaterThan(970);
  });

  it('without a place remembers nothing', () => {
    const seen = new SeenTables(0);
    seen.remember('aviation_ops.flights', snapshot());
    expect(seen.isInStep('aviation_ops.flights', snapshot())).toBe(false);
    expect(() => seen.forget('aviation_ops.flights')).not.toThrow();
  });
});
