/** PutPermission and RemovePermission: the policy of a bus. */
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { Call, Operation, PolicyStatement, Wire } from '../core/service.ts';
import { type Bus, busArn, busNamed, type Registry } from './registry.ts';
import { constraint, invalid, notFound, requireText } from './validation.ts';

/** Source: EventBridge quotas, "Event bus policy size". */
const MAX_POLICY_CHARACTERS = 10_240;
const SID = /^[a-zA-Z0-9-_]+$/;

export function permissionOperations(registry: Registry, clock: VirtualClock): Record<string, Operation> {
  const access = (action: string) => (input: Wire, call: Call) => [
    { action, resource: busArn(busNamed(input.EventBusName, call.caller.account)) },
  ];
  return {
    PutPermission: {
      access: access('events:PutPermission'),
      run(input, { caller }) {
        const bus = registry.bus(busNamed(input.EventBusName, caller.account));
        setStatements(bus, input.Policy === undefined ? withStatement(bus, input) : readPolicy(input), clock.now());
        return {};
      },
    },

    RemovePermission: {
      access: access('events:RemovePermission'),
      run(input, { caller }) {
        const bus = registry.bus(busNamed(input.EventBusName, caller.account));
        if (input.RemoveAllPermissions === true) {
          setStatements(bus, [], clock.now());
          return {};
        }
        const sid = requireText(input.StatementId, 'statementId', 64, SID);
        if (!bus.policy) throw notFound('EventBus does not have a policy.');
        const kept = statementsOf(bus).filter(statement => statement.Sid !== sid);
        if (kept.length === statementsOf(bus).length) throw notFound('Statement with the provided id does not exist.');
        setStatements(bus, kept, clock.now());
        return {};
      },
    },
  };
}

function statementsOf(bus: Bus): PolicyStatement[] {
  const statement = bus.policy?.Statement ?? [];
  return Array.isArray(statement) ? statement : [statement];
}

function setStatements(bus: Bus, statements: PolicyStatement[], now: number): void {
  const policy = statements.length > 0 ? { Version: '2012-10-17', Statement: statements } : undefined;
  if (policy && JSON.stringify(policy).length > MAX_POLICY_CHARACTERS) {
    throw new AwsError('PolicyLengthExceededException', 'The event bus policy exceeds the maximum length.');
  }
  bus.policy = policy;
  bus.modifiedAt = now;
}

/** A whole policy takes the place of the bus's own. */
function readPolicy(input: Wire): PolicyStatement[] {
  for (const other of ['Action', 'Principal', 'StatementId', 'Condition']) {
    if (input[other] !== undefined) throw invalid(`Parameter ${other} may not be given together with Policy.`);
  }
  let policy: Wire;
  try {
    policy = JSON.parse(input.Policy);
  } catch {
    throw invalid('Provided policy is not valid JSON.');
  }
  const statements: Wire = policy?.Statement;
  const list: Wire[] = Array.isArray(statements) ? statements : [statements];
  for (const statement of list) {
    const isStatement = statement !== null && typeof statement === 'object';
    if (!isStatement || !['Allow', 'Deny'].includes(statement.Effect) || !(statement.Action ?? statement.NotAction)) {
      throw invalid('Provided policy is malformed: a statement needs an Effect and an Action.');
    }
    if ((statement.Principal ?? statement.NotPrincipal) === undefined) {
      throw invalid('Provided policy is malformed: a statement of a bus needs a Principal.');
    }
  }
  return list;
}

/** One statement more; one with the same id takes the other's place. */
function withStatement(bus: Bus, input: Wire): PolicyStatement[] {
  const action = requireText(input.Action, 'action', 64, /^events:[a-zA-Z]+$/);
  if (action !== 'events:PutEvents') throw invalid("Provided value in parameter 'action' is not supported.");
  const principal = requireText(input.Principal, 'principal', 12, /^(\d{12}|\*)$/);
  const sid = requireText(input.StatementId, 'statementId', 64, SID);
  const statement: PolicyStatement = {
    Sid: sid,
    Effect: 'Allow',
    Principal: principal === '*' ? '*' : { AWS: `arn:aws:iam::${principal}:root` },
    Action: action,
    Resource: bus.arn,
    ...(input.Condition === undefined ? {} : { Condition: readCondition(input.Condition) }),
  };
  return [...statementsOf(bus).filter(other => other.Sid !== sid), statement];
}

function readCondition({ Type, Key, Value }: Wire): NonNullable<PolicyStatement['Condition']> {
  for (const [name, value] of Object.entries({ Type, Key, Value })) {
    if (typeof value !== 'string') throw constraint('null', `condition.${name.toLowerCase()}`, 'not be null');
  }
  // The only condition that this form of the call takes. Source: EventBridge API reference, Condition.
  if (Type !== 'StringEquals' || Key !== 'aws:PrincipalOrgID') throw invalid('Provided condition is not supported.');
  return { [Type]: { [Key]: Value } };
}
