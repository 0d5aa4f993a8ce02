/** The operations on rules' targets. */
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Call, Operation, Wire } from '../core/service.ts';
import { MAX_EVENT_AGE_SECONDS, MAX_RETRY_ATTEMPTS } from './delivery.ts';
import { busNamed, parseBusArn, type Registry, type Rule } from './registry.ts';
import { passRole, ruleAccess } from './rules.ts';
import { compileInput } from './target-input.ts';
import {
  constraint,
  invalid,
  limitExceeded,
  NAME,
  optionalInteger,
  optionalText,
  page,
  requireText,
} from './validation.ts';

/** Targets of a rule. Source: EventBridge quotas. */
const MAX_TARGETS = 5;

const KNOWN_MEMBERS = new Set(
  'Id Arn RoleArn Input InputPath InputTransformer SqsParameters DeadLetterConfig RetryPolicy'.split(' '),
);

export function targetOperations(registry: Registry): Record<string, Operation> {
  const ruleOf = (input: Wire, { caller }: Call): Rule =>
    registry.rule(busNamed(input.EventBusName, caller.account), requireText(input.Rule, 'rule', 64, NAME));
  const accessTo = (action: string) => (input: Wire, call: Call) => {
    return [ruleAccess(registry, action, input.Rule, busNamed(input.EventBusName, call.caller.account))];
  };

  return {
    PutTargets: {
      access(input, call) {
        const targets = listOf(input.Targets, 'targets');
        const [access] = accessTo('events:PutTargets')(input, call);
        const arns = targets.map(target => String(target?.Arn));
        return [
          { ...access!, context: { 'events:TargetArn': arns } },
          ...targets.flatMap(target => passRole(target?.RoleArn)),
        ];
      },
      run(input, call) {
        const rule = ruleOf(input, call);
        const targets = listOf(input.Targets, 'targets');
        const compiled = targets.map((wire, at) => readTarget(wire, at, rule));
        const ids = new Set([...rule.targets.keys(), ...targets.map(target => target.Id)]);
        if (ids.size > MAX_TARGETS) throw limitExceeded();
        for (const target of compiled) rule.targets.set(target.wire.Id, target);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },

    RemoveTargets: {
      access: accessTo('events:RemoveTargets'),
      run(input, call) {
        const rule = ruleOf(input, call);
        for (const id of listOf(input.Ids, 'ids')) rule.targets.delete(id);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },

    ListTargetsByRule: {
      access: accessTo('events:ListTargetsByRule'),
      run(input, call) {
        const targets = [...ruleOf(input, call).targets.values()];
        const { items, NextToken } = page(targets, target => target.wire.Id, input);
        return { Targets: items.map(target => target.wire), NextToken };
      },
    },
  };
}

function listOf(value: Wire, at: string): Wire[] {
  if (!Array.isArray(value)) throw constraint('null', at, 'not be null');
  if (value.length === 0) throw constraint("'[]'", at, 'have length greater than or equal to 1');
  if (value.length > 100) throw constraint(`of ${value.length} items`, at, 'have length less than or equal to 100');
  return value;
}

function readTarget(wire: Wire, at: number, rule: Rule): { wire: Wire; payloadOf: ReturnType<typeof compileInput> } {
  const member = `targets.${at + 1}.member`;
  const id = requireText(wire?.Id, `${member}.id`, 64, NAME);
  const arn = requireText(wire.Arn, `${member}.arn`, 1600);
  const unknown = Object.keys(wire).find(name => wire[name] !== undefined && !KNOWN_MEMBERS.has(name));
  if (unknown) throw notInLocalMesh(`targets with ${unknown}`);
  if (!/^arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+$/.test(arn)) {
    throw invalid(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
  }
  optionalText(wire.RoleArn, `${member}.roleArn`, 1600);
  if (arn.includes(':states:') && wire.RoleArn === undefined) throw invalid(`RoleArn is required for target ${arn}.`);
  if (arn.includes(':sqs:') && arn.endsWith('.fifo') && !wire.SqsParameters?.MessageGroupId) {
    throw invalid(`Parameter(s) SqsParameters must be specified for target: ${id}.`);
  }
  const isBus = parseBusArn(arn) !== undefined;
  if (isBus && (wire.Input ?? wire.InputPath ?? wire.InputTransformer) !== undefined) {
    throw invalid(`Modifying the input for target ${id} is not supported.`);
  }
  const deadLetters = optionalText(wire.DeadLetterConfig?.Arn, `${member}.deadLetterConfig.arn`, 1600);
  if (deadLetters !== undefined && (!deadLetters.startsWith('arn:aws:sqs:') || deadLetters.endsWith('.fifo'))) {
    throw invalid(`Parameter DeadLetterConfig.Arn is not valid. Reason: it must be a standard SQS queue.`);
  }
  // Source: EventBridge API reference, RetryPolicy.
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = wire.RetryPolicy ?? {};
  optionalInteger(MaximumRetryAttempts, `${member}.retryPolicy.maximumRetryAttempts`, 0, MAX_RETRY_ATTEMPTS);
  optionalInteger(
    MaximumEventAgeInSeconds,
    `${member}.retryPolicy.maximumEventAgeInSeconds`,
    60,
    MAX_EVENT_AGE_SECONDS,
  );
  return { wire, payloadOf: compileInput(wire, rule) };
}
