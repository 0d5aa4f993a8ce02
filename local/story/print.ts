/** How the story looks in a terminal. Colours only where there is one (`util.styleText` honours NO_COLOR). */
import { styleText } from 'node:util';

const WIDTH = 100;

export function title(text: string): void {
  console.log(`\n${styleText('bold', text)}\n${'─'.repeat(WIDTH)}`);
}

export function scene(number: number, text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], `${number}. ${text}`)}`);
}

/** A sentence of the story. */
export function say(text: string): void {
  console.log(wrapped(text, '  ', '  '));
}

/** Breaks a text into lines of the story's width. Marks and colours belong into `first`; `width` is what of it is seen. */
function wrapped(text: string, first: string, rest: string, width = rest.length): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return first + [...lines, line].join(`\n${rest}`);
}

export function good(text: string): void {
  console.log(`  ${styleText('green', '✓')} ${text}`);
}

/** What somebody tried, and the answer. */
export function refused(text: string, answer: string): void {
  console.log(wrapped(text, `  ${styleText('red', '✗')} `, '    '));
  console.log(styleText('dim', wrapped(answer, '    ', '    ')));
}

/** What Trellis told: the event, and what matters of it. */
export function told(type: string, text: string): void {
  console.log(`  ${styleText('yellow', '◆')} ${styleText('bold', type)}`);
  console.log(wrapped(text, '    ', '    '));
}

export function code(text: string): void {
  const lines = wrapped(text, '', '      ', 4).split('\n');
  for (const line of lines) console.log(`  ${styleText('dim', line)}`);
}

/** A table whose columns line up; numbers to the right. */
export function table(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): void {
  const cells = [columns.map(String), ...rows.map(row => row.map(cell => cell ?? '–'))];
  const widths = columns.map((_, index) => Math.max(...cells.map(row => (row[index] ?? '').length)));
  const isNumber = columns.map(
    (_, index) => rows.length > 0 && rows.every(row => /^-?[\d.,]+$/.test(row[index] ?? '')),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (isNumber[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('   ')
      .trimEnd();
  const [header = [], ...body] = cells;
  console.log(`    ${styleText('dim', line(header))}`);
  for (const row of body) console.log(`    ${line(row)}`);
}

/** One line that shows that something is under way, replaced where there is a terminal. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  ${styleText('dim', `… ${text}`)}`);
}

export function endProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
}
