import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Mesh } from '../mesh/mesh.ts';
import type { Onboarding } from '../mesh/onboard.ts';
import { isError } from './aws-errors.ts';

/** The state machine `reconcile` of a stage. */
export class ReconcileMachine implements Onboarding {
  readonly #client: SFNClient;
  readonly #stage: Pick<Mesh, 'stage' | 'hub'>;

  constructor(client: SFNClient, stage: Pick<Mesh, 'stage' | 'hub'>) {
    this.#client = client;
    this.#stage = stage;
  }

  async start(domain: string, name: string): Promise<'started' | 'no-machine'> {
    const { stage, hub } = this.#stage;
    const region = await this.#client.config.region();
    const stateMachineArn = `arn:aws:states:${region}:${hub}:stateMachine:trellis-${stage}-reconcile`;
    const input = JSON.stringify({ domain, dryRun: false, reason: 'onboarding' });
    try {
      await this.#client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    } catch (error) {
      if (isError(error, 'StateMachineDoesNotExist')) return 'no-machine';
      // This very run was started before.
      if (!isError(error, 'ExecutionAlreadyExists')) throw error;
    }
    return 'started';
  }
}
