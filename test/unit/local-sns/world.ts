/** SNS, SQS, KMS and IAM behind a front on a real port, for real clients. */
import { KMSClient } from '@aws-sdk/client-kms';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Activity } from '../../../local/core/activity.ts';
import { VirtualClock } from '../../../local/core/clock.ts';
import { OrderedFaults } from '../../../local/core/ordered-faults.ts';
import type { PolicyStatement } from '../../../local/core/service.ts';
import { createFront } from '../../../local/front/server.ts';
import { Iam, sessionOf } from '../../../local/iam/iam.ts';
import { reviewPolicy } from '../../../local/iam/review-policy.ts';
import { Sessions } from '../../../local/iam/sessions.ts';
import { createKms } from '../../../local/kms/kms.ts';
import { sendFromTopic } from '../../../local/mesh/deliver-to-target.ts';
import { createQueues } from '../../../local/queues/queues.ts';
import { createSns } from '../../../local/sns/sns.ts';

export const OWNER = '111111111111';
export const OTHER = '222222222222';

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const activity = new Activity();
  const clock = new VirtualClock(activity);
  const accounts = new Set([OWNER, OTHER]);
  const iam = new Iam(() => undefined);
  const sessions = new Sessions(Date.now, account => accounts.has(account));
  const review = reviewPolicy(iam.roles, account => accounts.has(account));
  const kms = createKms({ clock, review, authorize: (caller, access) => iam.authorize(caller, access) });
  let endpoint = '';
  const queues = createQueues({ clock, activity, endpoint: () => endpoint });
  const logged: string[] = [];
  const sns = createSns({
    clock,
    review,
    encryption: (keyId, account) => kms.encryptionVia('sns', keyId, account),
    sendToQueue: sendFromTopic({ iam, queues }),
    log: line => logged.push(line),
  });
  const front = createFront({
    services: [sns.service, queues.service, kms.service],
    callerOf: (key, token) => sessions.callerOf(key, token),
    authorize: (caller, access) => iam.authorize(caller, access),
    controls: { advance: async () => '', settle: async () => [], calls: () => [], faults: new OrderedFaults() },
    log: line => logged.push(line),
  });
  endpoint = await front.listen(0);
  const clients: { destroy(): void }[] = [];
  const config = (credentials: Keys) => ({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const kept = <C extends { destroy(): void }>(client: C): C => {
    clients.push(client);
    return client;
  };
  const administratorOf = (account: string): Keys => ({ accessKeyId: account, secretAccessKey: 'any' });
  return {
    endpoint,
    logged,
    administratorOf,
    /** Keys of a role of the account with these statements alone. */
    roleWith: (
      account: string,
      ...Statement: {
        Action: string | string[];
        Resource: string;
        Condition?: NonNullable<PolicyStatement['Condition']>;
      }[]
    ): Keys => {
      const role = iam.roles.put(account, {
        RoleName: `Role${crypto.randomUUID()}`,
        AssumeRolePolicyDocument: {
          Statement: { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' },
        },
        Policies: [
          { PolicyName: 'own', PolicyDocument: { Statement: Statement.map(one => ({ Effect: 'Allow', ...one })) } },
        ],
      });
      return sessions.open(sessionOf(role, 'session'), Number.POSITIVE_INFINITY);
    },
    sns: (keys: Keys = administratorOf(OWNER)) => kept(new SNSClient(config(keys))),
    sqs: (keys: Keys = administratorOf(OWNER)) => kept(new SQSClient(config(keys))),
    kms: (keys: Keys = administratorOf(OWNER)) => kept(new KMSClient(config(keys))),
    async end() {
      for (const client of clients) client.destroy();
      await front.stop();
      clock.stop();
    },
  };
}
