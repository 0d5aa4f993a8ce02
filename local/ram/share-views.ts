/** Shares as RAM's API shows them. Times on the wire are seconds. */
import {
  type Invitation,
  principalStatus,
  resourceStatus,
  type Share,
  type SharedResource,
  statusOf,
} from './shares.ts';

export interface Views {
  now: number;
  isExternal: (share: Share) => boolean;
}

const seconds = (milliseconds: number) => milliseconds / 1000;

export const showShare = (share: Share) => ({
  resourceShareArn: share.arn,
  name: share.name,
  owningAccountId: share.owner,
  allowExternalPrincipals: true,
  status: share.deletedAt === undefined ? ('ACTIVE' as const) : ('DELETED' as const),
  creationTime: seconds(share.createdAt),
  lastUpdatedTime: seconds(share.updatedAt),
  featureSet: 'STANDARD',
});

export const showPrincipalAssociation = (share: Share, { now, isExternal }: Views) => ({
  resourceShareArn: share.arn,
  resourceShareName: share.name,
  associatedEntity: share.consumer,
  associationType: 'PRINCIPAL',
  status: principalStatus(share, now),
  creationTime: seconds(share.createdAt),
  lastUpdatedTime: seconds(share.invitation?.answer?.at ?? share.invitation?.createdAt ?? share.createdAt),
  external: isExternal(share),
});

export const showResourceAssociation = (share: Share, resource: SharedResource, { isExternal }: Views) => ({
  resourceShareArn: share.arn,
  resourceShareName: share.name,
  associatedEntity: resource.arn,
  associationType: 'RESOURCE',
  status: resourceStatus(share, resource),
  ...(resource.isBlocked && {
    statusMessage: 'The catalog resource policy does not allow ram.amazonaws.com glue:ShareResource.',
  }),
  creationTime: seconds(resource.createdAt),
  lastUpdatedTime: seconds(resource.updatedAt),
  external: isExternal(share),
});

export const showInvitation = (invitation: Invitation, now: number) => ({
  resourceShareInvitationArn: invitation.arn,
  resourceShareName: invitation.share.name,
  resourceShareArn: invitation.share.arn,
  senderAccountId: invitation.share.owner,
  receiverAccountId: invitation.share.consumer,
  invitationTimestamp: seconds(invitation.createdAt),
  status: statusOf(invitation, now),
});

export const showResource = (share: Share, resource: SharedResource) => ({
  arn: resource.arn,
  type: share.type,
  resourceShareArn: share.arn,
  status: resource.isBlocked ? 'UNAVAILABLE' : 'AVAILABLE',
  creationTime: seconds(resource.createdAt),
  lastUpdatedTime: seconds(resource.updatedAt),
  resourceRegionScope: 'REGIONAL',
});

/** The other side of the share: the consumer to its owner, the owner to its consumer. */
export const showPrincipal = (share: Share, id: string, { isExternal }: Views) => ({
  id,
  resourceShareArn: share.arn,
  creationTime: seconds(share.createdAt),
  lastUpdatedTime: seconds(share.updatedAt),
  external: isExternal(share),
});
