import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SpokeCheck, SpokeFinding } from '../mesh/check-spoke.ts';
import { type SpokeChecker, SpokeCheckMissingError } from '../mesh/spoke-checks.ts';
import { isError } from './aws-errors.ts';

/** Has the hub's function look, with the role that Trellis uses in the accounts. */
export class SpokeCheckFunction implements SpokeChecker {
  readonly #client: LambdaClient;
  readonly #name: string;

  constructor(client: LambdaClient, stage: string) {
    this.#client = client;
    this.#name = `trellis-${stage}-spoke-check`;
  }

  async check(check: SpokeCheck): Promise<SpokeFinding[]> {
    try {
      const { FunctionError, Payload } = await this.#client.send(
        new InvokeCommand({ FunctionName: this.#name, Payload: JSON.stringify(check) }),
      );
      const answer = JSON.parse(Payload ? Buffer.from(Payload).toString() : 'null');
      if (FunctionError) throw new Error(`${this.#name} failed: ${answer?.errorMessage ?? FunctionError}`);
      return answer as SpokeFinding[];
    } catch (error) {
      if (!isError(error, 'ResourceNotFoundException')) throw error;
      throw new SpokeCheckMissingError(this.#name, { cause: error });
    }
  }
}
