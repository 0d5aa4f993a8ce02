import type { Format, Terminal } from './terminal.ts';

export interface TextColumn {
  heading: string;
  align?: 'right';
  /** May be shortened where the terminal is too narrow: `last` when the others are as narrow as they get. */
  shrinks?: 'first' | 'last';
}

/** A text, or a text and how it looks. */
export type Cell = string | { text: string; format: Format };

/** No column is made narrower: below this, nobody can tell what it says. */
const NARROWEST = 12;
const GAP = '  ';

/** Rows in aligned columns under their headings. On a terminal, what is too wide for it is shortened; elsewhere nothing is. */
export function writeTable(
  { style, width }: Pick<Terminal, 'style' | 'width'>,
  columns: readonly TextColumn[],
  rows: readonly (readonly Cell[])[],
  indent = '',
): string[] {
  const texts = rows.map(row => row.map(cell => oneLine(typeof cell === 'string' ? cell : cell.text)));
  const natural = columns.map(({ heading }, at) =>
    texts.reduce((most, row) => Math.max(most, lengthOf(row[at] ?? '')), lengthOf(heading)),
  );
  const widths = width === undefined ? natural : shrunk(columns, natural, width - indent.length);
  const line = (cells: readonly string[], look: (text: string, at: number) => string) =>
    indent +
    cells
      .map((text, at) => {
        const short = shorten(text, widths[at] ?? 0);
        const blanks = ' '.repeat((widths[at] ?? 0) - lengthOf(short));
        if (columns[at]?.align === 'right') return blanks + look(short, at);
        return look(short, at) + (at === columns.length - 1 ? '' : blanks);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ heading }) => heading),
      text => style('dim', text),
    ),
    ...texts.map((row, index) =>
      line(row, (text, at) => {
        const cell = rows[index]?.[at];
        return typeof cell === 'object' ? style(cell.format, text) : text;
      }),
    ),
  ];
}

/** Takes from the widest of the columns that may shrink, in their turn, until all fit, or none can shrink more. */
function shrunk(columns: readonly TextColumn[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const gaps = GAP.length * (columns.length - 1);
  let over = widths.reduce((sum, one) => sum + one, gaps) - width;
  for (const turn of ['first', 'last'] as const) {
    for (; over > 0; over--) {
      const candidates = widths.map((one, at) => (columns[at]?.shrinks === turn && one > NARROWEST ? one : 0));
      const widest = Math.max(...candidates);
      if (widest === 0) break;
      widths[candidates.indexOf(widest)] = widest - 1;
    }
  }
  return widths;
}

function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}

/** What producers write into their catalogs comes to other people's terminals: no control characters, nothing that turns the writing's direction. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}
