import { EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Viewer } from '../catalog/browse-catalog.ts';
import { readerRole } from '../mesh/hub-roles.ts';
import type { Connection } from './apply-services.ts';
import { isError } from './aws-errors.ts';
import { clientOptions } from './clients.ts';

/** Which mesh is meant. */
export interface MeshPlace {
  stage: string;
  /** The hub's account; looked for in the caller's own account where it is not given. */
  hub?: string;
}

/** Whoever calls: its account, the hub, and the ARN of its session. */
export interface Caller extends Viewer {
  arn: string;
}

/** Who calls, and where its hub is. @throws HubUnknownError */
export async function findCaller(connection: Connection, { stage, hub: given }: MeshPlace): Promise<Caller> {
  const options = { ...clientOptions, ...connection };
  const { Account: account, Arn: arn } = await new STSClient(options).send(new GetCallerIdentityCommand({}));
  if (!account || !arn) throw new Error('STS does not say whose credentials these are.');
  return { account, arn, hub: given ?? (await findHub(new EventBridgeClient(options), stage, account)) };
}

/** What to read the hub with: the caller's own credentials in the hub's account, otherwise those of the hub's reader role. @throws ReaderRoleRefusedError */
export async function readingConnection(
  connection: Connection,
  stage: string,
  { account, hub, arn }: Caller,
): Promise<Connection> {
  if (account === hub) return connection;
  const sts = new STSClient({ ...clientOptions, ...connection });
  const credentials = await assumeReader(sts, readerRole({ hub, stage }), account, arn);
  const { profile: _, ...place } = connection;
  return { ...place, credentials };
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
