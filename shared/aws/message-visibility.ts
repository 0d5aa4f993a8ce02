import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';

/** A message as a function's event has it. */
export interface DeliveredMessage {
  eventSourceARN: string;
  receiptHandle: string;
}

/** When messages that were received and not deleted are delivered again. */
export class MessageVisibility {
  readonly #client: SQSClient;

  constructor(client: SQSClient = visibilityClient()) {
    this.#client = client;
  }

  /**
   * Hides a received message for so many seconds from now, instead of what is left of its queue's visibility timeout. A message that its function
   * then reports as failed keeps that: Lambda only leaves it undeleted. Source: SQS Developer Guide, visibility timeout; Lambda Developer Guide,
   * partial batch responses.
   */
  async rest({ eventSourceARN, receiptHandle }: DeliveredMessage, seconds: number): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrlOf(eventSourceARN),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  }
}

/**
 * Gives up soon: the messages beside the failed one wait for it. The URL's host is not where it calls, but the endpoint of its configuration
 * (`AWS_ENDPOINT_URL`, another partition's, a VPC's), which the SDK by default overrides with that host.
 * Source: @aws-sdk/middleware-sdk-sqs, queueUrlMiddleware.
 */
function visibilityClient(): SQSClient {
  return new SQSClient({
    maxAttempts: 2,
    requestHandler: { requestTimeout: 3_000, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
    useQueueUrlAsEndpoint: false,
  });
}

function queueUrlOf(queueArn: string): string {
  const [, , , region, account, name] = queueArn.split(':');
  return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
}
