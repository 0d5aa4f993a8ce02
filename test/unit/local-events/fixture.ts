import { Activity } from '../../../local/core/activity.ts';
import type { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import type { DeliverToTarget } from '../../../local/core/ports.ts';
import { type Access, administrator, type Wire } from '../../../local/core/service.ts';
import { createEventBridge } from '../../../local/events/event-bridge.ts';

export const HUB = '111111111111';
export const SPOKE = '222222222222';
export const OTHER = '333333333333';

export const queue = (name: string, account = HUB) => `arn:aws:sqs:us-east-1:${account}:${name}`;
export const busArn = (name: string, account = HUB) => `arn:aws:events:us-east-1:${account}:event-bus/${name}`;

/** An EventBridge whose targets are lists, with every answer of its neighbours in the test's hands. */
export function startEventBridge() {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const delivered: (Parameters<DeliverToTarget>[0] & { event: Wire; at: number })[] = [];
  const deadLetters: { queue: string; body: string; attributes: Record<string, string>; at: number }[] = [];
  const asked: { access: Access; callerAccount: string; viaRule: boolean }[] = [];
  const roleCalls: { roleArn: string; access: Access }[] = [];
  const answers = {
    deliver: (_targetArn: string): void | Promise<void> => {},
    mayPutEvents: (access: Access, _callerAccount: string) => access.resourcePolicy !== undefined,
    requireRole: (_roleArn: string): void => {},
    sendToQueue: (): void => {},
  };
  const { service, emitNative } = createEventBridge({
    clock,
    activity,
    async deliver(delivery) {
      await answers.deliver(delivery.targetArn);
      delivered.push({ ...delivery, event: JSON.parse(delivery.payload), at: clock.now() });
    },
    async sendToQueue(queueArn, body, attributes = {}) {
      answers.sendToQueue();
      deadLetters.push({ queue: queueArn, body, attributes, at: clock.now() });
    },
    requireRole(roleArn, access) {
      roleCalls.push({ roleArn, access });
      answers.requireRole(roleArn);
    },
    mayPutEvents(access, callerAccount, viaRule) {
      asked.push({ access, callerAccount, viaRule });
      return answers.mayPutEvents(access, callerAccount);
    },
    hasAccount: account => [HUB, SPOKE, OTHER].includes(account),
  });

  const call = (operation: string, input: Wire = {}, account = HUB): Wire =>
    service.operations[operation]!.run(input, administrator(account));

  return {
    service,
    emitNative,
    activity,
    clock,
    delivered,
    deadLetters,
    asked,
    roleCalls,
    answers,
    call,
    access: (operation: string, input: Wire, account = HUB) =>
      service.operations[operation]!.access(input, administrator(account)) as Access[],
    /** The error of a call that is refused. */
    refusal(operation: string, input: Wire = {}, account = HUB): AwsError {
      try {
        call(operation, input, account);
      } catch (error) {
        return error as AwsError;
      }
      throw new Error(`${operation} was not refused`);
    },
    /** A rule with one target, on the default bus unless told otherwise. */
    rule(name: string, pattern: Wire, target: Wire, options: { bus?: string; account?: string; state?: string } = {}) {
      const EventBusName = options.bus;
      const EventPattern = JSON.stringify(pattern);
      const { RuleArn } = call(
        'PutRule',
        { Name: name, EventPattern, EventBusName, State: options.state },
        options.account,
      );
      call('PutTargets', { Rule: name, EventBusName, Targets: [{ Id: 'one', ...target }] }, options.account);
      return RuleArn as string;
    },
    /** Puts one event and lets everything that it starts come to rest. */
    async put(entry: Wire, account = HUB): Promise<Wire> {
      const answer = call(
        'PutEvents',
        { Entries: [{ Source: 'test', DetailType: 'Test', Detail: '{}', ...entry }] },
        account,
      );
      await activity.idle();
      return answer.Entries[0];
    },
    allow(bus: string, from: string, account = HUB) {
      call(
        'PutPermission',
        { EventBusName: bus, Action: 'events:PutEvents', Principal: from, StatementId: from },
        account,
      );
    },
  };
}

export type EventBridgeFixture = ReturnType<typeof startEventBridge>;
