import { isOutsideOrganization, type Mesh as MeshFile } from '../../shared/mesh/mesh.ts';
import { createAthena } from '../athena/athena.ts';
import type { DataFiles } from '../athena/data-files.ts';
import type { Activity } from '../core/activity.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { OrderedFaults } from '../core/ordered-faults.ts';
import type { CatalogGuard, DataAccess, DeliverToTarget, InvokeFunction } from '../core/ports.ts';
import type { Access, Caller, Service } from '../core/service.ts';
import { createDynamo } from '../dynamo/dynamo.ts';
import { createEventBridge } from '../events/event-bridge.ts';
import { createFunctions, type Functions } from '../functions/functions.ts';
import { createGlue } from '../glue/glue.ts';
import { Iam } from '../iam/iam.ts';
import { reviewPolicy } from '../iam/review-policy.ts';
import { Sessions } from '../iam/sessions.ts';
import { createSts } from '../iam/sts.ts';
import { createKms } from '../kms/kms.ts';
import { createLakeFormation, type LakeFormation } from '../lake-formation/lake-formation.ts';
import { createCloudWatch } from '../metrics/cloudwatch.ts';
import { createQueues } from '../queues/queues.ts';
import { createSharing } from '../ram/sharing.ts';
import { createS3 } from '../s3/s3.ts';
import { createSns } from '../sns/sns.ts';
import { createStateMachines } from '../states/state-machines.ts';
import { callAsRole } from './call-as-role.ts';
import { deliverToTarget, requireTargetRole, sendDeadLetter, sendFromTopic } from './deliver-to-target.ts';

export interface JoinedServices {
  services: Map<string, Service>;
  iam: Iam;
  sessions: Sessions;
  functions: Functions;
  lakeFormation: LakeFormation;
  stop(): Promise<void>;
}

/** Makes every service and joins them: what one needs of another, it gets here and nowhere else. */
export async function joinServices(parts: {
  clock: VirtualClock;
  activity: Activity;
  meshFile: MeshFile;
  accounts: ReadonlySet<string>;
  files: DataFiles;
  /** Known once the front listens. */
  endpoint: () => string;
  /** For Glue's batches; none are met unless given. */
  faults?: OrderedFaults;
  log: (line: string) => void;
  /** Of all functions; the functions' own default unless given. */
  warmEnvironments?: number | undefined;
  /** Of one function, at a time; as before. */
  environmentsOfFunction?: number | undefined;
}): Promise<JoinedServices> {
  const { clock, activity, meshFile, accounts, files, endpoint, faults, log } = parts;
  const hasAccount = (account: string) => accounts.has(account);
  const isInOrganization = (account: string) =>
    meshFile.organization !== undefined && hasAccount(account) && !isOutsideOrganization(meshFile, account);

  const iam = new Iam(account => (isInOrganization(account) ? meshFile.organization : undefined));
  const sessions = new Sessions(Date.now, hasAccount);
  const sts = createSts({ clock, iam, sessions });
  const queues = createQueues({ clock, activity, endpoint });
  const cloudWatch = createCloudWatch();
  const functions = createFunctions({
    clock,
    activity,
    queues,
    credentialsFor: sts.credentialsFor,
    requireRole: iam.requireRoleOf('lambda.amazonaws.com'),
    endpoint,
    log: ({ functionName, text }) => log(`${functionName}: ${text}`),
    takeMetrics: cloudWatch.takeLine,
    maxEnvironments: parts.environmentsOfFunction,
    maxWarmEnvironments: parts.warmEnvironments,
  });

  const services = new Map<string, Service>();
  const invoke: InvokeFunction = (arn, payload) => functions.invoke(arn, payload);
  const states = createStateMachines({
    clock,
    activity,
    invoke,
    callService: callAsRole(iam, services),
    requireRole: iam.requireRoleOf('states.amazonaws.com'),
  });
  const startExecution = (arn: string, input: string, name: string) => states.start(arn, input, name);
  const deliver: DeliverToTarget = deliverToTarget({ iam, queues, functions, startExecution });
  const events = createEventBridge({
    clock,
    activity,
    deliver,
    requireRole: requireTargetRole(iam),
    sendToQueue: sendDeadLetter({ iam, queues }),
    hasAccount,
    mayPutEvents: (access, callerAccount, viaRule) => iam.mayPutEvents(access, callerAccount, viaRule),
  });

  // Glue, RAM and Lake Formation ask each other: each is told how to find the next when it is asked.
  const { emitNative } = events;
  const guard = (): CatalogGuard => lakeFormation.guard;
  const access = (): DataAccess => lakeFormation.dataAccess;
  const ram = createSharing({ clock, isInOrganization, mayShare: owner => glue.letsRamShare(owner) });
  const glue = createGlue({
    clock,
    emitNative,
    guard,
    hasCrossAccountShares: owner => ram.hasShares(owner),
    meetFaultInBatch: (principal, action) => faults?.meetInBatch(principal, action),
  });
  const contents = () => glue.contents;
  const lakeFormation = createLakeFormation({ clock, contents, emitNative, sharing: ram.sharing });
  const review = reviewPolicy(iam.roles, hasAccount);
  const authorize = (caller: Caller, asked: Access) => iam.authorize(caller, asked);
  const s3 = createS3({ clock, files, review });
  const kms = createKms({ clock, review, authorize });
  const sns = createSns({
    clock,
    review,
    encryption: (keyId, account) => kms.encryptionVia('sns', keyId, account),
    sendToQueue: sendFromTopic({ iam, queues }),
    log,
  });
  const athena = createAthena({
    clock,
    activity,
    contents,
    guard,
    access,
    files,
    requireCaller: authorize,
    requireDataRole: iam.requireRoleOf('lakeformation.amazonaws.com'),
    readOf: s3.readOf,
  });
  const dynamo = await createDynamo({ clock });

  const all = [
    athena,
    cloudWatch,
    dynamo,
    events,
    functions,
    glue,
    kms,
    lakeFormation,
    queues,
    ram,
    s3,
    sns,
    states,
    sts,
  ];
  for (const { service } of all) services.set(service.id, service);
  return {
    services,
    iam,
    sessions,
    functions,
    lakeFormation,
    async stop() {
      await Promise.all([functions.stop(), athena.stop()]);
      await dynamo.stop();
    },
  };
}
