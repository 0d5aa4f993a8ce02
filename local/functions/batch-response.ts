/**
 * The messages of a batch that stay on the queue after the function answered.
 *
 * Source: Lambda Developer Guide, "Handling errors for an SQS event source": nothing, null, and an empty or null batchItemFailures are
 * complete success; an invalid answer, and an empty, null or misnamed itemIdentifier, or one that is not in the batch, complete failure.
 * The guide does not say which answers are invalid: here, valid JSON that is not an object is.
 * @param answer JSON text.
 */
export function failedMessages(answer: string, messageIds: readonly string[]): readonly string[] {
  const parsed: unknown = JSON.parse(answer);
  if (parsed === null || parsed === '') return [];
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return messageIds;
  const failures = (parsed as Record<string, unknown>).batchItemFailures;
  if (failures === undefined || failures === null) return [];
  if (!Array.isArray(failures)) return messageIds;
  const failed: unknown[] = failures.map(failure => failure?.itemIdentifier);
  const isKnown = (id: unknown): id is string => typeof id === 'string' && messageIds.includes(id);
  return failed.every(isKnown) ? failed : messageIds;
}
