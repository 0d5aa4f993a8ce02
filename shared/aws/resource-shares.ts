import {
  AcceptResourceShareInvitationCommand,
  paginateGetResourceShareAssociations,
  paginateGetResourceShareInvitations,
  type RAMClient,
} from '@aws-sdk/client-ram';
import type { ResourceShares } from '../access/provision.ts';
import { isError } from './aws-errors.ts';

/** RAM in the hub, which shares, and in the consumers' accounts, which accept. */
export class RamResourceShares implements ResourceShares {
  readonly #ram: RAMClient;
  readonly #spokeRam: (account: string) => RAMClient;
  readonly #hub: { account: string; region: string };

  constructor(ram: RAMClient, spokeRam: (account: string) => RAMClient, hub: { account: string; region: string }) {
    this.#ram = ram;
    this.#spokeRam = spokeRam;
    this.#hub = hub;
  }

  /** Lake Formation shares the table; the association of a direct grant names the account (data.all, share manager). */
  async isAssociated(account: string, table: string): Promise<boolean> {
    const resourceArn = `arn:aws:glue:${this.#hub.region}:${this.#hub.account}:table/${table.replace('.', '/')}`;
    const shares = new Set<string>();
    const tables = { associationType: 'RESOURCE' as const, resourceArn, associationStatus: 'ASSOCIATED' as const };
    for await (const page of paginateGetResourceShareAssociations({ client: this.#ram }, tables)) {
      for (const { resourceShareArn } of page.resourceShareAssociations ?? [])
        if (resourceShareArn) shares.add(resourceShareArn);
    }
    if (shares.size === 0) return false;
    const principals = {
      associationType: 'PRINCIPAL' as const,
      principal: account,
      resourceShareArns: [...shares],
      associationStatus: 'ASSOCIATED' as const,
    };
    for await (const page of paginateGetResourceShareAssociations({ client: this.#ram }, principals)) {
      if (page.resourceShareAssociations?.length) return true;
    }
    return false;
  }

  async acceptInvitations(account: string): Promise<number> {
    const ram = this.#spokeRam(account);
    let accepted = 0;
    for await (const page of paginateGetResourceShareInvitations({ client: ram }, {})) {
      for (const { status, senderAccountId, resourceShareInvitationArn } of page.resourceShareInvitations ?? []) {
        if (status !== 'PENDING' || senderAccountId !== this.#hub.account) continue;
        try {
          await ram.send(new AcceptResourceShareInvitationCommand({ resourceShareInvitationArn }));
          accepted++;
        } catch (error) {
          if (!isError(error, 'ResourceShareInvitationAlreadyAcceptedException')) throw error;
        }
      }
    }
    return accepted;
  }
}
