import { describe, expect, it } from 'vitest';
import { toldEvent } from '../../../shared/telling/told-event.ts';

const data = { account: '444444444444', source: 'trellis.access', detailType: 'Access Requested' };
const refused = (reasons: string[]) =>
  toldEvent('Event Refused', ['x'], '2026-01-01T00:00:00.000Z', [], { ...data, reasons });

describe('an event that is told', () => {
  it('has all its reasons as long as they fit', () => {
    const reasons = Array.from({ length: 300 }, (_, index) => `column_${index}: it is kept back.`);
    expect(refused(reasons).data.reasons).toEqual(reasons);
  });

  it.each(['c', 'ü', '\u0001', '"'])('says how many more there are of those that do not: %j', letter => {
    const reasons = Array.from({ length: 1000 }, () => `${letter.repeat(255)} is no column.`);
    const event = refused(reasons);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(100_000);
    const shown = event.data.reasons.slice(0, -1);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown).toEqual(reasons.slice(0, shown.length));
    expect(event.data.reasons.at(-1)).toBe(`And ${1000 - shown.length} more reasons of this kind.`);
  });
});
