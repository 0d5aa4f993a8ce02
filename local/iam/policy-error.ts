import { AwsError } from '../core/aws-error.ts';

/** A policy says something that the local mesh cannot evaluate. Thrown when the policy is loaded, so that it is never silently true. */
export class PolicyError extends AwsError {
  constructor(what: string) {
    super(
      'NotImplementedInLocalMesh',
      `The local mesh's IAM does not have ${what}. See docs/local-mesh.md for what it has.`,
      { status: 501 },
    );
  }
}
