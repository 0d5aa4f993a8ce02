/** What failed, in words. A failed function's cause is JSON. Source: Step Functions Developer Guide, "Handling errors". */
export function describeFailure({ Error: name = 'unknown', Cause: cause }: { Error?: string; Cause?: string }): string {
  if (!cause) return name;
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: string };
    return errorMessage ?? cause;
  } catch {
    return cause;
  }
}
