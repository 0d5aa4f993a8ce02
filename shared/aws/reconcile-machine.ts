import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Mesh } from '../mesh/mesh.ts';
import type { Onboarding } from '../mesh/onboard.ts';
import { describeFailure } from '../reconcile/describe-failure.ts';
import type { RunState } from '../reconcile/follow-run.ts';
import type { ReconcileRequest } from '../reconcile/reconcile-run.ts';
import { isError } from './aws-errors.ts';

/** The state machine `reconcile` of a stage. A run has the name of its execution. */
export class ReconcileMachine implements Onboarding {
  readonly #client: SFNClient;
  readonly #stage: Pick<Mesh, 'stage' | 'hub'>;

  constructor(client: SFNClient, stage: Pick<Mesh, 'stage' | 'hub'>) {
    this.#client = client;
    this.#stage = stage;
  }

  async start(domain: string, name: string): Promise<'started' | 'no-machine'> {
    try {
      await this.ask(name, { domain, dryRun: false, reason: 'onboarding' });
      return 'started';
    } catch (error) {
      if (error instanceof ReconcileMissingError) return 'no-machine';
      throw error;
    }
  }

  /** Starts a run, or finds it started. @throws ReconcileMissingError */
  async ask(run: string, request: Partial<ReconcileRequest>): Promise<void> {
    const stateMachineArn = await this.#arn('stateMachine');
    try {
      await this.#client.send(
        new StartExecutionCommand({ stateMachineArn, name: run, input: JSON.stringify(request) }),
      );
    } catch (error) {
      if (isError(error, 'StateMachineDoesNotExist'))
        throw new ReconcileMissingError(stateMachineArn, { cause: error });
      // This very run was started before: by a call whose answer was lost.
      if (!isError(error, 'ExecutionAlreadyExists')) throw error;
    }
  }

  /** Where a run stands; undefined when there is none, or it is too new to be seen. */
  async state(run: string): Promise<RunState | undefined> {
    const executionArn = `${await this.#arn('execution')}:${run}`;
    try {
      const { status, error, cause } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      switch (status) {
        case 'SUCCEEDED':
          return { kind: 'succeeded' };
        case 'FAILED':
        case 'TIMED_OUT':
        case 'ABORTED': {
          const failure = { ...(error && { Error: error }), ...(cause && { Cause: cause }) };
          const reason = error || cause ? describeFailure(failure) : 'no cause is given.';
          return { kind: 'failed', status, error, reason };
        }
        default:
          return { kind: 'running' };
      }
    } catch (error) {
      if (isError(error, 'ExecutionDoesNotExist')) return undefined;
      throw error;
    }
  }

  async #arn(kind: 'stateMachine' | 'execution'): Promise<string> {
    const { stage, hub } = this.#stage;
    const region = await this.#client.config.region();
    return `arn:aws:states:${region}:${hub}:${kind}:trellis-${stage}-reconcile`;
  }
}

/** The stage has no state machine here. Deploying it, or asking in the right place, helps. */
export class ReconcileMissingError extends Error {
  override name = 'ReconcileMissingError';

  constructor(arn: string, options?: ErrorOptions) {
    const [, , , region, account, , machine] = arn.split(':');
    super(
      `Account ${account} has no state machine ${machine} in ${region}. Is that the hub's account, is this its Region, and is the stage deployed in this version (npx serverless deploy --stage <stage>)?`,
      options,
    );
  }
}
