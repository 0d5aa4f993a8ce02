import { randomUUID } from 'node:crypto';
import { notInLocalMesh } from '../core/aws-error.ts';
import type { Call, Operation, Service, Wire } from '../core/service.ts';
import { type Iam, sessionOf } from '../iam/iam.ts';

/** The operation of a service, by the names on the wire. Throws NotImplementedInLocalMesh. */
export function operationOf(services: Map<string, Service>, serviceId: string, name: string): Operation {
  const service = services.get(serviceId);
  if (!service) throw notInLocalMesh(`the service ${serviceId}`);
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (!operation) throw notInLocalMesh(`the operation ${serviceId}:${name}`);
  return operation;
}

/** Calls a service in the name of a state machine's role, which must trust Step Functions, checked by IAM as a call from outside is. */
export function callAsRole(iam: Iam, services: Map<string, Service>) {
  return async (serviceId: string, operationName: string, input: unknown, roleArn: string): Promise<Wire> => {
    const role = iam.requireTrust(roleArn, 'states.amazonaws.com');
    const operation = operationOf(services, serviceId, operationName);
    const requestId = randomUUID();
    const call: Call = { caller: sessionOf(role, requestId.replaceAll('-', '')), requestId };
    for (const access of await operation.access(input, call)) iam.authorize(call.caller, access);
    return operation.run(input, call);
  };
}
