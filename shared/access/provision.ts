import { isOutsideOrganization, type Mesh, parseCentralTable } from '../mesh/mesh.ts';
import { type AccessRequest, accountOf, type Pair, tablesOf } from './access-request.ts';
import { type ConvergeServices, convergePair } from './converge-pair.ts';

/** AWS RAM, by which the consumer's account comes to see a shared table. */
export interface ResourceShares {
  /** Whether the table's share has reached the account. */
  isAssociated(account: string, table: string): Promise<boolean>;
  /** Accepts, in the account, what the hub shares with it. @returns how many invitations were accepted; none yet is no failure. */
  acceptInvitations(account: string): Promise<number>;
}

export interface ProvisionServices extends ConvergeServices {
  mesh: Mesh;
  shares: ResourceShares;
}

/**
 * Makes an approved request's access real and checks it from the hub: the permissions as the ledger says, the link in the consumer's catalog,
 * the share associated. Safe to repeat.
 *
 * @returns what the principal can query, as `<database>.<table>` in its own catalog
 * @throws LinkNotMadeError, ShareNotReadyError, and what convergePair throws: trying again helps.
 */
export async function provision(services: ProvisionServices, request: AccessRequest): Promise<{ links: string[] }> {
  const links: string[] = [];
  for (const table of tablesOf(request)) {
    await provisionPair(services, { principal: request.principal, table });
    links.push(linkOf(services.mesh, table));
  }
  return { links };
}

/** The same for what a principal has on one table. Throws as `provision`. */
export async function provisionPair(services: ProvisionServices, pair: Pair): Promise<void> {
  const account = accountOf(pair.principal);
  const { linkFault } = await convergePair(services, pair);
  if (linkFault !== undefined) throw new LinkNotMadeError(account, pair.table, { cause: linkFault });
  await checkShare(services, account, pair.table);
}

async function checkShare({ mesh, shares }: ProvisionServices, account: string, table: string): Promise<void> {
  if (account === mesh.hub || (await shares.isAssociated(account, table))) return;
  // Inside the organization no invitation comes: the association follows by itself. Source: Lake Formation guide, cross-account data sharing.
  if (isOutsideOrganization(mesh, account)) {
    await shares.acceptInvitations(account);
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

export class ShareNotReadyError extends Error {
  override name = 'ShareNotReadyError';

  constructor(account: string, table: string) {
    super(`The share of ${table} has not reached account ${account} yet. Trying again helps.`);
  }
}
