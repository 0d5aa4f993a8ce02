/** The resource shares that Lake Formation makes for cross-account grants, and their invitations. Times are milliseconds since 1970. */
import { randomUUID } from 'node:crypto';
import { REGION } from '../core/service.ts';

const HOUR = 3600 * 1000;
/**
 * How long an invitation may be accepted. Seven days are for a list of resource types that Glue's are not in; for all others twelve hours, after which "the
 * originating account must share the resources again". Source: RAM User Guide, "Accepting and rejecting resource share invitations".
 */
const INVITATION_LIFETIME = 12 * HOUR;
/** How long a deleted share is still listed, as DELETED. Simplification: RAM's documentation says only that it is, for a while. */
const DELETED_SHOWN = 2 * HOUR;

type ResourceType = 'glue:Catalog' | 'glue:Database' | 'glue:Table';
type InvitationStatus = 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'EXPIRED';

export interface Invitation {
  arn: string;
  share: Share;
  createdAt: number;
  answer: { status: 'ACCEPTED' | 'REJECTED'; at: number } | undefined;
}

export interface SharedResource {
  arn: string;
  createdAt: number;
  updatedAt: number;
  /** RAM was not allowed to put its statement into the catalog's policy. */
  isBlocked: boolean;
}

export interface Share {
  arn: string;
  name: string;
  owner: string;
  consumer: string;
  type: ResourceType;
  createdAt: number;
  updatedAt: number;
  resources: Map<string, SharedResource>;
  /** Undefined inside the organization, where nobody needs to accept. */
  invitation: Invitation | undefined;
  deletedAt: number | undefined;
}

export function statusOf(invitation: Invitation, now: number): InvitationStatus {
  if (invitation.answer) return invitation.answer.status;
  return now - invitation.createdAt >= INVITATION_LIFETIME ? 'EXPIRED' : 'PENDING';
}

/**
 * The association of the consumer account. "After 12 hours, the invitation expires and the end user principal in the resource share is disassociated" (RAM User
 * Guide). Simplification: a rejected invitation does the same; its documentation leaves that open.
 */
export function principalStatus(share: Share, now: number): 'ASSOCIATING' | 'ASSOCIATED' | 'DISASSOCIATED' {
  if (share.deletedAt !== undefined) return 'DISASSOCIATED';
  if (!share.invitation) return 'ASSOCIATED';
  const status = statusOf(share.invitation, now);
  if (status === 'ACCEPTED') return 'ASSOCIATED';
  return status === 'PENDING' ? 'ASSOCIATING' : 'DISASSOCIATED';
}

export function resourceStatus(share: Share, resource: SharedResource): 'ASSOCIATED' | 'FAILED' | 'DISASSOCIATED' {
  if (share.deletedAt !== undefined) return 'DISASSOCIATED';
  return resource.isBlocked ? 'FAILED' : 'ASSOCIATED';
}

function typeOfResource(arn: string): ResourceType {
  const kind = /^arn:aws:glue:[^:]*:\d{12}:(catalog|database|table)(?:\/|$)/.exec(arn)?.[1];
  if (kind === 'catalog') return 'glue:Catalog';
  if (kind === 'database') return 'glue:Database';
  if (kind === 'table') return 'glue:Table';
  throw new Error(`Lake Formation shares catalogs, databases and tables, not ${arn}`);
}

/** Which share a grant on the resource belongs to: one for each type, so at most three for a pair of accounts. */
const key = (owner: string, consumer: string, type: ResourceType) => `${owner} ${consumer} ${type}`;

/** All shares and invitations, by what they are looked up by. */
export class ShareBook {
  readonly #live = new Map<string, Share>();
  readonly #byArn = new Map<string, Share>();
  readonly #invitations = new Map<string, Invitation>();

  live(owner: string, consumer: string, resourceArn: string): Share | undefined {
    return this.#live.get(key(owner, consumer, typeOfResource(resourceArn)));
  }

  open(owner: string, consumer: string, resourceArn: string, now: number): Share {
    const type = typeOfResource(resourceArn);
    const id = randomUUID();
    const share: Share = {
      arn: `arn:aws:ram:${REGION}:${owner}:resource-share/${id}`,
      name: `LakeFormation-V3-${id.replaceAll('-', '').slice(0, 10).toUpperCase()}`,
      owner,
      consumer,
      type,
      createdAt: now,
      updatedAt: now,
      resources: new Map(),
      invitation: undefined,
      deletedAt: undefined,
    };
    this.#live.set(key(owner, consumer, type), share);
    this.#byArn.set(share.arn, share);
    return share;
  }

  invite(share: Share, now: number): void {
    const arn = `arn:aws:ram:${REGION}:${share.owner}:resource-share-invitation/${randomUUID()}`;
    share.invitation = { arn, share, createdAt: now, answer: undefined };
    this.#invitations.set(arn, share.invitation);
  }

  close(share: Share, now: number): void {
    share.deletedAt = now;
    share.updatedAt = now;
    this.#live.delete(key(share.owner, share.consumer, share.type));
    for (const invitation of this.#invitations.values())
      if (invitation.share === share) this.#invitations.delete(invitation.arn);
  }

  /** Every share that is shown at `now`; forgets the others. */
  shown(now: number): Share[] {
    for (const share of this.#byArn.values())
      if (share.deletedAt !== undefined && now - share.deletedAt >= DELETED_SHOWN) this.#byArn.delete(share.arn);
    return [...this.#byArn.values()];
  }

  invitation(arn: string): Invitation | undefined {
    return this.#invitations.get(arn);
  }

  invitations(): Invitation[] {
    return [...this.#invitations.values()];
  }
}
