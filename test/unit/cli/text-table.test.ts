import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, writeTable } from '../../../cli/text-table.ts';
import { ageOf, instantBefore } from '../../../cli/times.ts';

const plain = (_format: unknown, text: string) => text;
const COLUMNS = [
  { heading: 'a', shrinks: 'last' as const },
  { heading: 'b' },
  { heading: 'c', shrinks: 'first' as const },
];

describe('a table of texts', () => {
  it('law: fits the terminal where it can, keeps its columns in line, and says everything where there is none', () => {
    const text = fc.string({ maxLength: 60, unit: fc.constantFrom('x', 'é', '🦊') });
    const rows = fc.array(fc.tuple(text, fc.constantFrom('', 'yes'), text), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 120 }), (given, width) => {
        const narrow = writeTable({ style: plain, width }, COLUMNS, given);
        for (const line of narrow) expect([...line].length).toBeLessThanOrEqual(width);
        const [heading = ''] = narrow;
        const second = [...heading].join('').indexOf('b');
        narrow.slice(1).forEach((line, at) => {
          const shown = [...line].slice(second, second + 3).join('');
          expect(shown.trim()).toBe(given[at]?.[1] ?? '');
        });
        const wide = writeTable({ style: plain }, COLUMNS, given);
        given.forEach((row, at) => {
          for (const cell of row) expect(wide[at + 1]).toContain(cell);
        });
      }),
    );
  });

  it('shortens last what is to be shortened last', () => {
    const long = 'x'.repeat(30);
    const widths = (width: number) =>
      writeTable({ style: plain, width }, COLUMNS, [[long, 'yes', long]])[1]
        ?.split(/ +/)
        .map(text => text.length);
    expect(widths(60)).toEqual([30, 3, 23]);
    expect(widths(40)).toEqual([21, 3, 12]);
    expect(widths(20)).toEqual([12, 3, 12]);
  });

  it('counts what is seen, not what colours it', () => {
    const style = (format: unknown, text: string) => `<${String(format)}>${text}</>`;
    const rows = [[{ text: 'in step', format: 'green' as const }, 'x']];
    expect(writeTable({ style }, [{ heading: 'state' }, { heading: 'y' }], rows)).toEqual([
      '<dim>state</>    <dim>y</>',
      '<green>in step</>  x',
    ]);
  });

  it.each([
    ['escape sequences', 'a\u001b[2Jb', 'a [2Jb'],
    ['the eight-bit ones', 'a\u009b2Jb', 'a 2Jb'],
    ['new lines', 'a\r\nb\u2028c', 'a b c'],
    ['what turns the direction of writing', 'a\u202egnp.b', 'a gnp.b'],
  ])('lets %s of others do nothing to the terminal', (_, text, shown) => {
    expect(oneLine(text)).toBe(shown);
    expect(writeTable({ style: plain }, [{ heading: 'x' }], [[text]])[1]).toBe(shown);
  });
});

describe('times', () => {
  const NOW = '2026-11-21T12:00:00.000Z';

  it.each([
    ['30m', '2026-11-21T11:30:00.000Z'],
    ['24h', '2026-11-20T12:00:00.000Z'],
    ['7d', '2026-11-14T12:00:00.000Z'],
    ['2w', '2026-11-07T12:00:00.000Z'],
  ])('%s ago', (length, instant) => {
    expect(instantBefore(NOW, '--fresh-within', length)).toBe(instant);
  });

  it.each(['', '7', 'd', '-1d', '1.5h', '1y', '99999d', '7d '])('%j is no length of time', length => {
    expect(() => instantBefore(NOW, '--fresh-within', length)).toThrow('--fresh-within takes a length of time');
  });

  it.each([
    ['2026-11-21T12:10:00.000Z', 'now'],
    ['2026-11-21T11:59:01.000Z', 'now'],
    ['2026-11-21T11:01:00.000Z', '59 min'],
    ['2026-11-19T12:01:00.000Z', '47 h'],
    ['2026-11-19T12:00:00.000Z', '2 d'],
  ])('%s is %s ago', (instant, age) => {
    expect(ageOf(instant, NOW)).toBe(age);
  });
});
