/** The operations on replays, and how one runs. */
import type { Activity } from '../core/activity.ts';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { type Access, type Operation, REGION, type Wire } from '../core/service.ts';
import { archiveArn, forgetExpired } from './archives.ts';
import { type Archive, type Bus, busNamed, type Registry, type Replay } from './registry.ts';
import { replayedEvent } from './routed-event.ts';
import type { Router } from './router.ts';
import { requireRuleArns } from './rules.ts';
import {
  alreadyExists,
  constraint,
  instant,
  invalid,
  limitExceeded,
  NAME,
  notFound,
  optionalText,
  page,
  requireText,
} from './validation.ts';

/** Replays under way in an account. Source: EventBridge quotas. */
const MAX_RUNNING = 10;
/** How long a replay's record is kept. Source: EventBridge user guide, eb-archive-event. */
const KEPT_FOR = 90 * 86_400_000;

interface Ports {
  registry: Registry;
  router: Router;
  clock: VirtualClock;
  activity: Activity;
}

export function replayOperations(ports: Ports): Record<string, Operation> {
  const { registry, clock, activity } = ports;
  const accessTo =
    (action: string): Operation['access'] =>
    (input, { caller }): Access[] => [
      { action, resource: `arn:aws:events:${REGION}:${caller.account}:replay/${input.ReplayName}` },
    ];

  function replaysOf(account: string): Map<string, Replay> {
    const replays = registry.account(account)!.replays;
    for (const replay of replays.values()) {
      if (replay.endedAt !== undefined && replay.endedAt + KEPT_FOR <= clock.now()) replays.delete(replay.name);
    }
    return replays;
  }

  function named(input: Wire, account: string): Replay {
    const name = requireText(input.ReplayName, 'replayName', 64, NAME);
    const replay = replaysOf(account).get(name);
    if (!replay) throw notFound(`Replay ${name} does not exist.`);
    return replay;
  }

  function requireArchive(arn: string, account: string): Archive {
    const archives = registry.account(account)!.archives.values();
    const archive = archives.find(({ name }) => archiveArn(account, name) === arn);
    if (archive) return forgetExpired(archive, clock.now());
    if (!/^arn:aws:events:[^:]+:\d{12}:archive\/.+$/.test(arn)) {
      throw invalid('Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.');
    }
    throw notFound(`Archive ${arn.slice(arn.lastIndexOf('/') + 1)} does not exist.`);
  }

  return {
    StartReplay: {
      access: input => [{ action: 'events:StartReplay', resource: String(input.EventSourceArn) }],
      run(input, { caller }) {
        const name = requireText(input.ReplayName, 'replayName', 64, NAME);
        const archiveName = requireText(input.EventSourceArn, 'eventSourceArn', 1600);
        const { bus, destination } = readDestination(input.Destination, registry, caller.account);
        const archive = requireArchive(archiveName, caller.account);
        if (bus.arn !== archive.busArn) {
          throw invalid('Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.');
        }
        requireRuleArns(bus, destination.FilterArns ?? []);
        const [eventStart, eventEnd] = readRange(input);
        const replays = replaysOf(caller.account);
        if (replays.has(name)) throw alreadyExists(`Replay ${name} already exists.`);
        if (replays.values().filter(isUnderWay).toArray().length >= MAX_RUNNING) throw limitExceeded();
        const replay: Replay = {
          name,
          arn: `arn:aws:events:${REGION}:${caller.account}:replay/${name}`,
          description: optionalText(input.Description, 'description', 512),
          archiveArn: archive.arn,
          destination,
          eventStart,
          eventEnd,
          state: 'STARTING',
          stateReason: undefined,
          lastReplayed: undefined,
          startedAt: clock.now(),
          endedAt: undefined,
        };
        replays.set(name, replay);
        void activity.track(`replay ${name}`, () => run(ports, replay, archive, bus));
        return { ReplayArn: replay.arn, State: replay.state, ReplayStartTime: replay.startedAt / 1000 };
      },
    },

    DescribeReplay: {
      access: accessTo('events:DescribeReplay'),
      run(input, { caller }) {
        const replay = named(input, caller.account);
        return {
          ...summary(replay),
          ReplayArn: replay.arn,
          Description: replay.description,
          Destination: replay.destination,
          StateReason: replay.stateReason,
        };
      },
    },

    ListReplays: {
      access: () => [{ action: 'events:ListReplays', resource: '*' }],
      run(input, { caller }) {
        const prefix = optionalText(input.NamePrefix, 'namePrefix', 64, NAME);
        const { State: state, EventSourceArn: source } = input;
        if ([prefix, source, state].filter(filter => filter !== undefined).length > 1) {
          throw invalid(
            'At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.',
          );
        }
        const replays = [...replaysOf(caller.account).values()].filter(replay => {
          if (state !== undefined && replay.state !== state) return false;
          return replay.name.startsWith(prefix ?? '') && (source === undefined || replay.archiveArn === source);
        });
        const { items, NextToken } = page(replays, replay => replay.name, input);
        return { Replays: items.map(summary), NextToken };
      },
    },

    CancelReplay: {
      access: accessTo('events:CancelReplay'),
      run(input, { caller }) {
        const replay = named(input, caller.account);
        if (replay.state !== 'STARTING' && replay.state !== 'RUNNING') {
          throw new AwsError(
            'IllegalStatusException',
            `Replay ${replay.name} is not in a valid state for this operation.`,
          );
        }
        replay.state = 'CANCELLING';
        return { ReplayArn: replay.arn, State: replay.state };
      },
    },
  };
}

/**
 * Minute after minute of the events' time; the events of a minute go out together and every target is tried before the next minute.
 * Simplification: a replay takes no time on the virtual clock.
 */
async function run({ router, clock }: Ports, replay: Replay, archive: Archive, bus: Bus): Promise<void> {
  const { eventStart, eventEnd } = replay;
  const filter = replay.destination.FilterArns?.length ? new Set(replay.destination.FilterArns) : undefined;
  await new Promise(resolve => setImmediate(resolve));
  if (replay.state === 'STARTING') replay.state = 'RUNNING';
  try {
    for (const minute of archive.events.minutes(eventStart, eventEnd)) {
      if (isCancelling(replay)) break;
      const attempts: Promise<void>[] = [];
      for (const { text, time } of archive.events.ofMinute(minute, eventStart, eventEnd)) {
        attempts.push(router.route(bus, replayedEvent(text, time, replay.name, clock.now()), filter));
        replay.lastReplayed = Math.max(time, replay.lastReplayed ?? time);
      }
      await Promise.all(attempts);
      await new Promise(resolve => setImmediate(resolve));
    }
    replay.state = isCancelling(replay) ? 'CANCELLED' : 'COMPLETED';
  } catch (error) {
    replay.state = 'FAILED';
    replay.stateReason = (error as Error).message;
  } finally {
    archive.events.dropCache();
    replay.endedAt = clock.now();
  }
}

function isCancelling(replay: Replay): boolean {
  return replay.state === 'CANCELLING';
}

function isUnderWay(replay: Replay): boolean {
  return replay.endedAt === undefined;
}

function readDestination(
  input: Wire,
  registry: Registry,
  account: string,
): { bus: Bus; destination: Replay['destination'] } {
  if (input === undefined || input === null) throw constraint('null', 'destination', 'not be null');
  const arn = requireText(input.Arn, 'destination.arn', 1600);
  if (!arn.includes(':event-bus/')) {
    throw invalid('Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.');
  }
  const bus = registry.bus(busNamed(arn, account));
  return { bus, destination: input.FilterArns?.length ? { Arn: arn, FilterArns: input.FilterArns } : { Arn: arn } };
}

function readRange(input: Wire): [start: number, end: number] {
  for (const name of ['EventStartTime', 'EventEndTime']) {
    if (input[name] === undefined) throw constraint('null', name[0]!.toLowerCase() + name.slice(1), 'not be null');
  }
  const start = instant(input.EventStartTime, 'EventStartTime');
  const end = instant(input.EventEndTime, 'EventEndTime');
  if (end <= start) {
    throw invalid('Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.');
  }
  return [start, end];
}

function summary(replay: Replay): Wire {
  const seconds = (instant: number | undefined) => (instant === undefined ? undefined : instant / 1000);
  return {
    ReplayName: replay.name,
    EventSourceArn: replay.archiveArn,
    State: replay.state,
    EventStartTime: replay.eventStart / 1000,
    EventEndTime: replay.eventEnd / 1000,
    EventLastReplayedTime: seconds(replay.lastReplayed),
    ReplayStartTime: replay.startedAt / 1000,
    ReplayEndTime: seconds(replay.endedAt),
  };
}
