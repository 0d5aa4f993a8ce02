/** What a bus does with an event: archives it, finds the rules that match, and hands it to their targets. */
import type { Activity } from '../core/activity.ts';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { DeliverToTarget, RequireRole, SendToQueue } from '../core/ports.ts';
import type { Access } from '../core/service.ts';
import { forgetExpired } from './archives.ts';
import { Deliveries } from './delivery.ts';
import { EventFields, matches } from './pattern-match.ts';
import { type Bus, busArn, parseBusArn, type Registry, type Rule, type RuleTarget } from './registry.ts';
import type { RoutedEvent } from './routed-event.ts';

/** Whether a bus's policy (in `access`) lets an account put events, directly or through a rule. */
export type MayPutEvents = (access: Access, callerAccount: string, viaRule: boolean) => boolean;

export interface RouterPorts {
  clock: VirtualClock;
  activity: Activity;
  deliver: DeliverToTarget;
  requireRole: RequireRole;
  sendToQueue: SendToQueue;
  mayPutEvents: MayPutEvents;
}

export class Router {
  readonly #registry: Registry;
  readonly #ports: RouterPorts;
  readonly #deliveries: Deliveries;

  constructor(registry: Registry, ports: RouterPorts) {
    this.#registry = registry;
    this.#ports = ports;
    this.#deliveries = new Deliveries({ ...ports, send: (rule, target, event) => this.#send(rule, target, event) });
  }

  /** An event arrives at a bus. `onlyRules` (ARNs) is a replay's filter. Resolves when every target was tried once. */
  async route(bus: Bus, event: RoutedEvent, onlyRules?: ReadonlySet<string>): Promise<void> {
    const fields = new EventFields(event.envelope);
    // On AWS an archive is fed by a managed rule with the pattern {"replay-name": [{"exists": false}]}.
    if (event.envelope['replay-name'] === undefined) this.#archive(bus, event, fields);
    const attempts: Promise<void>[] = [];
    for (const rule of candidates(bus, event.envelope.source)) {
      if (onlyRules && !onlyRules.has(rule.arn)) continue;
      if (!sees(rule, event) || !matches(rule.pattern!, fields)) continue;
      for (const target of rule.targets.values()) attempts.push(this.#deliveries.start(rule, target, event));
    }
    if (attempts.length > 0) await Promise.all(attempts);
  }

  /** A rule's schedule fires: the event goes to its own targets, not over the bus. */
  async fire(rule: Rule, event: RoutedEvent): Promise<void> {
    await Promise.all([...rule.targets.values()].map(target => this.#deliveries.start(rule, target, event)));
  }

  #archive(bus: Bus, event: RoutedEvent, fields: EventFields): void {
    for (const archive of this.#registry.archivesOf(bus)) {
      if (archive.pattern && !matches(archive.pattern, fields)) continue;
      const now = this.#ports.clock.now();
      forgetExpired(archive, now).events.add(event.text, event.time, now);
    }
  }

  #send(rule: Rule, target: RuleTarget, event: RoutedEvent): Promise<void> | void {
    if (parseBusArn(target.wire.Arn)) return this.#forward(rule, target, event);
    return this.#ports.deliver({
      targetArn: target.wire.Arn,
      eventId: event.envelope.id,
      ruleArn: rule.arn,
      ruleAccount: rule.bus.account,
      roleArn: target.wire.RoleArn,
      payload: target.payloadOf(event),
      messageGroupId: target.wire.SqsParameters?.MessageGroupId,
    });
  }

  /**
   * To another bus. What AWS asks for (EventBridge user guide):
   * - another account's bus must allow the sender in its policy (eb-cross-account); the role of the target, if it has one, must allow the call too;
   * - a bus of the same account needs either the role or the policy (eb-bus-to-bus);
   * - "EventBridge can't route events received from a sender event bus to a third event bus" (eb-bus-to-bus): dead letters say
   *   THIRD_ACCOUNT_HOP_DETECTED.
   */
  #forward(rule: Rule, target: RuleTarget, event: RoutedEvent): void {
    const name = parseBusArn(target.wire.Arn)!;
    if (event.isForwarded) {
      throw new AwsError(
        'THIRD_ACCOUNT_HOP_DETECTED',
        'Events received from another event bus cannot be forwarded to this event bus.',
      );
    }
    const destination = this.#registry.bus(name);
    const roleArn: string | undefined = target.wire.RoleArn;
    const access: Access = {
      action: 'events:PutEvents',
      resource: busArn(name),
      context: {
        'events:source': [event.envelope.source],
        'events:detail-type': event.envelope['detail-type'],
        'events:eventBusInvocation': 'true',
        'aws:SourceArn': rule.arn,
        ...(roleArn ? { 'aws:PrincipalArn': roleArn } : {}),
      },
      resourcePolicy: destination.policy,
    };
    if (roleArn) this.#ports.requireRole(roleArn, access);
    const sender = rule.bus.account;
    const isRoleEnough = roleArn !== undefined && destination.account === sender;
    if (!isRoleEnough && !this.#ports.mayPutEvents(access, sender, true)) {
      throw new AwsError(
        'AccessDeniedException',
        `The policy of ${destination.arn} does not allow ${sender} to put events.`,
      );
    }
    // What the bus does with it is tracked by its own deliveries.
    void this.route(destination, { ...event, isForwarded: true });
  }
}

function candidates(bus: Bus, source: string): Rule[] {
  bus.ruleIndex ??= indexRules(bus);
  const { bySource, anySource } = bus.ruleIndex;
  const named = bySource.get(source);
  if (!named) return anySource;
  return anySource.length > 0 ? [...named, ...anySource] : named;
}

function indexRules(bus: Bus): NonNullable<Bus['ruleIndex']> {
  const bySource = new Map<string, Rule[]>();
  const anySource: Rule[] = [];
  for (const rule of bus.rules.values()) {
    if (!rule.pattern || rule.state === 'DISABLED') continue;
    if (!rule.pattern.sources) anySource.push(rule);
    for (const source of rule.pattern.sources ?? []) {
      const rules = bySource.get(source);
      if (rules) rules.push(rule);
      else bySource.set(source, [rule]);
    }
  }
  return { bySource, anySource };
}

/**
 * Read-only management events that come through CloudTrail (`GetDataAccess`) go only to rules in the state made for them, on any bus.
 * Source: EventBridge API reference, PutRule, State.
 */
function sees(rule: Rule, { envelope }: RoutedEvent): boolean {
  if (rule.state === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS') return true;
  return !(envelope['detail-type'] === 'AWS API Call via CloudTrail' && envelope.detail?.readOnly === true);
}
