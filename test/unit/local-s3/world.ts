/** S3, KMS and IAM behind a front on a real port, for real clients: two accounts, and a role in each that may do what a test says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { createDataFiles } from '../../../local/athena/data-files.ts';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { OrderedFaults } from '../../../local/core/ordered-faults.ts';
import { createFront } from '../../../local/front/server.ts';
import { Iam, sessionOf } from '../../../local/iam/iam.ts';
import { reviewPolicy } from '../../../local/iam/review-policy.ts';
import { Sessions } from '../../../local/iam/sessions.ts';
import { createKms } from '../../../local/kms/kms.ts';
import { createS3 } from '../../../local/s3/s3.ts';

export const OWNER = '222222222222';
export const OTHER = '111111111111';
export const READER = `arn:aws:iam::${OTHER}:role/Reader`;

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const root = await mkdtemp(join(tmpdir(), 's3-test-'));
  const files = createDataFiles(root);
  const clock = new VirtualClock(new Activity());
  const accounts = new Set([OWNER, OTHER]);
  const iam = new Iam(() => undefined);
  const sessions = new Sessions(Date.now, account => accounts.has(account));
  const review = reviewPolicy(iam.roles, account => accounts.has(account));
  const s3 = createS3({ clock, files, review });
  const kms = createKms({ clock, review, authorize: (caller, access) => iam.authorize(caller, access) });
  const logged: string[] = [];
  const front = createFront({
    services: [s3.service, kms.service],
    callerOf: (key, token) => sessions.callerOf(key, token),
    authorize: (caller, access) => iam.authorize(caller, access),
    controls: { advance: async () => '', settle: async () => [], calls: () => [], faults: new OrderedFaults() },
    log: line => logged.push(line),
  });
  const endpoint = await front.listen(0);
  const clients: { destroy(): void }[] = [];
  const config = (credentials: Keys) => ({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const kept = <C extends { destroy(): void }>(client: C): C => {
    clients.push(client);
    return client;
  };
  const administratorOf = (account: string): Keys => ({ accessKeyId: account, secretAccessKey: 'any' });
  /** Keys of a session of the account's role `Reader`, which may do the actions on everything. */
  const reader = (account: string, ...actions: string[]): Keys => {
    const role = iam.roles.put(account, {
      RoleName: 'Reader',
      AssumeRolePolicyDocument: {
        Statement: { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' },
      },
      Policies: [
        {
          PolicyName: 'own',
          PolicyDocument: { Statement: { Effect: 'Allow', Action: [...actions, 'none:None'], Resource: '*' } },
        },
      ],
    });
    return sessions.open(sessionOf(role, 'session'), Number.POSITIVE_INFINITY);
  };
  reader(OTHER);

  return {
    endpoint,
    clock,
    files,
    logged,
    readOf: s3.readOf,
    administratorOf,
    reader,
    s3: (keys: Keys = administratorOf(OWNER)) => kept(new S3Client(config(keys))),
    kms: (keys: Keys = administratorOf(OWNER)) => kept(new KMSClient(config(keys))),
    async end() {
      for (const client of clients) client.destroy();
      await front.stop();
      clock.stop();
      await rm(root, { recursive: true });
    },
  };
}

/** A policy that lets `Reader` of the other account do the actions. */
export function letsReader(bucket: string, ...actions: string[]): string {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const Statement = [{ Effect: 'Allow', Principal: { AWS: READER }, Action: actions, Resource }];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
