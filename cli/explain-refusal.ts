/** Says what it takes, a line each, when AWS refuses. */
export async function explainingRefusals<T>(what: readonly string[], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error && '$fault' in error && error.name.startsWith('AccessDenied'))) throw error;
    throw new RefusedError(error, what);
  }
}

/** AWS does not let the caller do what the command takes. */
class RefusedError extends Error {
  override name = 'RefusedError';

  constructor(cause: Error, what: readonly string[]) {
    super([`AWS answers ${cause.name}: ${cause.message}`, ...what].join('\n'), { cause });
  }
}
