/** Rules that fire by the clock. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Rule } from './registry.ts';
import { routedEvent } from './routed-event.ts';
import type { Router } from './router.ts';
import { invalid } from './validation.ts';

const RATE = /^rate\((\d+) (minute|hour|day)(s?)\)$/;
const MILLISECONDS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The period of `rate(value unit)` in milliseconds. The unit is singular for 1 and plural above (EventBridge user guide, eb-rate-expressions).
 * Throws ValidationException, and says that the local mesh has no `cron(...)`.
 */
export function ratePeriod(expression: string): number {
  if (/^cron\(.*\)$/.test(expression)) throw notInLocalMesh(`the schedule ${expression}: cron schedules of rules`);
  const [, digits, unit, plural] = RATE.exec(expression) ?? [];
  const value = Number(digits);
  const period = value * (MILLISECONDS[unit ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(period) || value < 1 || (value === 1) === (plural === 's')) {
    throw invalid('Parameter ScheduleExpression is not valid.');
  }
  return period;
}

export class Scheduler {
  readonly #clock: VirtualClock;
  readonly #router: Router;

  constructor(clock: VirtualClock, router: Router) {
    this.#clock = clock;
    this.#router = router;
  }

  /** Starts the rule's schedule anew, if it has one and is enabled: the first firing is one period from now. Stops it otherwise. */
  restart(rule: Rule): void {
    rule.nextFiring?.cancel();
    rule.nextFiring = undefined;
    if (!rule.scheduleExpression || rule.state === 'DISABLED') return;
    const period = ratePeriod(rule.scheduleExpression);
    this.#arm(rule, this.#clock.now() + period, period);
  }

  stop(rule: Rule): void {
    rule.nextFiring?.cancel();
    rule.nextFiring = undefined;
  }

  /** The next firing counts from the instant this one was due, so that the schedule does not drift. */
  #arm(rule: Rule, due: number, period: number): void {
    rule.nextFiring = this.#clock.at(due, () => {
      this.#arm(rule, due + period, period);
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
