import type { Terminal } from './terminal.ts';

/** How far it is, in one line: what wraps could not be replaced. Nothing where a document is written. */
export function progressOf(terminal: Terminal, { json }: { json?: true }): (line: string) => void {
  return line => {
    if (!json) terminal.progress(line.slice(0, (terminal.width ?? 80) - 1));
  };
}
