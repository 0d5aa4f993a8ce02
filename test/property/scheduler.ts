import { setImmediate } from 'node:timers/promises';
import type { Decisions, Outcome, Turn } from './decisions.ts';

/** Keeps histories in which many wait for one short. */
const SHORTEST_PAUSE_MILLISECONDS = 1000;
const NEXT_TURN: Turn = { milliseconds: 20, pick: 0 };
const FINE: Outcome = { fate: 'ok', lateness: 0 };

/** How long a call that was sent may take to land when nobody waits for its answer any more. Source: `shared/aws/clients.ts`, `ledger.ts`. */
const LANDING_MILLISECONDS = 60_000;
const CLIENT_GIVES_UP_MILLISECONDS = 30_000;

/** A function's invocation: it makes no call after it died. */
export interface Process {
  readonly name: string;
  readonly startedAt: number;
  /** When it is killed, as a function that ran out of its time. */
  readonly deadline: number;
  isAlive: boolean;
}

export interface PortCall<T = unknown> {
  name: string;
  /** Which of the history's outcomes is its own. */
  kind: 'lake' | 'ledger' | 'other';
  /** Has the call's effect at once. */
  effect(): Promise<T>;
  /** For a transaction: has its effect so that others see half of it until `finish`. `isFirst` chooses which half. */
  inPieces?(isFirst: boolean): Promise<{ result: T; finish(): void }>;
  /** What it answers when it is dropped; left out: it cannot be. */
  dropped?: T;
}

interface Waiting {
  process: Process;
  call: PortCall;
  resolve(value: unknown): void;
  reject(fault: unknown): void;
}

interface Timer {
  at: number;
  order: number;
  run(): void;
}

/**
 * Runs processes interleaved on a clock of its own. Every call of a port is a step: a process is paused at it until the history's decisions
 * take it on, and others run meanwhile. When the decisions are used up, everything runs on undisturbed.
 */
export class Scheduler {
  readonly #notes: { at: number; process: Process; what: string }[] = [];
  /** Called after every effect. */
  onEffect: () => void = () => {};
  now: number;
  readonly #decisions: Decisions;
  readonly #used = { turns: 0, lake: 0, ledger: 0, other: 0 };
  #order = 0;
  #isCalm = false;
  readonly #waiting: Waiting[] = [];
  readonly #timers: Timer[] = [];

  constructor(start: number, decisions: Decisions) {
    this.now = start;
    this.#decisions = decisions;
  }

  /** From now on nothing goes wrong. */
  calm(): void {
    this.#isCalm = true;
  }

  at(instant: number, run: () => void): void {
    this.#timers.push({ at: instant, order: this.#order++, run });
    this.#timers.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  /**
   * Starts a process that is killed after so many milliseconds.
   * @param ended told how it ended: with its result, with a fault, or killed
   */
  start<T>(
    name: string,
    milliseconds: number,
    run: (process: Process) => Promise<T>,
    ended: { done?(result: T): void; failed?(fault: unknown): void; killed?(): void } = {},
  ): Process {
    const process: Process = { name, startedAt: this.now, deadline: this.now + milliseconds, isAlive: true };
    const finish = (tell: () => void) => {
      if (!process.isAlive) return;
      process.isAlive = false;
      tell();
    };
    this.#note(process, 'starts');
    run(process).then(
      result => finish(() => ended.done?.(result)),
      fault => finish(() => ended.failed?.(fault)),
    );
    this.at(process.deadline, () => {
      if (!process.isAlive) return;
      this.#kill(process, this.#outcome('lake'));
    });
    this.#onKill.set(process, () => ended.killed?.());
    return process;
  }

  readonly #onKill = new Map<Process, () => void>();

  /** A port's call: has no effect until its step comes. */
  step<T>(process: Process, call: PortCall<T>): Promise<T> {
    if (!process.isAlive) return new Promise(() => {});
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ process, call, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Lets a process wait, as long as it asked for or somewhat longer. */
  pause(process: Process, milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      this.at(this.now + Math.max(milliseconds, SHORTEST_PAUSE_MILLISECONDS), () => {
        if (process.isAlive) resolve();
      });
    });
  }

  /** Runs all that comes up to an instant, and what it began. */
  async runUntil(instant: number): Promise<void> {
    for (;;) {
      await setImmediate();
      if (this.#waiting.length > 0) {
        const turn = (this.#isCalm ? undefined : this.#decisions.turns[this.#used.turns++]) ?? NEXT_TURN;
        await this.#passTime(this.now + turn.milliseconds);
        const [waiting] = this.#waiting.splice(turn.pick % Math.max(this.#waiting.length, 1), 1);
        if (waiting) await this.#meet(waiting, this.#outcome(waiting.call.kind));
        continue;
      }
      const next = this.#timers[0];
      if (!next || next.at > instant) return;
      await this.#passTime(next.at);
    }
  }

  async #passTime(until: number): Promise<void> {
    for (let timer = this.#timers[0]; timer && timer.at <= until; timer = this.#timers[0]) {
      this.#timers.shift();
      this.now = Math.max(this.now, timer.at);
      timer.run();
      await setImmediate();
    }
    this.now = Math.max(this.now, until);
  }

  #outcome(kind: PortCall['kind']): Outcome {
    if (this.#isCalm) return FINE;
    return this.#decisions[kind][this.#used[kind]++] ?? FINE;
  }

  async #meet(waiting: Waiting, { fate, lateness }: Outcome): Promise<void> {
    const { process, call, resolve, reject } = waiting;
    this.#note(process, `${call.name} ${fate}`);
    switch (fate) {
      case 'ok':
        return this.#land(waiting, resolve);
      case 'refused':
        return reject(portFault('ThrottlingException', call));
      case 'lost-answer':
        return this.#land(waiting, () => reject(portFault('ECONNRESET', call)));
      case 'timed-out':
        this.at(this.now + CLIENT_GIVES_UP_MILLISECONDS, () => reject(portFault('TimeoutError', call)));
        this.#landLater(process, call, CLIENT_GIVES_UP_MILLISECONDS * (1 + lateness));
        return;
      case 'dropped':
        return 'dropped' in call ? resolve(call.dropped) : this.#land(waiting, resolve);
      case 'crash-before':
        return this.#kill(process);
      case 'crash-after':
        await this.#land(waiting, resolve);
        return this.#kill(process);
      case 'late':
        this.#landLater(process, call, (process.deadline + LANDING_MILLISECONDS - this.now) * lateness);
        return this.#kill(process);
      case 'in-pieces':
        return call.inPieces
          ? this.#landInPieces(call.inPieces(lateness < 0.5), resolve, reject)
          : this.#land(waiting, resolve);
    }
  }

  async #land({ process, call, reject }: Waiting, resolve: (value: unknown) => void): Promise<void> {
    await call.effect().then(resolve, (fault: unknown) => {
      this.#note(process, `${call.name} says ${fault instanceof Error ? fault.message : fault}`);
      reject(fault);
    });
    this.onEffect();
  }

  #landLater(process: Process, call: PortCall, milliseconds: number): void {
    this.at(this.now + Math.floor(milliseconds), () => {
      this.#note(process, `${call.name} lands`);
      void call.effect().catch(() => {});
      this.onEffect();
    });
  }

  async #landInPieces(
    middle: Promise<{ result: unknown; finish(): void }>,
    resolve: (value: unknown) => void,
    reject: (fault: unknown) => void,
  ): Promise<void> {
    try {
      const { result, finish } = await middle;
      this.at(this.now + 100, () => {
        finish();
        resolve(result);
      });
    } catch (fault) {
      reject(fault);
    }
  }

  /** @param late its other calls were sent, and may land; left out: they were not. */
  #kill(process: Process, late?: Outcome): void {
    if (!process.isAlive) return;
    process.isAlive = false;
    this.#note(process, 'is dead');
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      const waiting = this.#waiting[index];
      if (waiting?.process !== process) continue;
      this.#waiting.splice(index, 1);
      if (late?.fate === 'late') this.#landLater(process, waiting.call, LANDING_MILLISECONDS * late.lateness);
    }
    this.#onKill.get(process)?.();
  }

  #note(process: Process, what: string): void {
    this.#notes.push({ at: this.now, process, what });
  }

  /** All steps so far, a line each, for people. */
  log(): string[] {
    const time = (at: number) => new Date(at).toISOString().slice(11, 23);
    return this.#notes.map(({ at, process, what }) => `${time(at)} ${process.name}: ${what}`);
  }
}

function portFault(name: string, call: PortCall): Error {
  return Object.assign(new Error(`${call.name}: ${name}`), { name });
}
