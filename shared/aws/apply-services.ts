import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { ApplyServices } from '../mesh/apply-mesh.ts';
import { ledgerTableName } from '../mesh/hub-roles.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { clientOptions, documentClient } from './clients.ts';
import { LakeFormationLocations } from './hub-locations.ts';
import { LakeFormationHubPermissions } from './hub-permissions.ts';
import { LakeFormationHubSettings } from './hub-settings.ts';
import { MeshTable } from './mesh-table.ts';

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
): ApplyServices {
  const options = { ...clientOptions, ...connection };
  const sts = new STSClient(options);
  const lake = new LakeFormationClient(options);
  return {
    async caller() {
      const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
      if (!Account || !Arn) throw new Error('STS does not say whose credentials these are.');
      return { account: Account, arn: Arn };
    },
    settings: new LakeFormationHubSettings(lake),
    locations: new LakeFormationLocations(lake),
    permissions: new LakeFormationHubPermissions(lake, hub),
    mesh: new MeshTable(documentClient(connection), ledgerTableName(stage)),
    now,
  };
}
