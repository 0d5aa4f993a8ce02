import type { Activity } from '../core/activity.ts';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { RequireRole } from '../core/ports.ts';
import { REGION } from '../core/service.ts';
import type { ReceivedMessage } from '../queues/message.ts';
import type { Queues } from '../queues/queues.ts';
import { failedMessages } from './batch-response.ts';
import { invalidValue } from './function-configuration.ts';
import type { DeployedFunction, FunctionRegistry } from './function-registry.ts';

/** `AWS::Lambda::EventSourceMapping` of a queue. */
export interface QueueMappingConfiguration {
  EventSourceArn: string;
  FunctionName: string;
  /** Messages in one event; 10 unless set. More than 10 need a batching window. */
  BatchSize?: number;
  /** How long a batch waits to fill. Simplification: always so long, also when it is full before. */
  MaximumBatchingWindowInSeconds?: number;
  Enabled?: boolean;
  FunctionResponseTypes?: string[];
  ScalingConfig?: { MaximumConcurrency?: number };
  FilterCriteria?: unknown;
}

export type MappedQueues = Pick<Queues, 'delete' | 'policyOf' | 'receive' | 'subscribe' | 'visibilityTimeoutOf'>;

/** What the poller does with the function's role. Source: Lambda Developer Guide, execution role permissions for SQS. */
const NEEDED = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/** @throws InvalidParameterValueException as CreateEventSourceMapping does. */
export function requireMappable(
  mapping: QueueMappingConfiguration,
  deployed: DeployedFunction,
  queues: MappedQueues,
  requireRole: RequireRole,
): void {
  const { EventSourceArn, BatchSize = 10, MaximumBatchingWindowInSeconds = 0, ScalingConfig } = mapping;
  const { Role, Timeout, FunctionName } = deployed.configuration;
  if (!EventSourceArn.startsWith('arn:aws:sqs:')) throw notInLocalMesh(`event source mappings of ${EventSourceArn}`);
  if (mapping.FilterCriteria) throw notInLocalMesh('filter criteria of event source mappings');
  if (!(BatchSize >= 1 && BatchSize <= 10_000)) throw invalidValue('BatchSize must be between 1 and 10000.');
  if (BatchSize > 10 && MaximumBatchingWindowInSeconds < 1) {
    throw invalidValue(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  const concurrency = ScalingConfig?.MaximumConcurrency;
  if (concurrency !== undefined && !(concurrency >= 2 && concurrency <= 1_000)) {
    throw invalidValue('MaximumConcurrency must be between 2 and 1000.');
  }
  for (const action of NEEDED) {
    try {
      requireRole(Role, {
        action: `sqs:${action}`,
        resource: EventSourceArn,
        resourcePolicy: queues.policyOf(EventSourceArn),
      });
    } catch (cause) {
      const message = `The provided execution role does not have permissions to call ${action} on SQS (${Role}, ${EventSourceArn})`;
      throw Object.assign(invalidValue(message), { cause });
    }
  }
  const visibilitySeconds = queues.visibilityTimeoutOf(EventSourceArn);
  if (visibilitySeconds < Timeout) {
    throw invalidValue(
      `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${Timeout} seconds (${FunctionName})`,
    );
  }
}

/**
 * Hands a queue's messages to a function. From the moment that a message is visible it is activity, until it was handled; one that
 * waits, hidden, for another attempt is not, nor is one whose batch waits to fill.
 * Simplification: it does not back off after errors.
 */
export class QueueMapping {
  readonly id = crypto.randomUUID();
  readonly configuration: QueueMappingConfiguration;
  readonly deployed: DeployedFunction;
  /** Batches at a time: no more than the function has environments for. */
  readonly #concurrency: number;
  readonly #registry: FunctionRegistry;
  readonly #activity: Activity;
  readonly #clock: VirtualClock;
  readonly #queues: MappedQueues;
  readonly #unsubscribe: () => void;
  #running = 0;
  #isAwake = false;
  #isStopped = false;

  constructor(
    configuration: QueueMappingConfiguration,
    deployed: DeployedFunction,
    deps: { registry: FunctionRegistry; activity: Activity; clock: VirtualClock; queues: MappedQueues },
  ) {
    this.configuration = configuration;
    this.deployed = deployed;
    this.#registry = deps.registry;
    this.#activity = deps.activity;
    this.#clock = deps.clock;
    this.#queues = deps.queues;
    this.#concurrency = Math.min(configuration.ScalingConfig?.MaximumConcurrency ?? Infinity, deployed.pool.limit);
    if (configuration.Enabled === false) {
      this.#unsubscribe = () => {};
      return;
    }
    this.#unsubscribe = deps.queues.subscribe(configuration.EventSourceArn, () => this.#wake());
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
  }

  /** Polls at the end of this turn, so that messages sent together come in one batch; or when the window is over. */
  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const windowSeconds = Number(this.configuration.MaximumBatchingWindowInSeconds ?? 0);
    if (windowSeconds > 0) this.#clock.after(windowSeconds * 1000, () => this.#pollAfterTurn());
    else this.#pollAfterTurn();
  }

  #pollAfterTurn(): void {
    const end = this.#activity.begin(this.#label());
    setImmediate(() => {
      this.#isAwake = false;
      this.#poll();
      end();
    });
  }

  #poll(): void {
    while (!this.#isStopped && this.#running < this.#concurrency) {
      const messages = this.#receive();
      if (messages.length === 0) return;
      this.#running += 1;
      void this.#handle(messages);
    }
  }

  #receive(): ReceivedMessage[] {
    try {
      return this.#queues.receive(this.configuration.EventSourceArn, Number(this.configuration.BatchSize ?? 10));
    } catch (error) {
      // The queue was deleted: AWS disables the mapping.
      this.stop();
      this.#registry.log(this.deployed, `${this.#label()} ends: ${error}`);
      return [];
    }
  }

  async #handle(messages: ReceivedMessage[]): Promise<void> {
    const end = this.#activity.begin(this.#label());
    try {
      const failed = await this.#invoke(messages);
      for (const message of messages) {
        if (!failed.includes(message.MessageId)) {
          this.#queues.delete(this.configuration.EventSourceArn, message.ReceiptHandle);
        }
      }
    } catch (error) {
      // The messages become visible again, as after any failure.
      const text = error instanceof AwsError ? `${error.code}: ${error.message}` : String((error as Error).stack);
      this.#registry.log(this.deployed, `${this.#label()}: ${text}`);
    } finally {
      this.#running -= 1;
      this.#poll();
      end();
    }
  }

  /** The ids of the messages that stay. */
  async #invoke(messages: ReceivedMessage[]): Promise<readonly string[]> {
    const records = messages.map(message => toRecord(message, this.configuration.EventSourceArn));
    const outcome = await this.#registry.invoke(this.deployed, JSON.stringify({ Records: records }));
    const ids = messages.map(message => message.MessageId);
    if (outcome.functionError) return ids;
    const reportsFailures = this.configuration.FunctionResponseTypes?.includes('ReportBatchItemFailures');
    return reportsFailures ? failedMessages(outcome.payload, ids) : [];
  }

  #label(): string {
    return `sqs ${this.configuration.EventSourceArn.split(':').at(-1)} to lambda ${this.deployed.configuration.FunctionName}`;
  }
}

/** A message as a function's event has it. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS". */
function toRecord(message: ReceivedMessage, queueArn: string): object {
  const messageAttributes = Object.entries(message.MessageAttributes).map(([name, attribute]) => [
    name,
    {
      ...(attribute.StringValue === undefined ? {} : { stringValue: attribute.StringValue }),
      ...(attribute.BinaryValue === undefined ? {} : { binaryValue: attribute.BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: attribute.DataType,
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(messageAttributes),
    ...(message.MD5OfMessageAttributes ? { md5OfMessageAttributes: message.MD5OfMessageAttributes } : {}),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}
