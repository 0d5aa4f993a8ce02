/** The operations on event buses, and TestEventPattern. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Operation, Wire } from '../core/service.ts';
import { compilePattern } from './pattern.ts';
import { EventFields, matches } from './pattern-match.ts';
import { type Bus, busArn, busNamed, type Registry } from './registry.ts';
import { alreadyExists, BUS_NAME, invalid, limitExceeded, optionalText, page, requireText } from './validation.ts';

/** Buses of an account. Source: EventBridge quotas. */
const MAX_BUSES = 100;

export function busOperations(registry: Registry): Record<string, Operation> {
  return {
    CreateEventBus: {
      access: (input, { caller }) => [
        { action: 'events:CreateEventBus', resource: busArn({ account: caller.account, name: input.Name }) },
      ],
      run(input, { caller }) {
        const name = requireText(input.Name, 'name', 256, BUS_NAME);
        for (const unsupported of ['EventSourceName', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig']) {
          if (input[unsupported] !== undefined) throw notInLocalMesh(`event buses with ${unsupported}`);
        }
        if (name.includes('/')) throw invalid(`Event bus name ${name} must not contain '/'.`);
        const buses = registry.account(caller.account)!.buses;
        if (buses.has(name)) throw alreadyExists(`Event bus ${name} already exists.`);
        if (buses.size >= MAX_BUSES) throw limitExceeded();
        const bus = registry.addBus(
          { account: caller.account, name },
          optionalText(input.Description, 'description', 512),
        );
        return { EventBusArn: bus.arn, Description: bus.description };
      },
    },

    DeleteEventBus: {
      access: (input, { caller }) => [
        { action: 'events:DeleteEventBus', resource: busArn({ account: caller.account, name: input.Name }) },
      ],
      run(input, { caller }) {
        const name = requireText(input.Name, 'name', 256, BUS_NAME);
        if (name === 'default') throw invalid('Cannot delete event bus default.');
        const buses = registry.account(caller.account)!.buses;
        if ((buses.get(name)?.rules.size ?? 0) > 0) {
          throw invalid(`Event bus ${name} can't be deleted since it has rules.`);
        }
        buses.delete(name);
        return {};
      },
    },

    DescribeEventBus: {
      access(input, { caller }) {
        const name = busNamed(input.Name, caller.account);
        return [
          {
            action: 'events:DescribeEventBus',
            resource: busArn(name),
            resourcePolicy: registry.findBus(name)?.policy,
          },
        ];
      },
      run: (input, { caller }) => describe(registry.bus(busNamed(input.Name, caller.account))),
    },

    ListEventBuses: {
      access: () => [{ action: 'events:ListEventBuses', resource: '*' }],
      run(input, { caller }) {
        const prefix = optionalText(input.NamePrefix, 'namePrefix', 256, BUS_NAME) ?? '';
        const buses = [...registry.account(caller.account)!.buses.values()].filter(bus => bus.name.startsWith(prefix));
        const { items, NextToken } = page(buses, bus => bus.name, input);
        return { EventBuses: items.map(describe), NextToken };
      },
    },

    TestEventPattern: {
      access: () => [{ action: 'events:TestEventPattern', resource: '*' }],
      run(input) {
        const pattern = compilePattern(requireText(input.EventPattern, 'eventPattern', 4096));
        return {
          Result: matches(pattern, new EventFields(parseTestEvent(requireText(input.Event, 'event', 2 ** 20)))),
        };
      },
    },
  };
}

function describe(bus: Bus): Wire {
  return {
    Name: bus.name,
    Arn: bus.arn,
    Description: bus.description,
    Policy: bus.policy && JSON.stringify(bus.policy),
    CreationTime: bus.createdAt / 1000,
    LastModifiedTime: bus.modifiedAt / 1000,
  };
}

/** The API reference names `resources` too, but the service does not insist on it (recorded in localstack's tests against AWS). */
const MANDATORY = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

function parseTestEvent(text: string): object {
  let event: Wire;
  try {
    event = JSON.parse(text);
  } catch {
    throw invalid('Parameter Event is not valid.');
  }
  const isEvent = event !== null && typeof event === 'object' && !Array.isArray(event);
  if (!isEvent || !MANDATORY.every(name => Object.hasOwn(event, name))) throw invalid('Parameter Event is not valid.');
  return event;
}
