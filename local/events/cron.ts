/**
 * The `cron(...)` of scheduled rules: minutes, hours, day of month, month, day of week, year, in UTC.
 * Source: EventBridge user guide, "Cron expressions reference" (eb-cron-expressions). What a scheduler of this kind often takes, and the
 * guide does not tell of EventBridge, is refused as missing here: whether AWS takes it is not known.
 */
import { type AwsError, notInLocalMesh } from '../core/aws-error.ts';
import { invalidSchedule } from './validation.ts';

export interface Cron {
  /** Each ascending. */
  minutes: number[];
  hours: number[];
  /** 1 is January. */
  months: number[];
  years: number[];
  /** The days of a month on which it fires, ascending. */
  daysOf: (month: Month) => number[];
}

interface Month {
  /** How many days it has. */
  length: number;
  /** 1 is Sunday. */
  weekdayOf: (day: number) => number;
}

interface Field {
  first: number;
  last: number;
  /** The first value's name, and so on. */
  names: string[];
}

const MINUTES: Field = { first: 0, last: 59, names: [] };
const HOURS: Field = { first: 0, last: 23, names: [] };
const DAYS_OF_MONTH: Field = { first: 1, last: 31, names: [] };
const MONTHS: Field = { first: 1, last: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') };
const DAYS_OF_WEEK: Field = { first: 1, last: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' ') };
const YEARS: Field = { first: 1970, last: 2199, names: [] };

const SUNDAY = 1;
const SATURDAY = 7;
const MINUTE_MS = 60_000;

/** Throws ValidationException, as PutRule does, and NotImplementedInLocalMesh for what the guide does not describe. */
export function parseCron(expression: string): Cron {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(/\s+/) ?? [];
  if (fields.length !== 6) throw invalidSchedule();
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  // "If you specify a value or a * in one of the fields, you must use a ? in the other."
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) throw invalidSchedule();
  return {
    minutes: readValues(minutes, MINUTES),
    hours: readValues(hours, HOURS),
    months: readValues(month, MONTHS),
    years: readValues(year, YEARS),
    daysOf: dayOfWeek === '?' ? byDayOfMonth(dayOfMonth) : byDayOfWeek(dayOfWeek),
  };
}

/**
 * The first instant after `after` at which it fires, both in milliseconds since 1970; undefined when it never fires again.
 * Simplification: PutRule takes an expression that never fires; AWS does not say what it does with one.
 */
export function nextFiring(cron: Cron, after: number): number | undefined {
  const earliest = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS;
  const isOver = (end: number) => end <= earliest;
  for (const year of cron.years) {
    if (isOver(Date.UTC(year + 1, 0))) continue;
    for (const month of cron.months) {
      if (isOver(Date.UTC(year, month))) continue;
      for (const day of cron.daysOf(monthOf(year, month))) {
        for (const hour of cron.hours) {
          if (isOver(Date.UTC(year, month - 1, day, hour + 1))) continue;
          for (const minute of cron.minutes) {
            const instant = Date.UTC(year, month - 1, day, hour, minute);
            if (instant >= earliest) return instant;
          }
        }
      }
    }
  }
  return undefined;
}

function monthOf(year: number, month: number): Month {
  const before = new Date(Date.UTC(year, month - 1)).getUTCDay() - 1;
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { length, weekdayOf: day => ((before + day) % 7) + 1 };
}

function byDayOfMonth(text: string): Cron['daysOf'] {
  if (text === 'L') return ({ length }) => [length];
  const near = /^(\d{1,2})W$/.exec(text)?.[1];
  if (near !== undefined) {
    const day = readValue(near, DAYS_OF_MONTH);
    // A month without the day has no firing. Simplification: AWS does not say what it does then.
    return month => (day > month.length ? [] : [closestWeekday(day, month)]);
  }
  if (/[LW]/.test(text)) throw undescribed(text);
  const days = readValues(text, DAYS_OF_MONTH);
  return ({ length }) => days.filter(day => day <= length);
}

/** Monday to Friday, in the same month: "3W specifies the weekday closest to the third day of the month". */
function closestWeekday(day: number, { length, weekdayOf }: Month): number {
  if (weekdayOf(day) === SATURDAY) return day > 1 ? day - 1 : day + 2;
  if (weekdayOf(day) === SUNDAY) return day < length ? day + 1 : day - 2;
  return day;
}

function byDayOfWeek(text: string): Cron['daysOf'] {
  const on = (matches: (day: number, month: Month) => boolean) => (month: Month) =>
    Array.from({ length: month.length }, (_, at) => at + 1).filter(day => matches(day, month));

  // "The last day of the week".
  if (text === 'L') return on((day, { weekdayOf }) => weekdayOf(day) === SATURDAY);
  const [, last, nth, instance] = /^(?:(\w+)L|(\w+)#(\d+))$/.exec(text) ?? [];
  if (last !== undefined) {
    const weekday = readValue(last, DAYS_OF_WEEK);
    return on((day, { length, weekdayOf }) => weekdayOf(day) === weekday && day + 7 > length);
  }
  if (nth !== undefined) {
    const weekday = readValue(nth, DAYS_OF_WEEK);
    const count = readValue(instance!, { first: 1, last: 5, names: [] });
    return on((day, { weekdayOf }) => weekdayOf(day) === weekday && Math.ceil(day / 7) === count);
  }
  // "If you use a # character, you can define only one expression in the day-of-week field": readValues refuses it in a list.
  if (/[L/]/.test(text)) throw undescribed(text);
  const weekdays = new Set(readValues(text, DAYS_OF_WEEK));
  return on((day, { weekdayOf }) => weekdays.has(weekdayOf(day)));
}

/** What a list of values, ranges and steps stands for, ascending. */
function readValues(text: string, field: Field): number[] {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    if (item === '') throw undescribed(text);
    const [, all, from, to, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item) ?? [];
    if (all === undefined && from === undefined) throw invalidSchedule();
    const first = from === undefined ? field.first : readValue(from, field);
    // `1/10` counts on from the first to the field's end.
    const isOne = from !== undefined && to === undefined && step === undefined;
    const last = isOne ? first : to === undefined ? field.last : readValue(to, field);
    if (last < first) throw undescribed(text);
    const width = Number(step ?? 1);
    // AWS refuses `*/60` minutes (aws/aws-sdk-js issue 4212).
    if (width < 1 || width > field.last) throw invalidSchedule();
    for (let value = first; value <= last; value += width) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function readValue(text: string, { first, last, names }: Field): number {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) {
    if (text !== text.toUpperCase()) throw undescribed(text);
    return first + named;
  }
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= first && value <= last)) throw invalidSchedule();
  return value;
}

function undescribed(field: string): AwsError {
  return notInLocalMesh(`the cron field ${field}, which the EventBridge user guide does not describe`);
}
