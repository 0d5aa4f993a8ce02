import { setTimeout as sleep } from 'node:timers/promises';
import { GlueClient } from '@aws-sdk/client-glue';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { ApplyServices } from '../mesh/apply-mesh.ts';
import { ledgerTableName } from '../mesh/hub-roles.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { SpokeChecker } from '../mesh/spoke-checks.ts';
import { LedgerActiveGrants } from './active-grants.ts';
import { GlueCentralCatalog } from './central-catalog.ts';
import { clientOptions, documentClient } from './clients.ts';
import { LakeFormationLocations } from './hub-locations.ts';
import { LakeFormationHubPermissions } from './hub-permissions.ts';
import { LakeFormationHubSettings } from './hub-settings.ts';
import { LeavingCounts } from './leaving-counts.ts';
import { LeavingTable } from './leaving-table.ts';
import { MeshTable } from './mesh-table.ts';
import { ReconcileMachine } from './reconcile-machine.ts';
import { ShareBackTable } from './share-back-table.ts';
import { SpokeCheckFunction } from './spoke-check-function.ts';

/** How AWS is reached; what is not given is found where the SDK looks for it (environment, profile). */
export interface Connection {
  region?: string;
  endpoint?: string;
  profile?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** What applying a stage needs, in the hub's account. `now` gives ISO 8601. */
export function applyServices(
  connection: Connection,
  { stage, hub }: Pick<Mesh, 'stage' | 'hub'>,
  now: () => string,
): ApplyServices & { spokes: SpokeChecker } {
  const options = { ...clientOptions, ...connection };
  const sts = new STSClient(options);
  const lake = new LakeFormationClient(options);
  // A check takes as long as its function may.
  const lambda = new LambdaClient({
    ...options,
    requestHandler: { ...clientOptions.requestHandler, requestTimeout: 70_000 },
  });
  const documents = documentClient(connection);
  const ledger = ledgerTableName(stage);
  const leaving = new LeavingTable(documents, ledger, now);
  const glue = new GlueClient(options);
  const counts = new LeavingCounts(documents, ledger, glue);
  return {
    async caller() {
      const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
      if (!Account || !Arn) throw new Error('STS does not say whose credentials these are.');
      return { account: Account, arn: Arn };
    },
    settings: new LakeFormationHubSettings(lake),
    locations: new LakeFormationLocations(lake),
    permissions: new LakeFormationHubPermissions(lake, hub),
    mesh: new MeshTable(documents, ledger),
    activeGrants: new LedgerActiveGrants(documents, ledger, new GlueCentralCatalog(glue)),
    sharedBack: new ShareBackTable(documents, ledger, now),
    offboarding: {
      count: things => counts.count(things),
      begin: thing => leaving.begin(thing),
      kick: () => kickSweep(lambda, `trellis-${stage}-sweep`),
      read: things => leaving.read(things),
      forget: thing => leaving.forget(thing),
      pause: milliseconds => sleep(milliseconds),
    },
    onboarding: new ReconcileMachine(new SFNClient(options), { stage, hub }),
    spokes: new SpokeCheckFunction(lambda, stage),
    now,
  };
}

async function kickSweep(lambda: LambdaClient, FunctionName: string): Promise<string | undefined> {
  try {
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }));
    return undefined;
  } catch (error) {
    return `${FunctionName} could not be invoked (${(error as Error).message}): the work begins with its next run.`;
  }
}
