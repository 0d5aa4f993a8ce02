/** The operations on archives. */
import type { VirtualClock } from '../core/clock.ts';
import { type Access, type Operation, REGION, type Wire } from '../core/service.ts';
import { ArchivedEvents } from './archived-events.ts';
import { compilePattern } from './pattern.ts';
import { type Archive, busNamed, type Registry } from './registry.ts';
import {
  alreadyExists,
  constraint,
  invalid,
  NAME,
  notFound,
  optionalInteger,
  optionalText,
  page,
  requireText,
} from './validation.ts';

const DAY = 86_400_000;

export function archiveArn(account: string, name: Wire): string {
  return `arn:aws:events:${REGION}:${account}:archive/${name}`;
}

export function archiveOperations(registry: Registry, clock: VirtualClock): Record<string, Operation> {
  const archivesOf = (account: string) => registry.account(account)!.archives;
  const accessTo =
    (action: string): Operation['access'] =>
    (input, { caller }): Access[] => [{ action, resource: archiveArn(caller.account, input.ArchiveName) }];

  function named(input: Wire, account: string): Archive {
    const name = requireText(input.ArchiveName, 'archiveName', 48, NAME);
    const archive = archivesOf(account).get(name);
    if (!archive) throw notFound(`Archive ${name} does not exist.`);
    return forgetExpired(archive, clock.now());
  }

  return {
    CreateArchive: {
      access(input, call) {
        const [archive] = accessTo('events:CreateArchive')(input, call) as Access[];
        return [archive!, { action: 'events:CreateArchive', resource: String(input.EventSourceArn) }];
      },
      run(input, { caller }) {
        const name = requireText(input.ArchiveName, 'archiveName', 48, NAME);
        const source = requireText(input.EventSourceArn, 'eventSourceArn', 1600);
        if (!source.startsWith('arn:')) throw invalid('Parameter EventSourceArn is not valid.');
        const bus = registry.bus(busNamed(source, caller.account));
        if (bus.account !== caller.account)
          throw invalid('Parameter EventSourceArn is not valid. Reason: Cross-account.');
        const settings = readSettings(input);
        if (archivesOf(caller.account).has(name)) throw alreadyExists(`Archive ${name} already exists.`);
        const archive: Archive = {
          name,
          arn: archiveArn(caller.account, name),
          busArn: bus.arn,
          ...settings,
          createdAt: clock.now(),
          events: new ArchivedEvents(),
        };
        archivesOf(caller.account).set(name, archive);
        return created(archive);
      },
    },

    UpdateArchive: {
      access: accessTo('events:UpdateArchive'),
      run(input, { caller }) {
        const archive = named(input, caller.account);
        const settings = readSettings(input);
        // What the call leaves out stays.
        if (input.Description !== undefined) archive.description = settings.description;
        if (input.RetentionDays !== undefined) archive.retentionDays = settings.retentionDays;
        if (input.EventPattern !== undefined) {
          archive.eventPattern = settings.eventPattern;
          archive.pattern = settings.pattern;
        }
        return created(archive);
      },
    },

    DescribeArchive: {
      access: accessTo('events:DescribeArchive'),
      run(input, { caller }) {
        const archive = named(input, caller.account);
        return {
          ...summary(archive),
          ArchiveArn: archive.arn,
          Description: archive.description,
          EventPattern: archive.eventPattern,
        };
      },
    },

    ListArchives: {
      access: () => [{ action: 'events:ListArchives', resource: '*' }],
      run(input, { caller }) {
        const prefix = optionalText(input.NamePrefix, 'namePrefix', 48, NAME);
        const source = optionalText(input.EventSourceArn, 'eventSourceArn', 1600);
        if ([prefix, source, input.State].filter(filter => filter !== undefined).length > 1) {
          throw invalid(
            'At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.',
          );
        }
        if (source !== undefined) registry.bus(busNamed(source, caller.account));
        const archives = [...archivesOf(caller.account).values()].filter(archive => {
          if (source !== undefined && archive.busArn !== source) return false;
          return archive.name.startsWith(prefix ?? '') && (input.State ?? 'ENABLED') === 'ENABLED';
        });
        const { items, NextToken } = page(archives, archive => archive.name, input);
        return { Archives: items.map(archive => summary(forgetExpired(archive, clock.now()))), NextToken };
      },
    },

    DeleteArchive: {
      access: accessTo('events:DeleteArchive'),
      run(input, { caller }) {
        archivesOf(caller.account).delete(named(input, caller.account).name);
        return {};
      },
    },
  };
}

/** An archive without what is past its retention at `now`. */
export function forgetExpired(archive: Archive, now: number): Archive {
  if (archive.retentionDays > 0) archive.events.expire(now - archive.retentionDays * DAY);
  return archive;
}

function readSettings(input: Wire): Pick<Archive, 'description' | 'eventPattern' | 'pattern' | 'retentionDays'> {
  if (input.KmsKeyIdentifier !== undefined)
    throw constraint(`'${input.KmsKeyIdentifier}'`, 'kmsKeyIdentifier', 'be absent');
  const eventPattern = optionalText(input.EventPattern, 'eventPattern', 4096);
  return {
    description: optionalText(input.Description, 'description', 512),
    eventPattern,
    pattern: eventPattern === undefined ? undefined : compilePattern(eventPattern),
    retentionDays: optionalInteger(input.RetentionDays, 'retentionDays', 0, 2 ** 31 - 1) ?? 0,
  };
}

function created(archive: Archive): Wire {
  return { ArchiveArn: archive.arn, State: 'ENABLED', CreationTime: archive.createdAt / 1000 };
}

/** Simplification: the counts are exact at once; AWS settles them within a day. */
function summary(archive: Archive): Wire {
  return {
    ArchiveName: archive.name,
    EventSourceArn: archive.busArn,
    State: 'ENABLED',
    RetentionDays: archive.retentionDays,
    SizeBytes: archive.events.bytes,
    EventCount: archive.events.count,
    CreationTime: archive.createdAt / 1000,
  };
}
