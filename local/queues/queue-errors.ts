import { AwsError } from '../core/aws-error.ts';

/**
 * The codes that clients of SQS's older query protocol know, by the JSON protocol's. The front sends them in the header
 * `x-amzn-query-error: <code>;Sender`, which botocore and the SDKs read. Source: the `awsQueryError` traits of the SQS service model.
 */
const QUERY_CODES: Record<string, string> = {
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

/** An error of SQS by its JSON-protocol code, with `members.queryErrorCode` where the older protocol spells it differently. */
export function queueError(code: string, message: string): AwsError {
  const queryErrorCode = QUERY_CODES[code];
  return new AwsError(code, message, queryErrorCode ? { members: { queryErrorCode } } : {});
}

export function invalidParameter(name: string, value: unknown, reason: string): AwsError {
  return queueError('InvalidParameterValue', `Value ${value} for parameter ${name} is invalid. Reason: ${reason}`);
}

export function missingParameter(name: string): AwsError {
  return queueError('MissingParameter', `The request must contain the parameter ${name}.`);
}

export function queueDoesNotExist(): AwsError {
  return queueError('QueueDoesNotExist', 'The specified queue does not exist.');
}
