import {
  BatchGetPartitionCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetDatabasesCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GetTablesCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetDataLakeSettingsCommand, LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { GetResourceShareInvitationsCommand, RAMClient } from '@aws-sdk/client-ram';
import { GetBucketEncryptionCommand, GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import type { GlueProbe } from '../mesh/check-spoke.ts';
import type { BucketEncryption } from '../mesh/check-spoke-data.ts';
import type { SpokeProbes } from '../mesh/prove-spoke.ts';
import { isError } from './aws-errors.ts';
import { clientOptions, perAccount, type SpokeCredentials } from './clients.ts';

/** Answers of AWS to `trellis-spoke` of each account. Reads, and one DeleteTable of what cannot exist. */
export class AwsSpokeProbes implements SpokeProbes {
  readonly #credentials: SpokeCredentials;
  readonly #glue: (account: string) => GlueClient;
  readonly #lake: (account: string) => LakeFormationClient;
  readonly #ram: (account: string) => RAMClient;
  readonly #s3: (account: string) => S3Client;

  constructor(given: SpokeCredentials) {
    this.#credentials = given;
    const options = (account: string) => ({ ...clientOptions, credentials: given(account) });
    this.#glue = perAccount(account => new GlueClient(options(account)));
    this.#lake = perAccount(account => new LakeFormationClient(options(account)));
    this.#ram = perAccount(account => new RAMClient(options(account)));
    // A domain's bucket may be in another Region than the hub.
    this.#s3 = perAccount(account => new S3Client({ ...options(account), followRegionRedirects: true }));
  }

  async assume(account: string): Promise<void> {
    await this.#credentials(account)();
  }

  async glue(account: string, { action, database: DatabaseName, table: TableName }: GlueProbe): Promise<void> {
    const client = this.#glue(account);
    const partitions = { DatabaseName, TableName };
    const Values = ['probe'];
    switch (action) {
      case 'GetDatabases':
        await client.send(new GetDatabasesCommand({ MaxResults: 1 }));
        return;
      case 'GetDatabase':
        await client.send(new GetDatabaseCommand({ Name: DatabaseName }));
        return;
      case 'GetTables':
        await client.send(new GetTablesCommand({ DatabaseName, MaxResults: 1 }));
        return;
      case 'GetTable':
        await client.send(new GetTableCommand({ DatabaseName, Name: TableName }));
        return;
      case 'GetPartitions':
        await client.send(new GetPartitionsCommand({ ...partitions, MaxResults: 1 }));
        return;
      case 'GetPartition':
        await client.send(new GetPartitionCommand({ ...partitions, PartitionValues: Values }));
        return;
      case 'BatchGetPartition':
        await client.send(new BatchGetPartitionCommand({ ...partitions, PartitionsToGet: [{ Values }] }));
        return;
      case 'DeleteTable':
        await client.send(new DeleteTableCommand({ DatabaseName, Name: TableName }));
        return;
    }
  }

  async listInvitations(account: string): Promise<void> {
    await this.#ram(account).send(new GetResourceShareInvitationsCommand({ maxResults: 1 }));
  }

  async trustedOwners(account: string): Promise<string[]> {
    const { DataLakeSettings } = await this.#lake(account).send(new GetDataLakeSettingsCommand({}));
    return DataLakeSettings?.TrustedResourceOwners ?? [];
  }

  async bucketPolicy(account: string, Bucket: string): Promise<string | undefined> {
    try {
      return (await this.#s3(account).send(new GetBucketPolicyCommand({ Bucket }))).Policy;
    } catch (error) {
      if (isError(error, 'NoSuchBucketPolicy')) return undefined;
      throw error;
    }
  }

  async bucketEncryption(account: string, Bucket: string): Promise<BucketEncryption | undefined> {
    try {
      const answer = await this.#s3(account).send(new GetBucketEncryptionCommand({ Bucket }));
      const rule = answer.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
      return rule?.SSEAlgorithm && { algorithm: rule.SSEAlgorithm, key: rule.KMSMasterKeyID };
    } catch (error) {
      if (isError(error, 'ServerSideEncryptionConfigurationNotFoundError')) return undefined;
      throw error;
    }
  }

  /** Asked where the key is: a key's policy is told in its own Region alone. */
  async keyPolicy(account: string, keyArn: string): Promise<string> {
    const region = keyArn.split(':')[3]!;
    const client = new KMSClient({ ...clientOptions, credentials: this.#credentials(account), region });
    try {
      const { Policy } = await client.send(new GetKeyPolicyCommand({ KeyId: keyArn, PolicyName: 'default' }));
      return Policy ?? '{}';
    } finally {
      client.destroy();
    }
  }
}
