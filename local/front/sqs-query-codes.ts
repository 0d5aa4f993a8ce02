/**
 * SQS was a query service before it spoke JSON: its errors also carry the old code, in `x-amzn-query-error`, which SDKs show.
 * Source: the `awsQueryError` traits in the SDK's model of SQS.
 */
const PREFIX = 'AWS.SimpleQueueService.';

const CODES: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  BatchEntryIdsNotDistinct: `${PREFIX}BatchEntryIdsNotDistinct`,
  BatchRequestTooLong: `${PREFIX}BatchRequestTooLong`,
  EmptyBatchRequest: `${PREFIX}EmptyBatchRequest`,
  ExpiredTokenException: 'ExpiredToken',
  InvalidBatchEntryId: `${PREFIX}InvalidBatchEntryId`,
  MessageNotInflight: `${PREFIX}MessageNotInflight`,
  PurgeQueueInProgress: `${PREFIX}PurgeQueueInProgress`,
  QueueDeletedRecently: `${PREFIX}QueueDeletedRecently`,
  QueueDoesNotExist: `${PREFIX}NonExistentQueue`,
  QueueNameExists: 'QueueAlreadyExists',
  TooManyEntriesInBatchRequest: `${PREFIX}TooManyEntriesInBatchRequest`,
  UnrecognizedClientException: 'InvalidClientTokenId',
  UnsupportedOperation: `${PREFIX}UnsupportedOperation`,
};

/** The code that SQS had for the error before it spoke JSON. */
export function sqsQueryCode(code: string): string {
  return CODES[code] ?? code;
}
