import type { Activity } from './activity.ts';

export interface Timer {
  cancel(): void;
}

interface Entry {
  due: number;
  order: number;
  run: () => void;
}

/**
 * The mesh's clock. It runs at real speed, shifted by an offset that `advance` grows: every wait of every service stands on it.
 * Functions see the same time, through the shared offset (milliseconds, one Float64).
 */
export class VirtualClock {
  readonly sharedOffset = new SharedArrayBuffer(8);
  readonly #offset = new Float64Array(this.sharedOffset);
  readonly #activity: Activity;
  /** Kept sorted, the earliest first. */
  #entries: Entry[] = [];
  #order = 0;
  #wake: NodeJS.Timeout | undefined;
  #advancing: Promise<void> = Promise.resolve();
  #isAdvancing = false;

  constructor(activity: Activity) {
    this.#activity = activity;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offset[0]!;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }

  /** Runs `run` once when the clock reaches `due` (milliseconds since 1970), in the order of `due`. */
  at(due: number, run: () => void): Timer {
    const entry: Entry = { due, order: this.#order++, run };
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#entries[middle]!;
      if (other.due < due || (other.due === due && other.order < entry.order)) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    if (low === 0) this.#arm();
    return { cancel: () => this.#remove(entry) };
  }

  after(milliseconds: number, run: () => void): Timer {
    return this.at(this.now() + milliseconds, run);
  }

  /** Moves the clock, stopping at every timer on the way and letting what it starts come to rest. Calls queue behind each other. */
  advance(seconds: number): Promise<void> {
    const next = this.#advancing.then(() => this.#advance(seconds));
    this.#advancing = next.catch(() => {});
    return next;
  }

  stop(): void {
    clearTimeout(this.#wake);
    this.#entries = [];
  }

  async #advance(seconds: number): Promise<void> {
    this.#isAdvancing = true;
    try {
      await this.#activity.idle();
      const target = this.now() + seconds * 1000;
      for (let next = this.#entries[0]; next && next.due <= target; next = this.#entries[0]) {
        this.#jumpTo(next.due);
        if (this.#runDue()) await this.#activity.idle();
      }
      this.#jumpTo(target);
      this.#runDue();
      await this.#activity.idle();
    } finally {
      this.#isAdvancing = false;
      this.#arm();
    }
  }

  #jumpTo(instant: number): void {
    const ahead = instant - this.now();
    if (ahead > 0) this.#offset[0] = this.#offset[0]! + ahead;
  }

  #runDue(): boolean {
    let ran = false;
    for (let next = this.#entries[0]; next && next.due <= this.now(); next = this.#entries[0]) {
      this.#entries.shift();
      ran = true;
      next.run();
    }
    return ran;
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }

  #arm(): void {
    clearTimeout(this.#wake);
    if (this.#isAdvancing) return;
    const first = this.#entries[0];
    if (!first) return;
    // setTimeout takes 31 bits; a longer wait is armed again when it wakes.
    const wait = Math.min(Math.max(0, first.due - this.now()), 2 ** 31 - 1);
    this.#wake = setTimeout(() => {
      this.#runDue();
      this.#arm();
    }, wait);
    this.#wake.unref();
  }
}
