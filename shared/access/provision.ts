import { isOutsideOrganization, type Mesh, parseCentralTable } from '../mesh/mesh.ts';
import { type AccessRequest, accountOf, type Pair, tablesOf } from './access-request.ts';
import { type ConvergeServices, convergePair } from './converge-pair.ts';

/** AWS RAM, by which the consumer's account comes to see a shared table. */
export interface ResourceShares {
  /** Whether the table's share has reached the account. */
  isAssociated(account: string, table: string): Promise<boolean>;
  /** Accepts, in the account, what the hub shares with it. @returns what has become of the invitation to the table's share */
  acceptInvitations(account: string, table: string): Promise<InvitationState>;
}

/** `none`: there is none yet, or none that could still be answered in another way. */
export type InvitationState = 'accepted' | 'rejected' | 'expired' | 'none';

export interface ProvisionServices extends ConvergeServices {
  mesh: Mesh;
  shares: ResourceShares;
}

/**
 * Makes an approved request's access real and checks it from the hub: the permissions as the ledger says, the link in the consumer's catalog,
 * the share associated. Each table by itself. Safe to repeat.
 *
 * @returns what the principal can query, as `<database>.<table>` in its own catalog
 * @throws LinkNotMadeError, ShareNotReadyError, and what convergePair throws: trying again helps. InvitationRejectedError: somebody has to act.
 */
export async function provision(services: ProvisionServices, request: AccessRequest): Promise<{ links: string[] }> {
  const { principal } = request;
  const tables = tablesOf(request);
  const isNew = isFirstAttempt(request);
  const outcomes = await Promise.allSettled(tables.map(table => provisionPair(services, { principal, table }, isNew)));
  const failed = outcomes.find(outcome => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return { links: tables.map(table => linkOf(services.mesh, table)) };
}

function isFirstAttempt({ state }: AccessRequest): boolean {
  return state.status === 'approved' && state.attempts === 0;
}

/** The same for what a principal has on one table. Throws as `provision`. @param isNew as of `ConvergeOptions` */
export async function provisionPair(services: ProvisionServices, pair: Pair, isNew = false): Promise<void> {
  const account = accountOf(pair.principal);
  const { linkFault, desired } = await convergePair(services, pair, { isNew });
  if (linkFault !== undefined) throw new LinkNotMadeError(account, pair.table, { cause: linkFault });
  // Nothing is shared of a table that has lost all that was granted, until it is back.
  if (desired.length > 0) await checkShare(services, account, pair);
}

async function checkShare(services: ProvisionServices, account: string, pair: Pair): Promise<void> {
  const { mesh, shares } = services;
  const { table } = pair;
  if (account === mesh.hub || (await shares.isAssociated(account, table))) return;
  // Inside the organization no invitation comes: the association follows by itself. Source: Lake Formation guide, cross-account data sharing.
  if (isOutsideOrganization(mesh, account)) {
    let invitation = await shares.acceptInvitations(account, table);
    if (invitation === 'expired') {
      // An invitation is not sent twice for one grant: "share again". Source: Lake Formation guide, cross-account data sharing.
      await convergePair(services, pair, { grantAnew: true });
      invitation = await shares.acceptInvitations(account, table);
    }
    // Somebody there does not want it: Trellis does not insist until somebody asks again.
    if (invitation === 'rejected') throw new InvitationRejectedError(account, table);
    if (await shares.isAssociated(account, table)) return;
  }
  throw new ShareNotReadyError(account, table);
}

/** Where a consumer finds a central table: database `trellis_<domain>_<db>` of its own catalog. */
export function linkOf(mesh: Mesh, table: string): string {
  const place = parseCentralTable(mesh, table);
  if (!place) throw new TypeError(`${table} is no table of the mesh.`);
  return `${linkDatabase(`${place.domain}_${place.database}`)}.${place.table}`;
}

/** The consumer's database of links to a central database. */
export function linkDatabase(centralDatabase: string): string {
  return `trellis_${centralDatabase}`;
}

export class LinkNotMadeError extends Error {
  override name = 'LinkNotMadeError';

  constructor(account: string, table: string, options: ErrorOptions) {
    const why = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(`The link to ${table} in account ${account} could not be made: ${why}`, options);
  }
}

export class InvitationRejectedError extends Error {
  override name = 'InvitationRejectedError';

  constructor(account: string, table: string) {
    super(
      `Account ${account} has rejected the invitation of AWS RAM to ${table}. Whoever still wants access revokes this request and asks again: that brings a new invitation, which Trellis accepts.`,
    );
  }
}

export class ShareNotReadyError extends Error {
  override name = 'ShareNotReadyError';

  constructor(account: string, table: string) {
    super(`The share of ${table} has not reached account ${account} yet. Trying again helps.`);
  }
}
