import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import { type Access, type Call, type Operation, REGION, type Wire } from '../core/service.ts';
import { parseDefinition } from './definition.ts';
import type { MachineVersion } from './execution.ts';
import type { Executions } from './executions.ts';
import { page } from './paging.ts';

interface StateMachine extends MachineVersion {
  definition: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  revisionId: string;
  /** Kept and described; the mesh keeps no logs and no traces. */
  loggingConfiguration: Wire;
  tracingConfiguration: Wire;
}

export class StateMachines {
  readonly #byArn = new Map<string, StateMachine>();

  /** @throws AwsError StateMachineDoesNotExist */
  get(arn: unknown): StateMachine {
    const machine = typeof arn === 'string' ? this.#byArn.get(arn) : undefined;
    if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(arn)}'`);
    return machine;
  }

  find(arn: string): StateMachine | undefined {
    return this.#byArn.get(arn);
  }

  put(machine: StateMachine): void {
    this.#byArn.set(machine.arn, machine);
  }

  delete(arn: string): void {
    this.#byArn.delete(arn);
  }

  of(account: string): StateMachine[] {
    return [...this.#byArn.values()].filter(machine => machine.account === account);
  }
}

/** What CreateStateMachine and UpdateStateMachine have in AWS, and not here. */
function refuseVersions(input: Wire): void {
  if (input.publish) throw notInLocalMesh('versions of state machines (publish)');
  if (input.encryptionConfiguration && input.encryptionConfiguration.type !== 'AWS_OWNED_KEY') {
    throw notInLocalMesh('state machines encrypted with a key of one’s own (encryptionConfiguration)');
  }
}

function accessTo(action: string): (input: Wire) => Access[] {
  return input => [{ action: `states:${action}`, resource: String(input.stateMachineArn) }];
}

function passRole(input: Wire): Access[] {
  return input.roleArn === undefined
    ? []
    : [
        {
          action: 'iam:PassRole',
          resource: String(input.roleArn),
          context: { 'iam:PassedToService': 'states.amazonaws.com' },
        },
      ];
}

/** Create, update, describe, list and delete. */
export function machineOperations(
  clock: VirtualClock,
  machines: StateMachines,
  executions: Executions,
): Record<string, Operation> {
  const arnOf = (account: string, name: unknown) => `arn:aws:states:${REGION}:${account}:stateMachine:${String(name)}`;
  return {
    CreateStateMachine: {
      access: (input: Wire, { caller }: Call) => [
        { action: 'states:CreateStateMachine', resource: arnOf(caller.account, input.name) },
        ...passRole(input),
      ],
      run(input: Wire, { caller }: Call) {
        if ((input.type ?? 'STANDARD') !== 'STANDARD') throw notInLocalMesh(`state machines of type ${input.type}`);
        refuseVersions(input);
        if (typeof input.name !== 'string' || !/^[\w-]{1,80}$/.test(input.name)) {
          throw new AwsError('InvalidName', `Invalid Name: '${String(input.name)}'`);
        }
        requireRoleArn(input.roleArn);
        const arn = arnOf(caller.account, input.name);
        const logging = input.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false };
        const tracing = input.tracingConfiguration ?? { enabled: false };
        const earlier = machines.find(arn);
        if (earlier) {
          // Creating is idempotent; the role is not part of that. Source: CreateStateMachine, Step Functions API Reference.
          const isSame =
            earlier.definition === input.definition &&
            JSON.stringify([earlier.loggingConfiguration, earlier.tracingConfiguration]) ===
              JSON.stringify([logging, tracing]);
          if (!isSame) throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
          return { stateMachineArn: arn, creationDate: earlier.createdAt / 1000 };
        }
        const createdAt = clock.now();
        machines.put({
          arn,
          name: input.name,
          account: caller.account,
          roleArn: input.roleArn,
          definition: input.definition,
          machine: parseDefinition(String(input.definition)),
          createdAt,
          revisionId: crypto.randomUUID(),
          loggingConfiguration: logging,
          tracingConfiguration: tracing,
        });
        return { stateMachineArn: arn, creationDate: createdAt / 1000 };
      },
    },

    UpdateStateMachine: {
      access: input => [...accessTo('UpdateStateMachine')(input), ...passRole(input)],
      run(input: Wire) {
        refuseVersions(input);
        const machine = machines.get(input.stateMachineArn);
        const { definition, roleArn, loggingConfiguration, tracingConfiguration } = input;
        if (definition === undefined && roleArn === undefined && !loggingConfiguration && !tracingConfiguration) {
          throw new AwsError(
            'MissingRequiredParameter',
            'Either the definition, the role ARN, the logging or the tracing must be given',
          );
        }
        if (roleArn !== undefined) requireRoleArn(roleArn);
        const revisionId = crypto.randomUUID();
        machines.put({
          ...machine,
          ...(definition !== undefined && { definition, machine: parseDefinition(String(definition)) }),
          ...(roleArn !== undefined && { roleArn }),
          ...(loggingConfiguration && { loggingConfiguration }),
          ...(tracingConfiguration && { tracingConfiguration }),
          revisionId,
        });
        return { updateDate: clock.now() / 1000, revisionId };
      },
    },

    DescribeStateMachine: {
      access: accessTo('DescribeStateMachine'),
      run(input: Wire) {
        const machine = machines.get(input.stateMachineArn);
        return {
          stateMachineArn: machine.arn,
          name: machine.name,
          status: 'ACTIVE',
          definition: machine.definition,
          roleArn: machine.roleArn,
          type: 'STANDARD',
          creationDate: machine.createdAt / 1000,
          loggingConfiguration: machine.loggingConfiguration,
          tracingConfiguration: machine.tracingConfiguration,
          revisionId: machine.revisionId,
        };
      },
    },

    ListStateMachines: {
      access: () => [{ action: 'states:ListStateMachines', resource: '*' }],
      run(input: Wire, { caller }: Call) {
        const { items, ...rest } = page(machines.of(caller.account), machine => machine.arn, input);
        const stateMachines = items.map(({ arn, name, createdAt }) => ({
          stateMachineArn: arn,
          name,
          type: 'STANDARD',
          creationDate: createdAt / 1000,
        }));
        return { stateMachines, ...rest };
      },
    },

    /** Simplification: AWS marks the machine DELETING and ends its executions at their next transition; here both are at once. */
    DeleteStateMachine: {
      access: accessTo('DeleteStateMachine'),
      run(input: Wire) {
        const arn = String(input.stateMachineArn);
        machines.delete(arn);
        executions.forgetAll(arn);
        return {};
      },
    },
  };
}

function requireRoleArn(roleArn: unknown): void {
  if (typeof roleArn !== 'string' || !/^arn:aws:iam::\d{12}:role\/.+$/.test(roleArn)) {
    throw new AwsError('InvalidArn', `Invalid Role Arn: '${String(roleArn)}'`);
  }
}
