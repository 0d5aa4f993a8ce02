import { UsageError } from './connection.ts';

const MINUTE = 60_000;
const UNITS = { m: MINUTE, h: 60 * MINUTE, d: 1440 * MINUTE, w: 10_080 * MINUTE };

/** The instant so long before another, ISO 8601. @param length such as 30m, 24h, 7d or 2w @throws UsageError for anything else */
export function instantBefore(now: string, option: string, length: string): string {
  const [, count, unit] = /^(\d{1,4})([mhdw])$/.exec(length) ?? [];
  if (!count || !unit)
    throw new UsageError(`${option} takes a length of time such as 30m, 24h, 7d or 2w, not ${length}.`);
  return new Date(Date.parse(now) - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString();
}

/** A length of time such as 30s, 5m or 1h. @throws UsageError for anything else */
export function millisecondsOf(option: string, length: string): number {
  const [, count, unit] = /^(\d{1,4})([smh])$/.exec(length) ?? [];
  if (!count || !unit) throw new UsageError(`${option} takes a length of time such as 30s, 5m or 1h, not ${length}.`);
  return Number(count) * { s: 1_000, m: MINUTE, h: 60 * MINUTE }[unit as 's' | 'm' | 'h'];
}

/** An instant as people write it: a day (its beginning, in UTC) or ISO 8601. Gives ISO 8601 in UTC. @throws UsageError for anything else */
export function instantOf(option: string, written: string): string {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(written) ?? [];
  const milliseconds = day === undefined ? Number.NaN : Date.parse(written);
  // A day that its month does not have would be taken for one of the next month.
  if (Number.isNaN(milliseconds) || new Date(day ?? '').toISOString().slice(0, 10) !== day)
    throw new UsageError(
      `${option} takes a day such as 2026-12-31, or an instant such as 2026-12-31T18:00Z, not ${written}.`,
    );
  return new Date(milliseconds).toISOString();
}

/** An instant for a person, to the minute. */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`;
}

/** How long ago an instant is, in its largest unit: `5 min`, `3 h`, `12 d`. */
export function ageOf(instant: string, now: string): string {
  const minutes = Math.floor((Date.parse(now) - Date.parse(instant)) / MINUTE);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

/** How long it was from one instant to another: `12 s`, `5 min`, `3 h`. */
export function lengthOf(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
