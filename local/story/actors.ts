/** People and pipelines that use a local mesh from outside, with the AWS SDK alone: for the story and the journeys. */
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { GlueClient } from '@aws-sdk/client-glue';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

export const HUB = '111111111111';
export const AVIATION = '222222222222';
export const CLIMATE = '333333333333';
export const ANALYTICS = '444444444444';

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** How a client of the mesh is made: its endpoint, and who calls. */
export interface Connection {
  endpoint: string;
  region: string;
  credentials: Keys;
}

/** The administrator of an account: the access key id is the account id. */
export function administratorOf(endpoint: string, account: string): Connection {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: account, secretAccessKey: 'any' } };
}

/** A role of an account, assumed by its administrator. */
export async function roleOf(endpoint: string, account: string, role: string): Promise<Connection> {
  const sts = new STSClient(administratorOf(endpoint, account));
  const RoleArn = roleArn(account, role);
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: role.toLowerCase() }));
  if (!Credentials?.AccessKeyId || !Credentials.SecretAccessKey || !Credentials.SessionToken)
    throw new Error(`No credentials of ${RoleArn}.`);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = Credentials;
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey, sessionToken } };
}

export function roleArn(account: string, role: string): string {
  return `arn:aws:iam::${account}:role/${role}`;
}

export function glueOf(connection: Connection): GlueClient {
  return new GlueClient(connection);
}

/** Puts an event of ours on an account's default bus; its forwarding rule brings it to the hub. @returns its `eventId` */
export async function putEvent(
  connection: Connection,
  source: string,
  detailType: string,
  data: Record<string, unknown>,
  options: { eventId?: string; bus?: string } = {},
): Promise<string> {
  const eventId = options.eventId ?? crypto.randomUUID();
  const Detail = JSON.stringify({ metadata: { eventId, schemaVersion: '1.0' }, data });
  const Entry = { Source: source, DetailType: detailType, Detail, ...(options.bus && { EventBusName: options.bus }) };
  const { Entries = [] } = await new EventBridgeClient(connection).send(new PutEventsCommand({ Entries: [Entry] }));
  if (Entries[0]?.ErrorCode) throw new Error(`${Entries[0].ErrorCode}: ${Entries[0].ErrorMessage}`);
  return eventId;
}

/** What somebody who listens on the hub's bus has heard. */
export interface Told {
  type: string;
  data: Record<string, unknown>;
  time: string;
}

/** Listens to what Trellis tells (or to what matches the pattern), as any operator may: a rule and a queue of one's own on the hub's bus. */
export async function listen(
  endpoint: string,
  busName: string,
  pattern: object = { source: ['trellis'] },
): Promise<() => Promise<Told[]>> {
  const hub = administratorOf(endpoint, HUB);
  const events = new EventBridgeClient(hub);
  const sqs = new SQSClient(hub);
  const name = `listener-${crypto.randomUUID().slice(0, 8)}`;
  const queueArn = `arn:aws:sqs:us-east-1:${HUB}:${name}`;
  const ruleArn = `arn:aws:events:us-east-1:${HUB}:rule/${busName}/${name}`;
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
      },
    ],
  };
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { Policy: JSON.stringify(policy) } }),
  );
  await events.send(new PutRuleCommand({ Name: name, EventBusName: busName, EventPattern: JSON.stringify(pattern) }));
  await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: busName, Targets: [{ Id: 'queue', Arn: queueArn }] }),
  );
  return async () => {
    const told: Told[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return told;
      for (const message of Messages) {
        const event = JSON.parse(message.Body ?? '{}') as {
          'detail-type': string;
          detail: { data: Record<string, unknown> };
          time: string;
        };
        told.push({ type: event['detail-type'], data: event.detail.data, time: event.time });
      }
      const Entries = Messages.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
}

export type QueryAnswer = { columns: string[]; rows: (string | null)[][] } | { refused: string };

/** Runs a query in Athena with the caller's rights. */
export async function query(connection: Connection, sql: string): Promise<QueryAnswer> {
  const athena = new AthenaClient(connection);
  const { QueryExecutionId } = await athena.send(
    new StartQueryExecutionCommand({ QueryString: sql, WorkGroup: 'primary' }),
  );
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'FAILED' || State === 'CANCELLED') return { refused: StateChangeReason ?? State };
    if (State === 'SUCCEEDED') break;
    await new Promise(resolve => setTimeout(resolve, wait));
  }
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
  const [header = [], ...rows] = (ResultSet?.Rows ?? []).map(row =>
    (row.Data ?? []).map(cell => cell.VarCharValue ?? null),
  );
  return { columns: header.map(String), rows };
}

/** Moves the mesh's clock. @returns the time then */
export async function advance(endpoint: string, seconds: number): Promise<string> {
  return (await post(endpoint, '/_local/clock', { advanceSeconds: seconds })).now as string;
}

/** Waits until nothing is under way in the mesh. */
export async function settle(endpoint: string, timeoutMs = 30_000): Promise<void> {
  const answer = await post(endpoint, '/_local/settle', { timeoutMs });
  if (answer.settled !== true)
    throw new Error(`The mesh did not come to rest in ${timeoutMs} ms: ${JSON.stringify(answer.pending)}`);
}

async function post(endpoint: string, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(endpoint + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
