/** The local mesh's Amazon EventBridge: buses, rules, schedules, archives. */
import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { DeliverToTarget, EmitNative, RequireRole, SendToQueue } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { archiveOperations } from './archives.ts';
import { busOperations } from './buses.ts';
import { permissionOperations } from './permissions.ts';
import { nativeEmitter, putEvents } from './put-events.ts';
import { Registry } from './registry.ts';
import { replayOperations } from './replays.ts';
import { type MayPutEvents, Router } from './router.ts';
import { ruleOperations } from './rules.ts';
import { Scheduler } from './schedule.ts';
import { targetOperations } from './targets.ts';

export interface EventBridgePorts {
  clock: VirtualClock;
  activity: Activity;
  /** For every target that is not an event bus. */
  deliver: DeliverToTarget;
  /** For a bus target that names a role. */
  requireRole: RequireRole;
  /** Dead letters. */
  sendToQueue: SendToQueue;
  /** For events that a rule forwards: whether the bus's policy, in `access`, lets the rule's account put them. */
  mayPutEvents: MayPutEvents;
  hasAccount: (account: string) => boolean;
}

/**
 * Makes the service (`events`) and the function by which other services put their native events on an account's default bus.
 * Every account of the mesh has the bus `default`. Operations throw AwsError in EventBridge's words.
 * Simplifications: no tags, no partner sources, no encryption, no managed rules, no connections or API destinations.
 */
export function createEventBridge(ports: EventBridgePorts): { service: Service; emitNative: EmitNative } {
  const { clock, activity } = ports;
  const registry = new Registry(ports.hasAccount, () => clock.now());
  const router = new Router(registry, ports);
  const scheduler = new Scheduler(clock, router);
  const service: Service = {
    id: 'events',
    operations: {
      PutEvents: putEvents(registry, router, clock),
      ...busOperations(registry),
      ...permissionOperations(registry, clock),
      ...ruleOperations(registry, scheduler),
      ...targetOperations(registry),
      ...archiveOperations(registry, clock),
      ...replayOperations({ registry, router, clock, activity }),
    },
  };
  return { service, emitNative: nativeEmitter(registry, router, clock) };
}
