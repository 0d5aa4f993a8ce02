/** An error as an AWS API answers it. `code` is the exception's name on the wire. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, such as `CancellationReasons`. */
  readonly members: Record<string, unknown>;

  constructor(code: string, message: string, options: { status?: number; members?: Record<string, unknown> } = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = options.status ?? 400;
    this.members = options.members ?? {};
  }
}

/** For what AWS has and the local mesh has not. */
export function notInLocalMesh(what: string): AwsError {
  return new AwsError(
    'NotImplementedInLocalMesh',
    `The local mesh does not have ${what}. See docs/local-mesh.md for what it has.`,
    {
      status: 501,
    },
  );
}
