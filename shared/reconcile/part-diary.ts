import { AtOnce } from '../catalog/at-once.ts';
import { tell } from '../telling/outbox.ts';
import type { ToldEvent } from '../telling/told-event.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import {
  type Counts,
  type Difference,
  type DifferenceKind,
  NO_COUNTS,
  type PartReport,
  type Run,
} from './reconcile-run.ts';
import { driftEvent, keepAndTell, MOST_TOLD } from './tell-drift.ts';

/** Differences that a report shows; the counts have all. */
const SHOWN_DIFFERENCES = 50;

/** What could not be repaired at first and is tried again at the end. A service that is down for longer leaves the rest to the next run. */
const MOST_TRIED_AGAIN = 1_000;
const REPAIRS_AT_ONCE = 8;

const COUNTED_AS: Record<DifferenceKind, keyof Counts> = {
  missing: 'missing',
  different: 'different',
  extra: 'extra',
  partitions: 'partitions',
  quarantine: 'quarantine',
  foreign: 'foreign',
  database: 'databases',
};

/** A difference, before anybody has repaired or left it. */
export type Seen = Omit<Difference, 'repaired' | 'reason'>;

export interface Repair {
  /** The difference as a look at the thing itself shows it; undefined: there is none. Changes nothing. */
  confirm(): Promise<Seen | undefined>;
  /** @returns false when there was nothing to repair any more */
  repair(): Promise<boolean>;
}

/** Counts what comparing a database comes to, sees to its being repaired, and tells of it. */
export class PartDiary {
  readonly #services: ReconcileServices;
  readonly #run: Run;
  readonly report: PartReport;
  readonly #tryAgain: { difference: Seen; how: Repair }[] = [];

  /** @param report as it was before; it is written on */
  constructor(services: ReconcileServices, run: Run, report: PartReport) {
    this.#services = services;
    this.#run = run;
    this.report = { ...report, counts: { ...NO_COUNTS, ...report.counts }, differences: [...report.differences] };
  }

  count(name: keyof Counts): void {
    this.report.counts[name]++;
  }

  /** A difference that is not to be repaired. */
  async leave(difference: Omit<Difference, 'repaired'>): Promise<void> {
    const left = { ...difference, repaired: false };
    if (this.#isTold(difference.kind)) await keepAndTell(this.#services, this.#event(left));
    this.#note(left);
  }

  /** A difference that an earlier try of this step has repaired, and told. */
  wasRepaired(difference: Omit<Difference, 'repaired'>): void {
    this.#note({ ...difference, repaired: true });
  }

  /** Repairs a difference, where it is still there. One that cannot be repaired now is tried again at the end. */
  async repair(difference: Seen, how: Repair): Promise<void> {
    try {
      await this.#tryRepair(difference, how);
    } catch (fault) {
      if (this.#tryAgain.length < MOST_TRIED_AGAIN) this.#tryAgain.push({ difference, how });
      else await this.#leaveFailed(difference, fault);
    }
  }

  /** Tries once more what could not be repaired. What cannot be now either is left, and told. */
  async end(): Promise<void> {
    const work = new AtOnce(REPAIRS_AT_ONCE);
    for (const { difference, how } of this.#tryAgain.splice(0))
      await work.start(() =>
        this.#tryRepair(difference, how).catch((fault: unknown) => this.#leaveFailed(difference, fault)),
      );
    await work.end();
  }

  /** The event is kept before the repair: a process that dies after it would find no difference any more. */
  async #tryRepair(shown: Seen, { confirm, repair }: Repair): Promise<void> {
    const { dryRun } = this.#run.request;
    const difference = dryRun || this.#isDrift(shown.kind) ? await confirm() : shown;
    if (!difference) return;
    if (dryRun) return this.#note({ ...difference, repaired: false });
    const repaired = { ...difference, repaired: true };
    const event = this.#isTold(difference.kind) ? this.#event(repaired) : undefined;
    if (event) await this.#services.outbox.keep(event);
    if (await repair()) {
      this.#note(repaired);
      if (event) await tell(this.#services, [event]);
    } else if (event) await this.#services.outbox.clear([event.eventId]);
  }

  #leaveFailed(difference: Seen, fault: unknown): Promise<void> {
    return this.leave({ ...difference, reason: (fault as Error).message });
  }

  #event(difference: Difference): ToldEvent {
    return driftEvent(this.#services, this.#run, this.report, difference);
  }

  #note(difference: Difference): void {
    const { counts, differences } = this.report;
    counts[COUNTED_AS[difference.kind]]++;
    counts[difference.repaired ? 'repaired' : 'left']++;
    if (differences.length < SHOWN_DIFFERENCES) differences.push(difference);
    if (!this.#isDrift(difference.kind) || this.#run.request.dryRun) return;
    this.#services.measure('CatalogDrift', 1);
    this.report.drift++;
  }

  /** Where a domain joins, all of its tables are missing. */
  #isDrift(kind: DifferenceKind): boolean {
    return this.#run.request.reason !== 'onboarding' || !(kind === 'missing' || kind === 'quarantine');
  }

  #isTold(kind: DifferenceKind): boolean {
    return !this.#run.request.dryRun && this.#isDrift(kind) && this.report.drift < MOST_TOLD;
  }
}
