import { EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GlueClient } from '@aws-sdk/client-glue';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { CatalogReader } from '../catalog/browse-catalog.ts';
import { ledgerTableName, readerRole } from '../mesh/hub-roles.ts';
import type { Connection } from './apply-services.ts';
import { isError } from './aws-errors.ts';
import { AwsCatalogReader } from './catalog-reader.ts';
import { clientOptions, documentClient } from './clients.ts';

export interface CatalogPlace {
  stage: string;
  /** The hub's account; looked for in the caller's own account where it is not given. */
  hub?: string;
}

/**
 * The central catalog for whoever calls: with its own credentials in the hub's account, otherwise as the hub's reader role.
 * @throws HubUnknownError, ReaderRoleRefusedError
 */
export async function openCatalog(connection: Connection, { stage, hub: given }: CatalogPlace): Promise<CatalogReader> {
  const options = { ...clientOptions, ...connection };
  const sts = new STSClient(options);
  const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
  if (!account || !arn) throw new Error('STS does not say whose credentials these are.');
  const hub = given ?? (await findHub(new EventBridgeClient(options), stage, account));
  const credentials = account === hub ? undefined : await assumeReader(sts, readerRole({ hub, stage }), account, arn);
  const { profile: _, ...place } = connection;
  const reading: Connection = credentials ? { ...place, credentials } : connection;
  return new AwsCatalogReader(
    new GlueClient({ ...clientOptions, ...reading }),
    documentClient(reading),
    ledgerTableName(stage),
    { account, hub },
  );
}

/**
 * The hub's account, as the account's own forwarding rule names it: the rule has the same name in the hub and in every account of the mesh
 * (serverless.yml, spoke.yml).
 */
async function findHub(events: EventBridgeClient, stage: string, account: string): Promise<string> {
  const rule = `trellis-${stage}-forward`;
  try {
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: rule }));
    const hub = Targets.map(({ Arn = '' }) => Arn.split(':'))
      .filter(parts => parts[5] === `event-bus/trellis-${stage}`)
      .map(parts => parts[4])[0];
    if (hub) return hub;
    throw new HubUnknownError(`The rule ${rule} of account ${account} leads to no hub.`);
  } catch (error) {
    if (isError(error, 'ResourceNotFoundException')) {
      const reason = `Account ${account} has no rule ${rule} in this Region, which would name the hub: is spoke.yml deployed there, and is the stage right?`;
      throw new HubUnknownError(reason, { cause: error });
    }
    if (error instanceof Error && error.name.startsWith('AccessDenied')) {
      const reason = `You may not look at the rule ${rule}, which names the hub (events:ListTargetsByRule).`;
      throw new HubUnknownError(reason, { cause: error });
    }
    throw error;
  }
}

/** Keys of the reader role for an hour: longer than any command takes. The session carries the caller's account, by which the role's policy goes. */
async function assumeReader(sts: STSClient, role: string, account: string, caller: string) {
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role,
        RoleSessionName: sessionName(caller),
        Tags: [{ Key: 'account', Value: account }],
        DurationSeconds: 3600,
      }),
    );
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = Credentials ?? {};
    if (!accessKeyId || !secretAccessKey || !sessionToken) throw new Error(`STS gave no credentials of ${role}.`);
    return { accessKeyId, secretAccessKey, sessionToken };
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('AccessDenied'))
      throw new ReaderRoleRefusedError(caller, role, account, { cause: error });
    throw error;
  }
}

/** How the caller shows in the hub's CloudTrail: the last part of its ARN, with what a session's name may have. */
function sessionName(caller: string): string {
  const last = caller.slice(caller.lastIndexOf('/') + 1).replace(/^.*:/, '');
  return `trellis-${last.replace(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);
}

/** Nothing says which account is the hub. Naming it helps. */
export class HubUnknownError extends Error {
  override name = 'HubUnknownError';

  constructor(reason: string, options?: ErrorOptions) {
    super(`${reason} Otherwise name the hub's account: --hub, or TRELLIS_HUB.`, options);
  }
}

/** The caller may not be the reader role. Trying again does not help. */
export class ReaderRoleRefusedError extends Error {
  override name = 'ReaderRoleRefusedError';

  constructor(caller: string, role: string, account: string, options?: ErrorOptions) {
    super(
      [
        `${caller} may not assume ${role}, which answers accounts of the mesh. It takes both:`,
        `  your own policies allow sts:AssumeRole and sts:TagSession on that role;`,
        `  account ${account} is in mesh.yml, and the hub was deployed since it is.`,
      ].join('\n'),
      options,
    );
  }
}
