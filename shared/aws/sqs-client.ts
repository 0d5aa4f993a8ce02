import { SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from './clients.ts';

// Apart from the other clients: a bundle that loads SQS only when a message has failed would otherwise load it with them.

export function sqsClient(): SQSClient {
  return new SQSClient(clientOptions);
}
