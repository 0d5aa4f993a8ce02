import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Activity } from '../../../local/core/activity.ts';
import { AwsError } from '../../../local/core/aws-error.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { administrator, type Wire } from '../../../local/core/service.ts';
import { createDynamo } from '../../../local/dynamo/dynamo.ts';

/** DynamoDB behind the smallest server that the real SDK can talk to: the access key id is the account. */
export async function rig() {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const { service, stop } = await createDynamo({ clock });
  const server = createServer(async (request, response) => {
    const account = /Credential=(\d{12})/.exec(request.headers.authorization ?? '')![1]!;
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    const input = JSON.parse(await text(request));
    try {
      const answer = await service.operations[operation]!.run(input, administrator(account));
      response.end(JSON.stringify(answer));
    } catch (error) {
      const { code, message, status, members } =
        error instanceof AwsError ? error : new AwsError('InternalServerError', String(error), { status: 500 });
      response.statusCode = status;
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message, ...members }));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const rawClient = (account = '111111111111') =>
    new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: account, secretAccessKey: 'x' },
      maxAttempts: 1,
    });
  const client = (account?: string) =>
    DynamoDBDocumentClient.from(rawClient(account), { marshallOptions: { removeUndefinedValues: true } });
  const call = async (operation: string, input: Wire, account = '111111111111'): Promise<Wire> =>
    service.operations[operation]!.run(input, administrator(account));
  /** A table with `pk` and `sk`, and the sparse index `due`. */
  const table = (TableName: string, account?: string) =>
    call(
      'CreateTable',
      {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', 'due', 'dueAt'].map(AttributeName => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'due', KeyType: 'HASH' },
              { AttributeName: 'dueAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      },
      account,
    );
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    clock.stop();
    await stop();
  };
  return { clock, service, call, table, client, rawClient, close };
}

export type Rig = Awaited<ReturnType<typeof rig>>;
