import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetTableResponse$, GetTablesResponse$, GlueClient, type GlueClientConfig } from '@aws-sdk/client-glue';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { RAMClient } from '@aws-sdk/client-ram';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * What every client shares. The SDK's standard retries take throttling; a request is given up after 30 s, on which the ledger's leases rest
 * (`shared/access/ledger.ts`): without `throwOnRequestTimeout` the SDK only warns. Source: @smithy/types, NodeHttpHandlerOptions.
 */
export const clientOptions = {
  maxAttempts: 6,
  retryMode: 'standard',
  requestHandler: { requestTimeout: 30_000, throwOnRequestTimeout: true, connectionTimeout: 3_000 },
};

export function documentClient(connection: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ ...clientOptions, ...connection }), {
    marshallOptions: { removeUndefinedValues: true },
  });
}

/**
 * For who makes the same calls again and again: the SDK puts a call's steps together once for each command. The document client cannot.
 * Source: @smithy/core, SmithyConfiguration, `cacheMiddleware`.
 */
const steadyOptions = { ...clientOptions, cacheMiddleware: true };

/** The SDK walks through each input and answer to hide what is sensitive from its logger, though it has none here. */
function withoutLog<T extends { middlewareStack: { remove(step: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

export function steadyDynamoClient(): DynamoDBClient {
  return withoutLog(new DynamoDBClient(steadyOptions));
}

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiration: Date };

/** Gives credentials of the role `trellis-spoke` in an account of the mesh. The SDK asks again shortly before they expire. */
export type SpokeCredentials = (account: string) => () => Promise<Credentials>;

/** @param sessionName how the hub shows in the account's CloudTrail */
export function spokeCredentials(sessionName: string, sts = new STSClient(clientOptions)): SpokeCredentials {
  return account => async () => {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({ RoleArn: spokeRoleArn(account), RoleSessionName: sessionName, DurationSeconds: 3600 }),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration) {
      throw new Error(`STS gave no credentials of ${spokeRoleArn(account)}.`);
    }
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiration: given.Expiration,
    };
  };
}

function spokeRoleArn(account: string): string {
  return `arn:aws:iam::${account}:role/trellis-spoke`;
}

/** Makes one client for each account and keeps it: its connections, and the credentials of its role. */
export function perAccount<T>(make: (account: string) => T): (account: string) => T {
  const clients = new Map<string, T>();
  return account => {
    const known = clients.get(account);
    if (known) return known;
    const client = make(account);
    clients.set(account, client);
    return client;
  };
}

function steadyGlue(options: GlueClientConfig = {}): GlueClient {
  // The SDK keeps with an answer's shape whether it holds numbers of any precision, and parses such an answer at a tenth of the speed: a table's
  // may, in the documents of `IcebergTableMetadata`, which nothing here reads. Source: @smithy/core, `needsReviver`. With a release of it that
  // looks elsewhere this is slower, and no less right.
  for (const shape of [GetTableResponse$, GetTablesResponse$])
    Object.assign(shape, { [Symbol.for('@aws-sdk/reviver')]: false });
  return withoutLog(new GlueClient({ ...steadyOptions, ...options }));
}

export function glueClient(): GlueClient {
  return steadyGlue();
}

export function lakeFormationClient(): LakeFormationClient {
  return new LakeFormationClient(clientOptions);
}

export function ramClient(): RAMClient {
  return new RAMClient(clientOptions);
}

export function eventBridgeClient(): EventBridgeClient {
  return withoutLog(new EventBridgeClient(steadyOptions));
}

export function spokeGlue(credentials: SpokeCredentials): (account: string) => GlueClient {
  return perAccount(account => steadyGlue({ credentials: credentials(account) }));
}

export function spokeLakeFormation(credentials: SpokeCredentials): (account: string) => LakeFormationClient {
  return perAccount(account => new LakeFormationClient({ ...clientOptions, credentials: credentials(account) }));
}

export function spokeRam(credentials: SpokeCredentials): (account: string) => RAMClient {
  return perAccount(account => new RAMClient({ ...clientOptions, credentials: credentials(account) }));
}
