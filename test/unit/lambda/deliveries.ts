import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';

/** What Lambda hands a function beside its event, as far as the code here looks at it. */
export function lambdaContext(remainingMilliseconds = 30_000): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'trellis-local-access-intake',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:111111111111:function:trellis-local-access-intake',
    memoryLimitInMB: '512',
    awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    logGroupName: '/aws/lambda/trellis-local-access-intake',
    logStreamName: '2026/11/21/[$LATEST]0',
    getRemainingTimeInMillis: () => remainingMilliseconds,
    done() {},
    fail() {},
    succeed() {},
  };
}

export function sqsRecord(messageId: string, body = '{}', tries = 1): SQSRecord {
  return {
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(tries),
      SentTimestamp: '1795251600000',
      SenderId: 'events.amazonaws.com',
      ApproximateFirstReceiveTimestamp: '1795251600010',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:111111111111:trellis-local-access',
    awsRegion: 'us-east-1',
  };
}

export function sqsEvent(...Records: SQSRecord[]): SQSEvent {
  return { Records };
}
