/** Rules that fire by the clock. */
import type { VirtualClock } from '../core/clock.ts';
import { nextFiring, parseCron } from './cron.ts';
import type { Rule } from './registry.ts';
import { routedEvent } from './routed-event.ts';
import type { Router } from './router.ts';
import { invalidSchedule } from './validation.ts';

const RATE = /^rate\((\d+) (minute|hour|day)(s?)\)$/;
const MILLISECONDS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The period of `rate(value unit)` in milliseconds. The unit is singular for 1 and plural above (EventBridge user guide, eb-rate-expressions).
 * Throws ValidationException.
 */
export function ratePeriod(expression: string): number {
  const [, digits, unit, plural] = RATE.exec(expression) ?? [];
  const value = Number(digits);
  const period = value * (MILLISECONDS[unit ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(period) || value < 1 || (value === 1) === (plural === 's')) {
    throw invalidSchedule();
  }
  return period;
}

/** The first firing after an instant, both in milliseconds since 1970; undefined when there is none. */
export type Schedule = (after: number) => number | undefined;

/** `cron(...)` or `rate(...)`. Throws what `parseCron` and `ratePeriod` throw. */
export function compileSchedule(expression: string): Schedule {
  if (!expression.startsWith('cron(')) {
    const period = ratePeriod(expression);
    return after => after + period;
  }
  const cron = parseCron(expression);
  return after => nextFiring(cron, after);
}

export class Scheduler {
  readonly #clock: VirtualClock;
  readonly #router: Router;

  constructor(clock: VirtualClock, router: Router) {
    this.#clock = clock;
    this.#router = router;
  }

  /** Starts the rule's schedule anew, if it has one and is enabled: the first firing of a rate is one period from now. Stops it otherwise. */
  restart(rule: Rule): void {
    this.stop(rule);
    if (!rule.scheduleExpression || rule.state === 'DISABLED') return;
    this.#arm(rule, compileSchedule(rule.scheduleExpression), this.#clock.now());
  }

  stop(rule: Rule): void {
    rule.nextFiring?.cancel();
    rule.nextFiring = undefined;
  }

  /**
   * The next firing counts from the instant the last one was due: a rate does not drift, and a clock that jumps over several leaves none out.
   * Simplification: a rule fires at the very instant; on AWS a cron's firing comes some time within its minute.
   */
  #arm(rule: Rule, schedule: Schedule, after: number): void {
    const due = schedule(after);
    if (due === undefined) return;
    rule.nextFiring = this.#clock.at(due, () => {
      this.#arm(rule, schedule, due);
      this.#fire(rule, due);
    });
  }

  #fire(rule: Rule, due: number): void {
    const event = routedEvent(
      {
        id: crypto.randomUUID(),
        source: 'aws.events',
        detailType: 'Scheduled Event',
        account: rule.bus.account,
        time: due,
        resources: [rule.arn],
        detail: {},
        detailText: '{}',
      },
      due,
    );
    void this.#router.fire(rule, event);
  }
}
