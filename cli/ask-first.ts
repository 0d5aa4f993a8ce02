import type { Terminal } from './terminal.ts';

/** Whether a person says yes. @throws NobodyToAskError */
export async function isConfirmed(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.isInteractive) throw new NobodyToAskError();
  return terminal.confirm(question);
}

/** Something waits for a yes, and nobody can say it. */
class NobodyToAskError extends Error {
  override name = 'NobodyToAskError';

  constructor() {
    super('There is no terminal to ask on, so nothing was changed: add --yes, or --dry-run to look only.');
  }
}
