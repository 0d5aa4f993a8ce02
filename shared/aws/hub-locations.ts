import {
  DeregisterResourceCommand,
  DescribeResourceCommand,
  type LakeFormationClient,
  paginateListResources,
  RegisterResourceCommand,
  type ResourceInfo,
} from '@aws-sdk/client-lakeformation';
import type { RegisteredLocation, RegisterLocation, UnregisterLocation } from '../mesh/apply-changes.ts';
import { otherRoleNote } from '../mesh/apply-plan.ts';
import { isError } from './aws-errors.ts';
import { retryOn } from './retry-on.ts';

/** The S3 locations that Lake Formation hands out credentials for in the hub. */
export class LakeFormationLocations {
  readonly #client: LakeFormationClient;

  constructor(client: LakeFormationClient) {
    this.#client = client;
  }

  async list(): Promise<RegisteredLocation[]> {
    const locations: RegisteredLocation[] = [];
    for await (const { ResourceInfoList = [] } of paginateListResources({ client: this.#client }, { MaxResults: 1000 }))
      locations.push(...ResourceInfoList.map(toLocation));
    return locations;
  }

  /** Gives a note when it turns out to be registered with another role: it is left so. */
  async register({ subject, roleArn }: RegisterLocation): Promise<string | undefined> {
    const command = new RegisterResourceCommand({ ResourceArn: subject, RoleArn: roleArn });
    try {
      await retryOn(['OperationTimeoutException'], () => this.#client.send(command));
      return undefined;
    } catch (error) {
      if (!isError(error, 'AlreadyExistsException')) throw error;
      const { ResourceInfo: info } = await this.#client.send(new DescribeResourceCommand({ ResourceArn: subject }));
      const found = toLocation(info ?? { ResourceArn: subject });
      return found.roleArn === roleArn ? undefined : otherRoleNote(found, roleArn);
    }
  }

  async unregister({ subject }: UnregisterLocation): Promise<void> {
    const command = new DeregisterResourceCommand({ ResourceArn: subject });
    try {
      await retryOn(['OperationTimeoutException'], () => this.#client.send(command));
    } catch (error) {
      if (!isError(error, 'EntityNotFoundException')) throw error;
    }
  }
}

function toLocation({ ResourceArn = '', RoleArn = '' }: ResourceInfo): RegisteredLocation {
  return { arn: ResourceArn, roleArn: RoleArn };
}
