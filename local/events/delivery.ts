/** Hands events to targets: at once, again after failures, and to the dead-letter queue in the end. */
import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { SendToQueue } from '../core/ports.ts';
import { classifyFailure, type DeliveryFailure } from './delivery-errors.ts';
import type { Rule, RuleTarget } from './registry.ts';
import type { RoutedEvent } from './routed-event.ts';

/** Defaults and ceilings of a target's RetryPolicy. Source: EventBridge API reference, RetryPolicy. */
export const MAX_RETRY_ATTEMPTS = 185;
export const MAX_EVENT_AGE_SECONDS = 86_400;

/**
 * The longest wait between attempts. EventBridge does not publish its waits: they double from a second, with jitter, so that 185 attempts
 * fill about a day. Simplification: no jitter, so that a run can be repeated.
 */
const LONGEST_WAIT_SECONDS = 480;

export function waitBeforeRetry(retry: number): number {
  return Math.min(2 ** (retry - 1), LONGEST_WAIT_SECONDS) * 1000;
}

interface Delivery {
  rule: Rule;
  target: RuleTarget;
  event: RoutedEvent;
  /** How many attempts have failed. */
  failures: number;
  last: DeliveryFailure | undefined;
}

/** Gives the event to the target. Rejects with what the target answers. */
export type Send = (rule: Rule, target: RuleTarget, event: RoutedEvent) => Promise<void> | void;

export class Deliveries {
  readonly #clock: VirtualClock;
  readonly #activity: Activity;
  readonly #sendToQueue: SendToQueue;
  readonly #send: Send;

  constructor(ports: { clock: VirtualClock; activity: Activity; sendToQueue: SendToQueue; send: Send }) {
    this.#clock = ports.clock;
    this.#activity = ports.activity;
    this.#sendToQueue = ports.sendToQueue;
    this.#send = ports.send;
  }

  /** Resolves after the first attempt, whatever came of it. The attempt counts as activity from this call on; a wait for another does not. */
  async start(rule: Rule, target: RuleTarget, event: RoutedEvent): Promise<void> {
    const end = this.#activity.begin(`event ${event.envelope.id} to ${target.wire.Arn}`);
    try {
      // Delivery is asynchronous: whoever put the event has its answer first.
      await new Promise(resolve => setImmediate(resolve));
      await this.#attempt({ rule, target, event, failures: 0, last: undefined });
    } finally {
      end();
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { rule, target, event } = delivery;
    try {
      await this.#send(rule, target, event);
    } catch (error) {
      delivery.failures++;
      delivery.last = classifyFailure(error);
      if (delivery.last.isPermanent) await this.#giveUp(delivery, undefined);
      else await this.#retryLater(delivery);
    }
  }

  async #retryLater(delivery: Delivery): Promise<void> {
    const policy = delivery.target.wire.RetryPolicy ?? {};
    if (delivery.failures > (policy.MaximumRetryAttempts ?? MAX_RETRY_ATTEMPTS)) {
      return this.#giveUp(delivery, 'MaximumRetryAttempts');
    }
    const tooOld = delivery.event.receivedAt + (policy.MaximumEventAgeInSeconds ?? MAX_EVENT_AGE_SECONDS) * 1000;
    const due = this.#clock.now() + waitBeforeRetry(delivery.failures);
    if (due > tooOld) this.#at(tooOld, delivery, () => this.#giveUp(delivery, 'MaximumEventAgeInSeconds'));
    else this.#at(due, delivery, () => this.#attempt(delivery));
  }

  #at(instant: number, delivery: Delivery, run: () => Promise<void>): void {
    const label = `event ${delivery.event.envelope.id} again to ${delivery.target.wire.Arn}`;
    this.#clock.at(instant, () => void this.#activity.track(label, run));
  }

  /** To the dead-letter queue; without one, or when it refuses too, the event is dropped. */
  async #giveUp(delivery: Delivery, exhausted: string | undefined): Promise<void> {
    const { rule, target, event, failures, last } = delivery;
    const queue = target.wire.DeadLetterConfig?.Arn;
    if (!queue) return;
    try {
      // The attributes: EventBridge user guide, eb-rule-dlq. The body is the event as the rule saw it.
      await this.#sendToQueue(queue, event.text, {
        RULE_ARN: rule.arn,
        TARGET_ARN: target.wire.Arn,
        ERROR_CODE: last!.code,
        ERROR_MESSAGE: last!.message,
        ...(exhausted ? { EXHAUSTED_RETRY_CONDITION: exhausted } : {}),
        RETRY_ATTEMPTS: String(failures - 1),
      });
    } catch {
      // EventBridge counts InvocationsFailedToBeSentToDlq and drops the event; the mesh has no metrics.
    }
  }
}
