import { AwsError } from '../core/aws-error.ts';
import type { Call, Operation, Wire } from '../core/service.ts';
import { page } from './share-pages.ts';
import {
  showInvitation,
  showPrincipal,
  showPrincipalAssociation,
  showResource,
  showResourceAssociation,
  showShare,
  type Views,
} from './share-views.ts';
import { principalStatus, type Share, type ShareBook, statusOf } from './shares.ts';

/** What the operations of RAM work with. `views` is as of now. */
interface ShareContext {
  book: ShareBook;
  views: () => Views;
}

/** Lists have no resource-level permissions (Service Authorization Reference, RAM). */
const onEverything =
  (action: string): Operation['access'] =>
  () => [{ action: `ram:${action}`, resource: '*' }];

export function shareOperations(context: ShareContext): Record<string, Operation> {
  const shown = () => context.book.shown(context.views().now);
  return {
    GetResourceShares: {
      access: onEverything('GetResourceShares'),
      run(input, call) {
        const { now } = context.views();
        const shares = ofOwner(shown(), input, call, now)
          .filter(share => isAmong(input.resourceShareArns, share.arn) && isAsked(input.name, share.name))
          .map(showShare)
          .filter(share => isAsked(input.resourceShareStatus, share.status));
        const { items, nextToken } = page(shares, share => share.resourceShareArn, input);
        return { resourceShares: items, ...nextToken };
      },
    },
    GetResourceShareAssociations: {
      access: onEverything('GetResourceShareAssociations'),
      run(input, { caller }) {
        const views = context.views();
        // "… for resource shares that you own" (API reference).
        const own = shown().filter(share => share.owner === caller.account);
        for (const arn of input.resourceShareArns ?? [])
          if (!own.some(share => share.arn === arn))
            throw new AwsError('UnknownResourceException', `ResourceShare ${arn} could not be found.`);
        const asked = own.filter(share => isAmong(input.resourceShareArns, share.arn));
        const associations = associationsOf(asked, input, views).filter(association =>
          isAsked(input.associationStatus, association.status),
        );
        const { items, nextToken } = page(
          associations,
          association => `${association.resourceShareArn} ${association.associatedEntity}`,
          input,
        );
        return { resourceShareAssociations: items, ...nextToken };
      },
    },
    ListResources: {
      access: onEverything('ListResources'),
      run(input, call) {
        const { now } = context.views();
        const resources = ofOwner(shown(), input, call, now)
          .filter(share => share.deletedAt === undefined && isAmong(input.resourceShareArns, share.arn))
          .filter(share => isAsked(input.resourceType, share.type) && isAsked(input.principal, other(share, input)))
          .flatMap(share => Array.from(share.resources.values(), resource => showResource(share, resource)))
          .filter(resource => isAmong(input.resourceArns, resource.arn));
        const { items, nextToken } = page(resources, one => `${one.resourceShareArn} ${one.arn}`, input);
        return { resources: items, ...nextToken };
      },
    },
    ListPrincipals: {
      access: onEverything('ListPrincipals'),
      run(input, call) {
        const views = context.views();
        const principals = ofOwner(shown(), input, call, views.now)
          .filter(share => share.deletedAt === undefined && isAmong(input.resourceShareArns, share.arn))
          .filter(share => input.resourceArn === undefined || share.resources.has(input.resourceArn))
          .filter(share => isAsked(input.resourceType, share.type) && isAmong(input.principals, other(share, input)))
          .map(share => showPrincipal(share, other(share, input), views));
        const { items, nextToken } = page(principals, one => `${one.resourceShareArn} ${one.id}`, input);
        return { principals: items, ...nextToken };
      },
    },
    GetResourceShareInvitations: {
      access: onEverything('GetResourceShareInvitations'),
      run(input, { caller }) {
        const { now } = context.views();
        const received = context.book.invitations().filter(one => one.share.consumer === caller.account);
        for (const arn of input.resourceShareInvitationArns ?? [])
          if (!received.some(one => one.arn === arn)) throw invitationNotFound(arn);
        const invitations = received
          .filter(one => isAmong(input.resourceShareInvitationArns, one.arn))
          .filter(one => isAmong(input.resourceShareArns, one.share.arn))
          .map(one => showInvitation(one, now));
        const { items, nextToken } = page(invitations, one => one.resourceShareInvitationArn, input);
        return { resourceShareInvitations: items, ...nextToken };
      },
    },
    AcceptResourceShareInvitation: answer(context, 'AcceptResourceShareInvitation', 'ACCEPTED'),
    RejectResourceShareInvitation: answer(context, 'RejectResourceShareInvitation', 'REJECTED'),
  };
}

const ALREADY = {
  ACCEPTED: 'ResourceShareInvitationAlreadyAcceptedException',
  REJECTED: 'ResourceShareInvitationAlreadyRejectedException',
  EXPIRED: 'ResourceShareInvitationExpiredException',
};

function answer(context: ShareContext, action: string, status: 'ACCEPTED' | 'REJECTED'): Operation {
  return {
    // The invitation's ARN is in the sender's account; that it is addressed to the caller is what lets the caller answer.
    access(input, { caller }) {
      const resource = String(input.resourceShareInvitationArn);
      const isReceiver = context.book.invitation(resource)?.share.consumer === caller.account;
      const receiver = {
        Effect: 'Allow' as const,
        Principal: { AWS: `arn:aws:iam::${caller.account}:root` },
        Action: `ram:${action}`,
        Resource: resource,
      };
      if (!isReceiver) return [{ action: `ram:${action}`, resource: '*' }];
      return [{ action: `ram:${action}`, resource, resourcePolicy: { Statement: receiver } }];
    },
    run(input, { caller }) {
      const { now } = context.views();
      const arn = input.resourceShareInvitationArn;
      const invitation = context.book.invitation(arn);
      if (invitation?.share.consumer !== caller.account) throw invitationNotFound(arn);
      const current = statusOf(invitation, now);
      if (current !== 'PENDING')
        throw new AwsError(ALREADY[current], `The resource share invitation ${arn} is already ${current}.`);
      invitation.answer = { status, at: now };
      invitation.share.updatedAt = now;
      return {
        resourceShareInvitation: showInvitation(invitation, now),
        ...(input.clientToken !== undefined && { clientToken: input.clientToken }),
      };
    },
  };
}

/** `SELF`: what the caller's account shares. `OTHER-ACCOUNTS`: what is shared with it and takes effect. */
function ofOwner(shares: Share[], input: Wire, { caller }: Call, now: number): Share[] {
  if (input.resourceOwner === 'SELF') return shares.filter(share => share.owner === caller.account);
  if (input.resourceOwner === 'OTHER-ACCOUNTS')
    return shares.filter(share => share.consumer === caller.account && principalStatus(share, now) === 'ASSOCIATED');
  throw invalidParameter('resourceOwner must be SELF or OTHER-ACCOUNTS.');
}

function associationsOf(shares: Share[], input: Wire, views: Views) {
  if (input.associationType === 'PRINCIPAL') {
    if (input.resourceArn !== undefined) throw invalidParameter('resourceArn is not for the type PRINCIPAL.');
    return shares
      .filter(share => isAsked(input.principal, share.consumer))
      .map(share => showPrincipalAssociation(share, views));
  }
  if (input.associationType === 'RESOURCE') {
    if (input.principal !== undefined) throw invalidParameter('principal is not for the type RESOURCE.');
    return shares.flatMap(share =>
      [...share.resources.values()]
        .filter(resource => isAsked(input.resourceArn, resource.arn))
        .map(resource => showResourceAssociation(share, resource, views)),
    );
  }
  throw invalidParameter('associationType must be PRINCIPAL or RESOURCE.');
}

const other = (share: Share, input: Wire) => (input.resourceOwner === 'SELF' ? share.consumer : share.owner);
const isAsked = (asked: unknown, value: string) => asked === undefined || asked === value;
const isAmong = (asked: string[] | undefined, value: string) => !asked?.length || asked.includes(value);
const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message);
const invitationNotFound = (arn: unknown) =>
  new AwsError('ResourceShareInvitationArnNotFoundException', `Invitation ${String(arn)} could not be found.`);
