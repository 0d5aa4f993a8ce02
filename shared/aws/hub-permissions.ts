import {
  GrantPermissionsCommand,
  type LakeFormationClient,
  type PrincipalResourcePermissions,
  paginateListPermissions,
  RevokePermissionsCommand,
} from '@aws-sdk/client-lakeformation';
import type { GrantPermission, HeldPermission, RevokePermission } from '../mesh/apply-changes.ts';
import { isError } from './aws-errors.ts';
import { retryOn } from './retry-on.ts';

/** "Permission update failed for resource, please retry in a short while": two changes of one resource at once. */
const CONFLICTS = ['ConcurrentModificationException', 'OperationTimeoutException'];

/** Permissions on the hub's catalog itself and on its locations. */
export class LakeFormationHubPermissions {
  readonly #client: LakeFormationClient;
  readonly #catalogId: string;

  constructor(client: LakeFormationClient, hubAccount: string) {
    this.#client = client;
    this.#catalogId = hubAccount;
  }

  async list(): Promise<HeldPermission[] | undefined> {
    try {
      return [...(await this.#listOf('CATALOG')), ...(await this.#listOf('DATA_LOCATION'))];
    } catch (error) {
      // Who is no administrator, and so perhaps may not list, becomes one first.
      if (isError(error, 'AccessDeniedException')) return undefined;
      throw error;
    }
  }

  async #listOf(ResourceType: 'CATALOG' | 'DATA_LOCATION'): Promise<HeldPermission[]> {
    const held: HeldPermission[] = [];
    const query = { CatalogId: this.#catalogId, ResourceType, MaxResults: 1000 };
    for await (const page of paginateListPermissions({ client: this.#client }, query))
      held.push(...(page.PrincipalResourcePermissions ?? []).flatMap(toHeld));
    return held;
  }

  /** Granting what is there already changes nothing. A principal made a moment ago is waited for. */
  async grant({ principal, permission, subject }: GrantPermission): Promise<void> {
    const command = new GrantPermissionsCommand({
      CatalogId: this.#catalogId,
      Principal: { DataLakePrincipalIdentifier: principal },
      Resource:
        subject === 'catalog'
          ? { Catalog: { Id: this.#catalogId } }
          : { DataLocation: { CatalogId: this.#catalogId, ResourceArn: subject } },
      Permissions: [permission],
    });
    await retryOn([...CONFLICTS, 'InvalidPrincipal'], async () => {
      try {
        await this.#client.send(command);
      } catch (error) {
        // Source: Terraform AWS provider, which waits for IAM to have spread the role.
        if (isError(error, 'InvalidInputException') && /invalid principal/i.test((error as Error).message)) {
          (error as Error).name = 'InvalidPrincipal';
        }
        throw error;
      }
    });
  }

  /** Revoking what is not there, or on what is registered no more, changes nothing. */
  async revoke({ principal, permission, subject }: RevokePermission): Promise<void> {
    const command = new RevokePermissionsCommand({
      CatalogId: this.#catalogId,
      Principal: { DataLakePrincipalIdentifier: principal },
      Resource: { DataLocation: { CatalogId: this.#catalogId, ResourceArn: subject } },
      Permissions: [permission],
    });
    try {
      await retryOn(CONFLICTS, () => this.#client.send(command));
    } catch (error) {
      const isGone =
        isError(error, 'EntityNotFoundException') ||
        (isError(error, 'InvalidInputException') && /no permissions revoked/i.test((error as Error).message));
      if (!isGone) throw error;
    }
  }
}

function toHeld({ Principal, Resource, Permissions = [] }: PrincipalResourcePermissions): HeldPermission[] {
  const principal = Principal?.DataLakePrincipalIdentifier;
  const resource = Resource?.Catalog ? 'catalog' : Resource?.DataLocation?.ResourceArn;
  if (principal === undefined || resource === undefined) return [];
  return Permissions.map(permission => ({ principal, permission, resource }));
}
