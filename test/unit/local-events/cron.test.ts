import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import { nextFiring, parseCron } from '../../../local/events/cron.ts';

/** The first firings after an instant, as ISO texts to the minute. */
function firings(expression: string, after: string, count = 3): string[] {
  const cron = parseCron(expression);
  const found: string[] = [];
  for (
    let at = nextFiring(cron, Date.parse(after));
    at !== undefined && found.length < count;
    at = nextFiring(cron, at)
  )
    found.push(new Date(at).toISOString().slice(0, 16));
  return found;
}

describe('a cron expression', () => {
  // 2026-01-01 is a Thursday. The first seven are the examples of the guide (eb-cron-expressions).
  it.each([
    ['cron(0 10 * * ? *)', ['2026-01-01T10:00', '2026-01-02T10:00', '2026-01-03T10:00']],
    ['cron(15 12 * * ? *)', ['2026-01-01T12:15', '2026-01-02T12:15', '2026-01-03T12:15']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00', '2026-01-02T18:00', '2026-01-05T18:00']],
    ['cron(0 8 1 * ? *)', ['2026-01-01T08:00', '2026-02-01T08:00', '2026-03-01T08:00']],
    ['cron(0/15 * * * ? *)', ['2026-01-01T00:15', '2026-01-01T00:30', '2026-01-01T00:45']],
    ['cron(0/10 * ? * MON-FRI *)', ['2026-01-01T00:10', '2026-01-01T00:20', '2026-01-01T00:30']],
    ['cron(0/5 8-17 ? * MON-FRI *)', ['2026-01-01T08:00', '2026-01-01T08:05', '2026-01-01T08:10']],
    ['cron(1/10 3 * * ? *)', ['2026-01-01T03:01', '2026-01-01T03:11', '2026-01-01T03:21']],
    ['cron(30,0 */12 * * ? *)', ['2026-01-01T00:30', '2026-01-01T12:00', '2026-01-01T12:30']],
    ['cron(0 0 L * ? *)', ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00']],
    ['cron(0 0 3W * ? *)', ['2026-01-02T00:00', '2026-02-03T00:00', '2026-03-03T00:00']],
    ['cron(0 0 ? * L *)', ['2026-01-03T00:00', '2026-01-10T00:00', '2026-01-17T00:00']],
    ['cron(0 0 ? * FRIL *)', ['2026-01-30T00:00', '2026-02-27T00:00', '2026-03-27T00:00']],
    ['cron(0 0 ? * 3#2 *)', ['2026-01-13T00:00', '2026-02-10T00:00', '2026-03-10T00:00']],
    ['cron(0 0 29 FEB ? *)', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    ['cron(59 23 31 12 ? 2026,2030)', ['2026-12-31T23:59', '2030-12-31T23:59']],
  ])('%s fires at %j', (expression, expected) => {
    expect(firings(expression, '2026-01-01T00:00:00.000Z')).toEqual(expected);
  });

  it('does not fire at the instant that it fired at, and does a millisecond before', () => {
    expect(firings('cron(0 10 * * ? *)', '2026-01-01T10:00:00.000Z', 1)).toEqual(['2026-01-02T10:00']);
    expect(firings('cron(0 10 * * ? *)', '2026-01-01T09:59:59.999Z', 1)).toEqual(['2026-01-01T10:00']);
  });

  it('has no firing when its years are over or its day is in no month', () => {
    expect(firings('cron(0 0 1 1 ? 2020)', '2026-01-01T00:00:00Z')).toEqual([]);
    expect(firings('cron(0 0 31 2,4 ? *)', '2026-01-01T00:00:00Z')).toEqual([]);
  });

  it('keeps the closest weekday in its month', () => {
    // 2026-08-01 is a Saturday, 2026-05-31 a Sunday.
    expect(firings('cron(0 0 1W 8 ? *)', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-08-03T00:00']);
    expect(firings('cron(0 0 31W 4,5 ? *)', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-05-29T00:00']);
  });
});

function refusal(expression: string): { code: string; message: string } {
  try {
    parseCron(expression);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error(`${expression} was not refused`);
}

describe('a cron expression that AWS refuses', () => {
  it.each([
    'cron(0 10 * * ?)',
    'cron(0 0 10 * * ? *)',
    'cron(0 10 * * * *)',
    'cron(7 20 * * 1-7 *)',
    'cron(0 10 ? * ? *)',
    'cron(60 * * * ? *)',
    'cron(* 24 * * ? *)',
    'cron(0 0 0 * ? *)',
    'cron(0 0 32 * ? *)',
    'cron(0 0 1 13 ? *)',
    'cron(0 0 ? * 0 *)',
    'cron(0 0 ? * 8 *)',
    'cron(0 0 ? * 3#6 *)',
    'cron(0 0 ? * 3#1,6#3 *)',
    'cron(0 0 1 * ? 1969)',
    'cron(0 0 1 * ? 2200)',
    'cron(*/60 * * * ? *)',
    'cron(0/0 * * * ? *)',
    'cron(0 0 1 MON ? *)',
    'cron(0 ? * * ? *)',
    'cron(0 0 * * ? ?)',
    'cron(-5 0 * * ? *)',
    'cron(0 0 32W * ? *)',
    'cron()',
    'cron(0 10 * * ? *',
  ])('%s', expression => {
    expect(refusal(expression)).toMatchObject({
      code: 'ValidationException',
      message: 'Parameter ScheduleExpression is not valid.',
    });
  });
});

describe('a cron expression that the guide does not describe is named as missing', () => {
  it.each([
    ['cron(0 22-2 * * ? *)', '22-2'],
    ['cron(0 0 LW * ? *)', 'LW'],
    ['cron(0 0 L-3 * ? *)', 'L-3'],
    ['cron(0 0 1,15W * ? *)', '1,15W'],
    ['cron(0 0 ? * MON/2 *)', 'MON/2'],
    ['cron(0 0 ? * 6L,2 *)', '6L,2'],
    ['cron(0 0 ? * mon-fri *)', 'mon'],
    ['cron(0/5, 9 ? * MON *)', '0/5,'],
  ])('%s', (expression, field) => {
    const { code, message } = refusal(expression);
    expect(code).toBe('NotImplementedInLocalMesh');
    expect(message).toContain(`the cron field ${field},`);
  });
});

/** A field's text, and by itself which values it stands for. */
interface Part {
  text: string;
  has: (value: number) => boolean;
}

/** Of a field from `first` to `last`. */
function parts(first: number, last: number, names: string[] = [], value = fc.integer({ min: first, max: last })) {
  const step = fc.integer({ min: 1, max: Math.min(last, 40) });
  const write = (at: number, isNamed: boolean) => (isNamed ? names[at - first] : undefined) ?? String(at);
  const range = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const item = fc.oneof(
    fc.constant({ text: '*', has: () => true }),
    fc.tuple(value, fc.boolean()).map(([at, isNamed]) => ({ text: write(at, isNamed), has: (x: number) => x === at })),
    fc.tuple(range, fc.boolean()).map(([[from, to], isNamed]) => ({
      text: `${write(from, isNamed)}-${write(to, !isNamed)}`,
      has: (x: number) => x >= from && x <= to,
    })),
    step.map(by => ({ text: `*/${by}`, has: (x: number) => (x - first) % by === 0 })),
    fc
      .tuple(value, step)
      .map(([from, by]) => ({ text: `${from}/${by}`, has: (x: number) => x >= from && (x - from) % by === 0 })),
    fc.tuple(range, step).map(([[from, to], by]) => ({
      text: `${from}-${to}/${by}`,
      has: (x: number) => x >= from && x <= to && (x - from) % by === 0,
    })),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map(items => ({
    text: items.map(({ text }) => text).join(','),
    has: (x: number) => items.some(({ has }) => has(x)),
  }));
}

const DAY = 86_400_000;
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');

const monthAt = (instant: number) => new Date(instant).getUTCMonth();
const weekdayAt = (instant: number) => new Date(instant).getUTCDay() + 1;
const dayAt = (instant: number) => new Date(instant).getUTCDate();
const isWorkday = (instant: number) => weekdayAt(instant) > 1 && weekdayAt(instant) < 7;

/** Whether it is the workday of its month that lies closest to the day: as the guide words `W`, by trying them all. */
function isClosestWorkday(instant: number, day: number): boolean {
  const first = instant - (dayAt(instant) - 1) * DAY;
  const wanted = first + (day - 1) * DAY;
  if (monthAt(wanted) !== monthAt(instant)) return false;
  const workdays = Array.from({ length: 31 }, (_, at) => first + at * DAY).filter(
    other => monthAt(other) === monthAt(instant) && isWorkday(other),
  );
  return workdays.sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0] === instant;
}

/** Day of month and day of week, and on which days (their first instants) they fire. */
interface Days {
  dayOfMonth: string;
  dayOfWeek: string;
  has: (midnight: number) => boolean;
}

const ofMonth = (dayOfMonth: string, has: Days['has']): Days => ({ dayOfMonth, dayOfWeek: '?', has });
const ofWeek = (dayOfWeek: string, has: Days['has']): Days => ({ dayOfMonth: '?', dayOfWeek, has });
const weekday = fc.integer({ min: 1, max: 7 });
const plain = parts(1, 7, WEEKDAYS).filter(({ text }) => !text.includes('/'));
const days: fc.Arbitrary<Days> = fc.oneof(
  parts(1, 31).map(part => ofMonth(part.text, at => part.has(dayAt(at)))),
  plain.map(part => ofWeek(part.text, at => part.has(weekdayAt(at)))),
  fc.constant(ofMonth('L', at => dayAt(at + DAY) === 1)),
  fc.integer({ min: 1, max: 31 }).map(day => ofMonth(`${day}W`, at => isClosestWorkday(at, day))),
  fc.constant(ofWeek('L', at => weekdayAt(at) === 7)),
  weekday.map(on => ofWeek(`${on}L`, at => weekdayAt(at) === on && monthAt(at + 7 * DAY) !== monthAt(at))),
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([on, nth]) =>
    ofWeek(`${WEEKDAYS[on - 1]}#${nth}`, at => {
      const isBefore = (weeks: number) => monthAt(at - weeks * 7 * DAY) === monthAt(at);
      return weekdayAt(at) === on && (nth === 1 || isBefore(nth - 1)) && !isBefore(nth);
    }),
  ),
);

const schedules = fc.record({
  minutes: parts(0, 59),
  hours: parts(0, 23),
  days,
  months: parts(1, 12, MONTHS),
  years: fc.oneof(
    fc.constant<Part>({ text: '*', has: () => true }),
    parts(1970, 2199, [], fc.integer({ min: 2020, max: 2034 })),
  ),
});

describe('the next firing', () => {
  it('matches every field, and nothing between matches', () => {
    const instants = fc.integer({ min: Date.UTC(2023, 11, 30), max: Date.UTC(2035, 0, 2) });
    fc.assert(
      fc.property(schedules, instants, ({ minutes, hours, days, months, years }, after) => {
        const texts = [minutes.text, hours.text, days.dayOfMonth, months.text, days.dayOfWeek, years.text];
        const next = nextFiring(parseCron(`cron(${texts.join(' ')})`), after);
        // Quicker than minute by minute to the year 2200: days that do not match are passed whole.
        const isDay = (midnight: number) =>
          years.has(new Date(midnight).getUTCFullYear()) && months.has(monthAt(midnight) + 1) && days.has(midnight);
        let expected: number | undefined;
        for (let day = after - (after % DAY); expected === undefined && day < Date.UTC(2200, 0); day += DAY) {
          if (!isDay(day)) continue;
          for (let minute = 0; expected === undefined && minute < 1440; minute++) {
            const isDue = hours.has(Math.floor(minute / 60)) && minutes.has(minute % 60);
            if (isDue && day + minute * 60_000 > after) expected = day + minute * 60_000;
          }
        }
        expect(next).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
