/** Whether an error is the AWS exception of that name. */
export function isError(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** The codes of a cancelled DynamoDB transaction, one for each write in its order; undefined for any other error. */
export function cancellationCodes(error: unknown): string[] | undefined {
  if (!isError(error, 'TransactionCanceledException')) return undefined;
  const { CancellationReasons = [] } = error as { CancellationReasons?: { Code?: string }[] };
  return CancellationReasons.map(reason => reason.Code ?? 'None');
}
