import { AthenaClient, GetQueryExecutionCommand } from '@aws-sdk/client-athena';
import { DynamoDBClient, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { LakeFormationClient, ListPermissionsCommand } from '@aws-sdk/client-lakeformation';
import { DeleteResourceShareCommand, GetResourceSharesCommand, RAMClient } from '@aws-sdk/client-ram';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import type { Service } from '../../../local/core/service.ts';
import { ACCOUNT, fakeService, startFront } from './fake-services.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function front(...services: Service[]) {
  const started = await startFront(services);
  stops.push(started.front.stop);
  return started.config;
}

/** A client that does not try again: each test sees the first answer. */
function once<C>(Client: new (config: never) => C, config: object): C {
  return new Client({ ...config, maxAttempts: 1 } as never);
}

function refuses(code: string, options: ConstructorParameters<typeof AwsError>[2] = {}): () => never {
  return () => {
    throw new AwsError(code, `it is ${code}`, options);
  };
}

describe('AWS JSON services', () => {
  it('EventBridge: input, output and caller', async () => {
    const service = fakeService('events', {
      PutEvents: (input, caller) => ({
        FailedEntryCount: 0,
        Entries: input.Entries.map(() => ({ EventId: caller.account })),
      }),
    });
    const answer = await once(EventBridgeClient, await front(service)).send(
      new PutEventsCommand({ Entries: [{ Source: 'trellis.access', DetailType: 'x', Detail: '{"ü":"€"}' }] }),
    );
    expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: ACCOUNT }] });
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('Glue: numbers are times, and errors have their class and message', async () => {
    const service = fakeService('glue', {
      GetTable: input => {
        if (input.Name === 'gone') throw new AwsError('EntityNotFoundException', 'Table gone not found.');
        return { Table: { Name: input.Name, CreateTime: 1_700_000_000.5 } };
      },
    });
    const glue = once(GlueClient, await front(service));
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'db', Name: 't' }));
    expect(Table).toMatchObject({ Name: 't', CreateTime: new Date(1_700_000_000_500) });
    await expect(glue.send(new GetTableCommand({ DatabaseName: 'db', Name: 'gone' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
      message: 'Table gone not found.',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('DynamoDB: members of an error', async () => {
    const reasons = [{ Code: 'ConditionalCheckFailed', Message: 'no' }];
    const config = await front(
      fakeService('dynamodb', {
        PutItem: input => ({ Attributes: input.Item }),
        TransactWriteItems: refuses('TransactionCanceledException', { members: { CancellationReasons: reasons } }),
      }),
    );
    const dynamo = once(DynamoDBClient, config);
    const Item = { id: { S: 'a' }, blob: { B: new Uint8Array([1, 2]) }, n: { N: '3' } };
    const { Attributes } = await dynamo.send(new PutItemCommand({ TableName: 't', Item }));
    expect(Attributes).toEqual(Item);
    await expect(dynamo.send(new TransactWriteItemsCommand({ TransactItems: [] }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: reasons,
    });
  });

  it('Step Functions and Athena', async () => {
    const config = await front(
      fakeService('states', { StartExecution: input => ({ executionArn: input.name, startDate: 1 }) }),
      fakeService('athena', { GetQueryExecution: refuses('InvalidRequestException') }),
    );
    const started = await once(SFNClient, config).send(
      new StartExecutionCommand({ stateMachineArn: 'arn', name: 'n' }),
    );
    expect(started).toMatchObject({ executionArn: 'n', startDate: new Date(1000) });
    await expect(
      once(AthenaClient, config).send(new GetQueryExecutionCommand({ QueryExecutionId: 'q' })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException', message: 'it is InvalidRequestException' });
  });

  it('SQS: a queue URL below the endpoint, and errors by their class and their former code', async () => {
    const config = await front(
      fakeService('sqs', {
        SendMessage: input => ({ MessageId: input.QueueUrl, MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' }),
        GetQueueUrl: refuses('QueueDoesNotExist'),
      }),
    );
    const sqs = once(SQSClient, config);
    const QueueUrl = `${config.endpoint}/${ACCOUNT}/events`;
    expect(await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))).toMatchObject({
      MessageId: QueueUrl,
    });
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
  });
});

describe('REST JSON services', () => {
  it('Lake Formation: the operation is the path', async () => {
    const config = await front(
      fakeService('lakeformation', {
        ListPermissions: input => {
          if (!input.Principal) throw new AwsError('InvalidInputException', 'Principal missing');
          return { PrincipalResourcePermissions: [{ Principal: input.Principal, LastUpdated: 5 }] };
        },
      }),
    );
    const lake = once(LakeFormationClient, config);
    const Principal = { DataLakePrincipalIdentifier: 'arn:aws:iam::444444444444:role/Analyst' };
    expect(await lake.send(new ListPermissionsCommand({ Principal }))).toMatchObject({
      PrincipalResourcePermissions: [{ Principal, LastUpdated: new Date(5000) }],
    });
    await expect(lake.send(new ListPermissionsCommand({}))).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: 'Principal missing',
    });
  });

  it('RAM: the operation is a path in lower case, and a DELETE has its input in the query string', async () => {
    const config = await front(
      fakeService('ram', {
        GetResourceShares: input => ({ resourceShares: [{ name: input.resourceOwner, creationTime: 7 }] }),
        DeleteResourceShare: input => ({ returnValue: input.resourceShareArn === 'arn:a b' }),
      }),
    );
    const ram = once(RAMClient, config);
    expect(await ram.send(new GetResourceSharesCommand({ resourceOwner: 'SELF' }))).toMatchObject({
      resourceShares: [{ name: 'SELF', creationTime: new Date(7000) }],
    });
    expect(await ram.send(new DeleteResourceShareCommand({ resourceShareArn: 'arn:a b' }))).toMatchObject({
      returnValue: true,
    });
  });
});

describe('STS, the query service', () => {
  it('takes a form and answers XML', async () => {
    const config = await front(
      fakeService('sts', {
        AssumeRole: input => ({
          Credentials: {
            AccessKeyId: 'ASIA',
            SecretAccessKey: `<&"'>`,
            SessionToken: input.RoleSessionName,
            Expiration: '2026-01-01T00:00:00Z',
          },
          AssumedRoleUser: { AssumedRoleId: JSON.stringify(input.Tags), Arn: input.RoleArn },
        }),
        GetCallerIdentity: (_input, caller) => ({ Account: caller.account, Arn: caller.arn }),
      }),
    );
    const sts = once(STSClient, config);
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: 'arn:x', RoleSessionName: 'ann', Tags }));
    expect(assumed.Credentials).toEqual({
      AccessKeyId: 'ASIA',
      SecretAccessKey: `<&"'>`,
      SessionToken: 'ann',
      Expiration: new Date('2026-01-01T00:00:00Z'),
    });
    expect(JSON.parse(assumed.AssumedRoleUser?.AssumedRoleId ?? '')).toEqual(Tags);
    const session = {
      ...config,
      credentials: { accessKeyId: 'ASIASESSION', secretAccessKey: 's', sessionToken: 'token' },
    };
    expect(await once(STSClient, session).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/R/s`,
    });
  });

  it('answers errors in XML with the codes that it has', async () => {
    const config = await front(fakeService('sts', { AssumeRole: refuses('ValidationError') }));
    await expect(
      once(STSClient, config).send(new AssumeRoleCommand({ RoleArn: 'arn:x', RoleSessionName: 's' })),
    ).rejects.toMatchObject({ name: 'ValidationError', message: 'it is ValidationError' });
    const nobody = { ...config, credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 's' } };
    await expect(once(STSClient, nobody).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
      $metadata: { httpStatusCode: 403 },
    });
  });
});
