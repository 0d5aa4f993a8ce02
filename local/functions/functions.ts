import { AwsError } from '../core/aws-error.ts';
import type { InvokeFunction, RequireRole } from '../core/ports.ts';
import type { PolicyDocument, PolicyStatement, Service } from '../core/service.ts';
import type { Queues } from '../queues/queues.ts';
import { type AsynchronousConfiguration, AsynchronousInvokes } from './asynchronous-invokes.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import { functionOperations, requireEvent } from './function-operations.ts';
import { type FunctionDependencies, FunctionRegistry, resolveArn } from './function-registry.ts';
import { type MappedQueues, QueueMapping, type QueueMappingConfiguration, requireMappable } from './queue-mapping.ts';

/** Lambda as stacks and the other services of the mesh use it. Names of functions may be ARNs. */
export interface Functions {
  service: Service;
  /** @throws InvalidParameterValueException, ResourceConflictException */
  create(account: string, configuration: FunctionConfiguration): void;
  /** @throws InvalidParameterValueException, which says what the function's role lacks; QueueDoesNotExist */
  mapQueue(account: string, mapping: QueueMappingConfiguration): void;
  configureAsync(account: string, functionName: string, configuration: AsynchronousConfiguration): void;
  addPermission(account: string, functionName: string, statement: PolicyStatement): void;
  policyOf(functionArn: string): PolicyDocument | undefined;
  /** @throws ResourceNotFoundException, TooManyRequestsException */
  invoke: InvokeFunction;
  /** Settles when the event was accepted, not when it was handled. @throws ResourceNotFoundException */
  invokeAsync(functionArn: string, payload: string): Promise<void>;
  /** What the environments of an account's function keep on their heaps, bytes: without garbage. @throws ResourceNotFoundException */
  liveHeaps(account: string, functionName: string): Promise<number[]>;
  /** Ends every environment and mapping. */
  stop(): Promise<void>;
}

/**
 * Functions as worker threads of this process, from their deployed bundles.
 * @param deps.requireRole decides what the service may do with a function's role: poll its queues, send to its destinations.
 */
export function createFunctions(
  deps: FunctionDependencies & { queues: MappedQueues & Pick<Queues, 'send'>; requireRole: RequireRole },
): Functions {
  const { queues, activity, clock, requireRole } = deps;
  const registry = new FunctionRegistry(deps);
  const asynchronous = new AsynchronousInvokes({ clock, activity, registry, queues, requireRole });
  const mappings: QueueMapping[] = [];
  return {
    service: { id: 'lambda', operations: functionOperations(registry, asynchronous, mappings) },
    create(account, configuration) {
      registry.create(account, configuration);
    },
    mapQueue(account, mapping) {
      const deployed = registry.require(resolveArn(account, mapping.FunctionName));
      if (
        mappings.some(
          other => other.deployed === deployed && other.configuration.EventSourceArn === mapping.EventSourceArn,
        )
      ) {
        throw new AwsError(
          'ResourceConflictException',
          `An event source mapping with SQS arn (" ${mapping.EventSourceArn} ") and function (" ${deployed.configuration.FunctionName} ") already exists.`,
          { status: 409 },
        );
      }
      requireMappable(mapping, deployed, queues, requireRole);
      mappings.push(new QueueMapping(mapping, deployed, { registry, activity, clock, queues }));
    },
    configureAsync(account, functionName, configuration) {
      asynchronous.configure(registry.require(resolveArn(account, functionName)), configuration);
    },
    addPermission(account, functionName, statement) {
      registry.addPermission(resolveArn(account, functionName), statement);
    },
    policyOf: functionArn => registry.policyOf(functionArn),
    async invoke(functionArn, payload) {
      return registry.invoke(registry.require(functionArn), payload);
    },
    async invokeAsync(functionArn, payload) {
      requireEvent(payload, 'Event');
      asynchronous.accept(registry.require(functionArn), payload);
    },
    liveHeaps: async (account, functionName) =>
      registry.require(resolveArn(account, functionName)).pool.liveHeapBytes(),
    async stop() {
      for (const mapping of mappings) mapping.stop();
      await registry.stop();
    },
  };
}
