import {
  AcceptResourceShareInvitationCommand,
  paginateGetResourceShareAssociations,
  paginateGetResourceShareInvitations,
  type RAMClient,
  type ResourceShareInvitation,
} from '@aws-sdk/client-ram';
import type { InvitationState, ResourceShares } from '../access/provision.ts';
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
    const resourceArn = this.#arnOf(table);
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

  async acceptInvitations(account: string, table: string): Promise<InvitationState> {
    const ram = this.#spokeRam(account);
    const shares = await this.#sharesOf(table);
    let state: InvitationState = 'none';
    let latest = -1;
    for await (const page of paginateGetResourceShareInvitations({ client: ram }, {})) {
      for (const invitation of page.resourceShareInvitations ?? []) {
        if (invitation.senderAccountId !== this.#hub.account) continue;
        const status = invitation.status === 'PENDING' ? await accept(ram, invitation) : invitation.status;
        const sentAt = invitation.invitationTimestamp?.getTime() ?? 0;
        if (!shares.has(invitation.resourceShareArn ?? '') || sentAt < latest) continue;
        latest = sentAt;
        state = STATES[status ?? ''] ?? 'none';
      }
    }
    return state;
  }

  /** Every share that the table is in, whether or not somebody can use it. */
  async #sharesOf(table: string): Promise<Set<string>> {
    const asked = { associationType: 'RESOURCE' as const, resourceArn: this.#arnOf(table) };
    const shares = new Set<string>();
    for await (const page of paginateGetResourceShareAssociations({ client: this.#ram }, asked)) {
      for (const { resourceShareArn, status } of page.resourceShareAssociations ?? [])
        if (resourceShareArn && status !== 'DISASSOCIATED') shares.add(resourceShareArn);
    }
    return shares;
  }

  #arnOf(table: string): string {
    return `arn:aws:glue:${this.#hub.region}:${this.#hub.account}:table/${table.replace('.', '/')}`;
  }
}

const STATES: Record<string, InvitationState> = { ACCEPTED: 'accepted', REJECTED: 'rejected', EXPIRED: 'expired' };

/** Accepts a pending invitation. @returns its status then: somebody else may have been quicker, or its time over */
async function accept(
  ram: RAMClient,
  { resourceShareInvitationArn }: ResourceShareInvitation,
): Promise<ResourceShareInvitation['status']> {
  try {
    await ram.send(new AcceptResourceShareInvitationCommand({ resourceShareInvitationArn }));
    return 'ACCEPTED';
  } catch (error) {
    if (isError(error, 'ResourceShareInvitationAlreadyAcceptedException')) return 'ACCEPTED';
    if (isError(error, 'ResourceShareInvitationAlreadyRejectedException')) return 'REJECTED';
    if (isError(error, 'ResourceShareInvitationExpiredException')) return 'EXPIRED';
    throw error;
  }
}
