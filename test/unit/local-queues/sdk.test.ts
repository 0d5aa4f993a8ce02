import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DeleteMessageCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished } from 'vitest';
import type { AwsError } from '../../../local/core/aws-error.ts';
import { startSqs } from './sqs.ts';

/** SQS with the JSON protocol's framing and nothing else: no signature, no IAM. */
async function serve(sqs: ReturnType<typeof startSqs>['sqs']): Promise<SQSClient> {
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    try {
      const chunks = await request.toArray();
      response.end(JSON.stringify(await sqs(operation, JSON.parse(Buffer.concat(chunks).toString()))));
    } catch (error) {
      const { code, status, members } = error as AwsError;
      response.setHeader('x-amzn-query-error', `${members.queryErrorCode};Sender`);
      response
        .writeHead(status)
        .end(JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: (error as Error).message }));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: '111111111111', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return client;
}

it('satisfies the SDK, which compares the digests of what it sends and receives', async () => {
  const { sqs, createQueue } = startSqs();
  const QueueUrl = await createQueue('work');
  const client = await serve(sqs);
  await client.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: 'größe',
      MessageAttributes: { raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) } },
    }),
  );
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: '{"n":1}' }] }));
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
  );
  expect(Messages.map(message => message.Body)).toEqual(['größe', '{"n":1}']);
  expect(Messages[0]!.MessageAttributes!.raw!.BinaryValue).toEqual(new Uint8Array([0, 255]));
  for (const { ReceiptHandle } of Messages) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const missing = client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, MessageBody: 'late' }));
  await expect(missing).rejects.toThrow(QueueDoesNotExist);
});
