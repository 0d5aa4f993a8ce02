import type { Terminal } from '../../../cli/terminal.ts';

/** A terminal that keeps what is written, and answers as it is told. */
export class FakeTerminal implements Terminal {
  readonly written: string[] = [];
  readonly errors: string[] = [];
  readonly questions: string[] = [];
  isInteractive = false;
  answer = false;

  out = (text: string) => void this.written.push(text);
  err = (text: string) => void this.errors.push(text);
  style = (_format: unknown, text: string) => text;

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
