/** What a bench measured, and how it is shown. */
import { styleText } from 'node:util';

export interface Figure {
  name: string;
  value: number;
  /** `s`, `MB` (10^6 bytes), `calls`, `×`, `events/s`, `changes/s`. */
  unit: string;
  budget?: { kind: 'most' | 'least'; value: number };
  /** Lines that explain the figure. */
  details?: string[];
}

export interface Bench {
  name: string;
  /** @param tell takes what is being done, for people who wait */
  run(tell: (text: string) => void): Promise<Figure[]>;
}

export type Verdict = 'within' | 'missed' | '';

export function verdictOf({ value, budget }: Figure): Verdict {
  if (!budget) return '';
  const isWithin = budget.kind === 'most' ? value <= budget.value : value >= budget.value;
  return isWithin ? 'within' : 'missed';
}

/** The middle of the values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No values, no median.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** A table whose columns line up, with each figure's details below it. */
export function writeTable(figures: readonly Figure[]): string {
  const header = ['figure', 'measured', 'budget', 'verdict'];
  const rows = figures.map(figure => [
    figure.name,
    `${round(figure.value)} ${figure.unit}`,
    figure.budget ? `${figure.budget.kind === 'most' ? '≤' : '≥'} ${figure.budget.value} ${figure.unit}` : '',
    verdictOf(figure),
  ]);
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map(row => row[column]!.length)));
  const line = ([name = '', measured = '', budget = '', verdict = '']: readonly string[]) =>
    `${name.padEnd(widths[0]!)}   ${measured.padStart(widths[1]!)}   ${budget.padStart(widths[2]!)}   ${verdict}`.trimEnd();
  const lines = [styleText('bold', line(header))];
  for (const [index, row] of rows.entries()) {
    const text = line(row);
    lines.push(row[3] === 'missed' ? styleText('yellow', text) : text);
    for (const detail of figures[index]!.details ?? []) lines.push(styleText('dim', `    ${detail}`));
  }
  return lines.join('\n');
}

/** Three digits that matter, and no more. */
function round(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
