import type { Activity } from '../core/activity.ts';
import { AwsError } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { CredentialsFor } from '../core/ports.ts';
import type { PolicyDocument, PolicyStatement } from '../core/service.ts';
import { Environment, type Outcome } from './environment.ts';
import { EnvironmentPool } from './environment-pool.ts';
import {
  type CompleteConfiguration,
  completeConfiguration,
  environmentVariables,
  type FunctionConfiguration,
  functionArn,
} from './function-configuration.ts';

export interface DeployedFunction {
  account: string;
  arn: string;
  configuration: CompleteConfiguration;
  /** ISO time. */
  modifiedAt: string;
  /** Who may invoke it. A new document with every statement: IAM makes each document ready once. */
  policy: PolicyDocument | undefined;
  pool: EnvironmentPool;
}

export interface FunctionDependencies {
  clock: VirtualClock;
  activity: Activity;
  credentialsFor: CredentialsFor;
  /** The mesh's URL; asked when an environment starts. */
  endpoint: () => string;
  /** Lines that functions write, and what the service itself could not do. */
  log?: ((line: { functionName: string; text: string }) => void) | undefined;
  /** Keeps the metrics of a line that a function of the account wrote. True: the line has had its use, and is not logged. */
  takeMetrics?: ((account: string, line: string) => boolean) | undefined;
  /** Execution environments of one function at a time; 2 unless set. */
  maxEnvironments?: number | undefined;
  /** Execution environments of all functions that stay warm; 10 unless set. One more ends the one that is idle longest. */
  maxWarmEnvironments?: number | undefined;
}

/** An environment with the SDK's clients takes about 40 MB of this process. */
const WARM_ENVIRONMENTS = 10;

/** All functions of all accounts. */
export class FunctionRegistry {
  readonly #deps: FunctionDependencies;
  readonly #functions = new Map<string, DeployedFunction>();

  constructor(deps: FunctionDependencies) {
    this.#deps = deps;
  }

  /** @throws ResourceConflictException when the name is taken. */
  create(account: string, given: FunctionConfiguration): DeployedFunction {
    const configuration = completeConfiguration(given);
    const arn = functionArn(account, configuration.FunctionName);
    if (this.#functions.has(arn)) {
      throw new AwsError('ResourceConflictException', `Function already exist: ${configuration.FunctionName}`, {
        status: 409,
      });
    }
    const most = this.#deps.maxEnvironments ?? 2;
    const limit = Math.min(most, Number(configuration.ReservedConcurrentExecutions ?? most));
    const pool = new EnvironmentPool(limit, onEnd => this.#startEnvironment(account, arn, configuration, onEnd));
    const modifiedAt = this.#deps.clock.iso();
    const deployed: DeployedFunction = { account, arn, configuration, modifiedAt, policy: undefined, pool };
    this.#functions.set(arn, deployed);
    return deployed;
  }

  find(arn: string): DeployedFunction | undefined {
    return this.#functions.get(withoutLatest(arn));
  }

  /** @throws ResourceNotFoundException */
  require(arn: string): DeployedFunction {
    const found = this.find(arn);
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
    return found;
  }

  ofAccount(account: string): DeployedFunction[] {
    return [...this.#functions.values()].filter(deployed => deployed.account === account);
  }

  addPermission(arn: string, statement: PolicyStatement): void {
    const deployed = this.require(arn);
    deployed.policy = { Version: '2012-10-17', Statement: [...[deployed.policy?.Statement ?? []].flat(), statement] };
  }

  policyOf(arn: string): PolicyDocument | undefined {
    return this.find(arn)?.policy;
  }

  /**
   * Runs the function once, as soon as it has a free environment.
   * @throws TooManyRequestsException when its reserved concurrency is 0.
   */
  invoke(deployed: DeployedFunction, payload: string, requestId: string = crypto.randomUUID()): Promise<Outcome> {
    const { pool, configuration } = deployed;
    if (pool.limit === 0) {
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
        status: 429,
        members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
      });
    }
    return this.#deps.activity.track(`lambda ${configuration.FunctionName}`, () => pool.invoke(requestId, payload));
  }

  log(deployed: DeployedFunction, text: string): void {
    this.#deps.log?.({ functionName: deployed.configuration.FunctionName, text });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(deployed => deployed.pool.stop()));
  }

  #makeRoom(): void {
    const pools = [...this.#functions.values()].map(deployed => deployed.pool);
    const warm = pools.reduce((sum, pool) => sum + pool.size, 0);
    if (warm < (this.#deps.maxWarmEnvironments ?? WARM_ENVIRONMENTS)) return;
    const idle = pools.filter(pool => pool.idleSince !== undefined);
    idle.sort((a, b) => a.idleSince! - b.idleSince!)[0]?.retireOne();
  }

  #startEnvironment(
    account: string,
    arn: string,
    configuration: CompleteConfiguration,
    onEnd: (environment: Environment) => void,
  ): Environment {
    const { clock, credentialsFor, endpoint, log, takeMetrics } = this.#deps;
    this.#makeRoom();
    const functionName = configuration.FunctionName;
    const credentials = credentialsFor(configuration.Role, functionName);
    const variables = environmentVariables(configuration, credentials, endpoint());
    const environment: Environment = new Environment(arn, configuration, variables, clock.sharedOffset, {
      onLine(text) {
        if (!takeMetrics?.(account, text)) log?.({ functionName, text });
      },
      onEnd: () => onEnd(environment),
    });
    return environment;
  }
}

/** The ARN of a function by its name, its partial ARN (`account:function:name`) or its ARN, seen from an account. */
export function resolveArn(account: string, nameOrArn: string): string {
  if (nameOrArn.startsWith('arn:')) return withoutLatest(nameOrArn);
  const [first, kind, name] = nameOrArn.split(':');
  return kind === 'function' && name ? functionArn(first!, name) : withoutLatest(functionArn(account, nameOrArn));
}

function withoutLatest(arn: string): string {
  return arn.replace(/:\$LATEST$/, '');
}
