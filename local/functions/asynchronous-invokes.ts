import type { Activity } from '../core/activity.ts';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { RequireRole } from '../core/ports.ts';
import type { Queues } from '../queues/queues.ts';
import type { Outcome } from './environment.ts';
import { invalidValue } from './function-configuration.ts';
import type { DeployedFunction, FunctionRegistry } from './function-registry.ts';

/** `AWS::Lambda::EventInvokeConfig`. */
export interface AsynchronousConfiguration {
  /** 0 to 2; 2 unless set. */
  MaximumRetryAttempts?: number;
  /** 60 to 21,600; 21,600 (six hours) unless set. */
  MaximumEventAgeInSeconds?: number;
  DestinationConfig?: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } };
}

interface Queued {
  deployed: DeployedFunction;
  payload: string;
  requestId: string;
  acceptedAt: number;
  attempts: number;
  lastOutcome: Outcome | undefined;
}

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

/** Waits before the second and the third attempt, seconds. Source: Lambda Developer Guide, asynchronous invocation. */
const RETRY_AFTER_SECONDS = [60, 120];
const DEFAULT_RETRIES = 2;
const DEFAULT_AGE_SECONDS = 21_600;

/**
 * Invocations that nobody waits for: tried again after an error, then told to a destination. Waits run on the virtual clock and are no
 * activity. Simplification: an error of the mesh itself counts as an attempt; AWS would try again for as long as the event lives.
 */
export class AsynchronousInvokes {
  readonly #configurations = new Map<string, AsynchronousConfiguration>();
  readonly #clock: VirtualClock;
  readonly #activity: Activity;
  readonly #registry: FunctionRegistry;
  readonly #queues: Pick<Queues, 'policyOf' | 'send'>;
  readonly #requireRole: RequireRole;

  constructor(deps: {
    clock: VirtualClock;
    activity: Activity;
    registry: FunctionRegistry;
    queues: Pick<Queues, 'policyOf' | 'send'>;
    requireRole: RequireRole;
  }) {
    this.#clock = deps.clock;
    this.#activity = deps.activity;
    this.#registry = deps.registry;
    this.#queues = deps.queues;
    this.#requireRole = deps.requireRole;
  }

  /** @throws InvalidParameterValueException when the function's role may not send to a destination; only queues are destinations here. */
  configure(deployed: DeployedFunction, configuration: AsynchronousConfiguration): void {
    const { MaximumRetryAttempts: retries = DEFAULT_RETRIES, MaximumEventAgeInSeconds: age = DEFAULT_AGE_SECONDS } =
      configuration;
    if (!(retries >= 0 && retries <= 2)) throw invalidValue('MaximumRetryAttempts must be between 0 and 2.');
    if (!(age >= 60 && age <= 21_600)) throw invalidValue('MaximumEventAgeInSeconds must be between 60 and 21600.');
    for (const destination of [destinationOf(configuration, 'OnSuccess'), destinationOf(configuration, 'OnFailure')]) {
      if (!destination) continue;
      if (!destination.startsWith('arn:aws:sqs:'))
        throw notInLocalMesh(`Lambda destinations other than SQS queues (${destination})`);
      try {
        this.#requireSend(deployed, destination);
      } catch (cause) {
        throw Object.assign(
          invalidValue(
            `The function's execution role ${deployed.configuration.Role} does not have permissions to call SendMessage on ${destination}`,
          ),
          { cause },
        );
      }
    }
    this.#configurations.set(deployed.arn, configuration);
  }

  /** Takes the event; whatever comes of it is not told to the caller. */
  accept(deployed: DeployedFunction, payload: string, requestId: string = crypto.randomUUID()): void {
    const queued: Queued = {
      deployed,
      payload,
      requestId,
      acceptedAt: this.#clock.now(),
      attempts: 0,
      lastOutcome: undefined,
    };
    this.#run(queued);
  }

  #run(queued: Queued): void {
    const name = queued.deployed.configuration.FunctionName;
    void this.#activity.track(`asynchronous invoke ${name}`, () => this.#attempt(queued));
  }

  async #attempt(queued: Queued): Promise<void> {
    if (queued.deployed.pool.limit === 0) return this.#tell(queued, 'ZeroReservedConcurrency');
    queued.attempts += 1;
    queued.lastOutcome = await this.#invoke(queued);
    if (!queued.lastOutcome.functionError) return this.#tell(queued, 'Success');
    const configuration = this.#configurations.get(queued.deployed.arn);
    if (queued.attempts > (configuration?.MaximumRetryAttempts ?? DEFAULT_RETRIES)) {
      return this.#tell(queued, 'RetriesExhausted');
    }
    const expiresAt = queued.acceptedAt + (configuration?.MaximumEventAgeInSeconds ?? DEFAULT_AGE_SECONDS) * 1000;
    const retryAt = this.#clock.now() + RETRY_AFTER_SECONDS[queued.attempts - 1]! * 1000;
    if (retryAt < expiresAt) this.#clock.at(retryAt, () => this.#run(queued));
    else this.#clock.at(expiresAt, () => this.#expire(queued));
  }

  #expire(queued: Queued): void {
    void this.#activity.track('expired invoke', () => this.#tell(queued, 'EventAgeExceeded'));
  }

  async #invoke({ deployed, payload, requestId }: Queued): Promise<Outcome> {
    try {
      return await this.#registry.invoke(deployed, payload, requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#registry.log(deployed, `asynchronous invoke failed: ${error.code}: ${error.message}`);
      return {
        payload: JSON.stringify({ errorType: error.code, errorMessage: error.message }),
        functionError: 'Unhandled',
      };
    }
  }

  /** Writes the invocation record. Its form: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations". */
  async #tell(queued: Queued, condition: Condition): Promise<void> {
    const { deployed, lastOutcome } = queued;
    const kind = condition === 'Success' ? 'OnSuccess' : 'OnFailure';
    const destination = destinationOf(this.#configurations.get(deployed.arn), kind);
    if (!destination) return;
    const record = {
      version: '1.0',
      timestamp: this.#clock.iso(),
      requestContext: {
        requestId: queued.requestId,
        functionArn: `${deployed.arn}:$LATEST`,
        condition,
        approximateInvokeCount: queued.attempts,
      },
      requestPayload: JSON.parse(queued.payload),
      ...(lastOutcome && {
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          ...(lastOutcome.functionError && { functionError: lastOutcome.functionError }),
        },
        responsePayload: JSON.parse(lastOutcome.payload),
      }),
    };
    try {
      this.#requireSend(deployed, destination);
      await this.#queues.send(destination, JSON.stringify(record));
    } catch (error) {
      // AWS drops the record too, and counts DestinationDeliveryFailures.
      if (!(error instanceof AwsError)) throw error;
      this.#registry.log(
        deployed,
        `could not tell ${destination} of a ${condition} invoke: ${error.code}: ${error.message}`,
      );
    }
  }

  #requireSend(deployed: DeployedFunction, queueArn: string): void {
    this.#requireRole(deployed.configuration.Role, {
      action: 'sqs:SendMessage',
      resource: queueArn,
      resourcePolicy: this.#queues.policyOf(queueArn),
    });
  }
}

function destinationOf(
  configuration: AsynchronousConfiguration | undefined,
  kind: 'OnFailure' | 'OnSuccess',
): string | undefined {
  return configuration?.DestinationConfig?.[kind]?.Destination;
}
