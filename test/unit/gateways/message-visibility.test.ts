import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MessageVisibility } from '../../../shared/aws/message-visibility.ts';

const message = {
  eventSourceARN: 'arn:aws:sqs:us-east-1:111111111111:trellis-local-catalog',
  receiptHandle: 'handle of the last delivery',
};
const asked = {
  QueueUrl: 'https://sqs.us-east-1.amazonaws.com/111111111111/trellis-local-catalog',
  ReceiptHandle: 'handle of the last delivery',
  VisibilityTimeout: 30,
};

afterEach(() => void vi.unstubAllEnvs());

describe('a message that rests', () => {
  it("is hidden on its queue, by the delivery's handle", async () => {
    const sqs = mockClient(SQSClient);
    try {
      await new MessageVisibility().rest(message, 30);
      expect(sqs.commandCalls(ChangeMessageVisibilityCommand).map(call => call.args[0].input)).toEqual([asked]);
    } finally {
      sqs.restore();
    }
  });

  it("is asked for at the endpoint that is configured, whatever host the queue's URL names", async () => {
    const bodies: unknown[] = [];
    const server = createServer(async (request, response) => {
      bodies.push(JSON.parse(await text(request)));
      response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      vi.stubEnv('AWS_REGION', 'us-east-1');
      vi.stubEnv('AWS_ACCESS_KEY_ID', '111111111111');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'none');
      await new MessageVisibility().rest(message, 30);
      expect(bodies).toEqual([asked]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
