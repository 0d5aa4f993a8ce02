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
