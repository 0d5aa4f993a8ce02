import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

export type Format = Parameters<typeof styleText>[0];

/** Where a command writes, and whom it may ask. */
export interface Terminal {
  /** A text and the end of its line, to the standard output. */
  out(text: string): void;
  /** The same to the standard error. */
  err(text: string): void;
  /** Whether a person is there to answer. */
  isInteractive: boolean;
  /** Whether the person says yes. The end of the input is a no. */
  confirm(question: string): Promise<boolean>;
  /** Characters of a line, where the standard output is a terminal. */
  width?: number;
  /** Says how far something has come, in the place of what was said last; empty: it is done. Only where a person looks on. */
  progress(text: string): void;
  /** Runs what a person may leave with Ctrl-C: the signal says so. A second Ctrl-C ends the process. */
  leavable<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Colours only where the standard output shows them: a terminal, and no NO_COLOR. */
  style(format: Format, text: string): string;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    out: text => void stdout.write(`${text}\n`),
    err: text => void stderr.write(`${text}\n`),
    isInteractive: stdin.isTTY === true && stdout.isTTY === true,
    async confirm(question) {
      const lines = createInterface({ input: stdin, output: stdout });
      const ended = new Promise<string>(resolve => lines.once('close', () => resolve('')));
      try {
        const answer = await Promise.race([lines.question(`${question} [y/N] `), ended]);
        return /^(y|yes)$/i.test(answer.trim());
      } finally {
        lines.close();
      }
    },
    ...(stdout.isTTY && { width: stdout.columns }),
    progress(text) {
      // To the beginning of the line, and nothing behind it. Source: ECMA-48, "Erase in line".
      if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
    },
    async leavable(run) {
      const left = new AbortController();
      const leave = () => left.abort();
      process.once('SIGINT', leave);
      try {
        return await run(left.signal);
      } finally {
        process.off('SIGINT', leave);
      }
    },
    style: (format, text) => styleText(format, text, { stream: stdout }),
  };
}
