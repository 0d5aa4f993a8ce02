import type { Terminal } from '../../../cli/terminal.ts';

/** For commands that read no catalog, reconcile nothing and leave access alone. */
export const NO_CATALOG = {
  openCatalog: (): never => {
    throw new Error('AWS is not needed for this');
  },
  openRuns: (): never => {
    throw new Error('AWS is not needed for this');
  },
  openAccess: (): never => {
    throw new Error('AWS is not needed for this');
  },
  now: () => new Date().toISOString(),
};

/** A terminal that keeps what is written, and answers as it is told. */
export class FakeTerminal implements Terminal {
  readonly written: string[] = [];
  readonly errors: string[] = [];
  readonly questions: string[] = [];
  readonly told: string[] = [];
  width?: number;
  isInteractive = false;
  answer = false;
  /** Ctrl-C, when it is aborted. */
  readonly interruption = new AbortController();

  out = (text: string) => void this.written.push(text);
  err = (text: string) => void this.errors.push(text);
  progress = (text: string) => void this.told.push(text);
  style = (_format: unknown, text: string) => text;

  leavable = <T>(run: (signal: AbortSignal) => Promise<T>) => run(this.interruption.signal);

  async confirm(question: string): Promise<boolean> {
    this.questions.push(question);
    return this.answer;
  }

  get output(): string {
    return this.written.join('\n');
  }

  get errorOutput(): string {
    return this.errors.join('\n');
  }
}
