/** The operations on rules. Their `EventBusName` may be another account's bus, by its ARN, if that bus's policy allows it. */
import type { Access, Call, Operation, Wire } from '../core/service.ts';
import { compilePattern } from './pattern.ts';
import { type Bus, type BusName, busNamed, type Registry, type Rule, type RuleState, ruleArn } from './registry.ts';
import { compileSchedule, type Scheduler } from './schedule.ts';
import { constraint, invalid, limitExceeded, NAME, notFound, optionalText, page, requireText } from './validation.ts';

/** Rules of a bus, and characters of a pattern. Source: EventBridge quotas. */
const MAX_RULES = 300;
const MAX_PATTERN_CHARACTERS = 4096;
const STATES: RuleState[] = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];

/** What an operation on one rule touches. */
export function ruleAccess(registry: Registry, action: string, ruleName: Wire, busName: BusName): Access {
  const policy = registry.findBus(busName)?.policy;
  return { action, resource: ruleArn(busName, String(ruleName)), resourcePolicy: policy };
}

export function ruleOperations(registry: Registry, scheduler: Scheduler): Record<string, Operation> {
  const busOf = (input: Wire, call: Call) => busNamed(input.EventBusName, call.caller.account);
  const named = (input: Wire, call: Call): Rule =>
    registry.rule(busOf(input, call), requireText(input.Name, 'name', 64, NAME));
  const accessTo = (action: string) => (input: Wire, call: Call) => {
    return [ruleAccess(registry, action, input.Name, busOf(input, call))];
  };

  function changeState(action: string, state: RuleState): Operation {
    return {
      access: accessTo(action),
      run(input, call) {
        const rule = named(input, call);
        const isChange = (rule.state === 'DISABLED') !== (state === 'DISABLED');
        if (isChange) {
          rule.state = state;
          changed(rule.bus);
          scheduler.restart(rule);
        }
        return {};
      },
    };
  }

  return {
    PutRule: {
      access(input, call) {
        return [...accessTo('events:PutRule')(input, call), ...passRole(input.RoleArn)];
      },
      run(input, call) {
        const name = requireText(input.Name, 'name', 64, NAME);
        const bus = registry.bus(busOf(input, call));
        const settings = readRule(input, bus);
        if (!bus.rules.has(name) && bus.rules.size >= MAX_RULES) throw limitExceeded();
        const old = bus.rules.get(name);
        const identity = { name, arn: ruleArn(bus, name), bus, createdBy: call.caller.account };
        const rule: Rule = old ?? { ...identity, ...settings, targets: new Map(), nextFiring: undefined };
        const keepsSchedule =
          old?.scheduleExpression === settings.scheduleExpression &&
          (old?.state === 'DISABLED') === (settings.state === 'DISABLED');
        // What the call leaves out is reset; the targets stay.
        Object.assign(rule, settings);
        bus.rules.set(name, rule);
        changed(bus);
        if (!keepsSchedule) scheduler.restart(rule);
        return { RuleArn: rule.arn };
      },
    },

    DescribeRule: {
      access: accessTo('events:DescribeRule'),
      run(input, call) {
        const rule = named(input, call);
        return { ...describe(rule), CreatedBy: rule.createdBy };
      },
    },

    DeleteRule: {
      access: accessTo('events:DeleteRule'),
      run(input, call) {
        const bus = registry.bus(busOf(input, call));
        const rule = bus.rules.get(requireText(input.Name, 'name', 64, NAME));
        if (!rule) return {};
        if (rule.targets.size > 0) throw invalid("Rule can't be deleted since it has targets.");
        scheduler.stop(rule);
        bus.rules.delete(rule.name);
        changed(bus);
        return {};
      },
    },

    EnableRule: changeState('events:EnableRule', 'ENABLED'),
    DisableRule: changeState('events:DisableRule', 'DISABLED'),

    ListRules: {
      access: (input, call) => [listAccess(registry, 'events:ListRules', busOf(input, call))],
      run(input, call) {
        const prefix = optionalText(input.NamePrefix, 'namePrefix', 64, NAME) ?? '';
        const rules = [...registry.bus(busOf(input, call)).rules.values()].filter(rule => rule.name.startsWith(prefix));
        const { items, NextToken } = page(rules, rule => rule.name, input);
        return { Rules: items.map(describe), NextToken };
      },
    },

    ListRuleNamesByTarget: {
      access: (input, call) => [listAccess(registry, 'events:ListRuleNamesByTarget', busOf(input, call))],
      run(input, call) {
        const arn = requireText(input.TargetArn, 'targetArn', 1600);
        const names: string[] = [];
        for (const rule of registry.bus(busOf(input, call)).rules.values()) {
          if (rule.targets.values().some(target => target.wire.Arn === arn)) names.push(rule.name);
        }
        const { items, NextToken } = page(names, name => name, input);
        return { RuleNames: items, NextToken };
      },
    },
  };
}

/** The role that a rule or target names is handed to EventBridge, which needs this permission of the caller. */
export function passRole(roleArn: Wire): Access[] {
  if (typeof roleArn !== 'string') return [];
  return [{ action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': 'events.amazonaws.com' } }];
}

function listAccess(registry: Registry, action: string, busName: BusName): Access {
  return { action, resource: ruleArn(busName, '*'), resourcePolicy: registry.findBus(busName)?.policy };
}

type Settings = Pick<Rule, 'state' | 'description' | 'roleArn' | 'eventPattern' | 'pattern' | 'scheduleExpression'>;

function readRule(input: Wire, bus: Bus): Settings {
  const eventPattern = optionalText(input.EventPattern, 'eventPattern', MAX_PATTERN_CHARACTERS);
  const scheduleExpression = optionalText(input.ScheduleExpression, 'scheduleExpression', 256);
  if (eventPattern === undefined && scheduleExpression === undefined) {
    throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (scheduleExpression !== undefined) {
    if (bus.name !== 'default') throw invalid('ScheduleExpression is supported only on the default event bus.');
    compileSchedule(scheduleExpression);
  }
  const state = input.State ?? 'ENABLED';
  if (!STATES.includes(state))
    throw constraint(`'${state}'`, 'state', `satisfy enum value set: [${STATES.join(', ')}]`);
  return {
    state,
    description: optionalText(input.Description, 'description', 512),
    roleArn: optionalText(input.RoleArn, 'roleArn', 1600),
    eventPattern,
    pattern: eventPattern === undefined ? undefined : compilePattern(eventPattern),
    scheduleExpression,
  };
}

function changed(bus: Bus): void {
  bus.ruleIndex = undefined;
}

function describe(rule: Rule): Wire {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventBusName: rule.bus.name,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
  };
}

/** Throws ResourceNotFoundException unless the rule is on the bus: for a replay's filter. */
export function requireRuleArns(bus: Bus, arns: string[]): void {
  const known = new Set(bus.rules.values().map(rule => rule.arn));
  const unknown = arns.find(arn => !known.has(arn));
  if (unknown !== undefined) throw notFound(`Rule ${unknown} does not exist on EventBus ${bus.name}.`);
}
