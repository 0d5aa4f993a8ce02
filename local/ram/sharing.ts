import type { VirtualClock } from '../core/clock.ts';
import type { ResourceSharing } from '../core/ports.ts';
import type { Service } from '../core/service.ts';
import { shareOperations } from './share-operations.ts';
import { principalStatus, resourceStatus, type Share, ShareBook, statusOf } from './shares.ts';

interface SharingDependencies {
  clock: VirtualClock;
  isInOrganization: (account: string) => boolean;
  /** Whether the owner's catalog policy lets RAM share (Glue's `letsRamShare`). Without it, it does. */
  mayShare?: (owner: string) => boolean;
}

export interface Sharing {
  service: Service;
  sharing: ResourceSharing;
  /** Whether the account shares anything now. */
  hasShares: (owner: string) => boolean;
}

/**
 * RAM, as far as Lake Formation uses it: shares by resource type, at most three for a pair of accounts, later grants added to them. Within the organization
 * (both accounts) the consumer is associated at once; otherwise an invitation is there at once and the share waits for it. An invitation that expired or was
 * rejected is made anew by the next grant. Source: Lake Formation Developer Guide, "Optimizing AWS RAM resource shares" and cross-account prerequisites.
 */
export function createSharing(dependencies: SharingDependencies): Sharing {
  const { clock, isInOrganization, mayShare = () => true } = dependencies;
  const book = new ShareBook();
  const isExternal = (share: Share) => !isInOrganization(share.owner) || !isInOrganization(share.consumer);

  const sharing: ResourceSharing = {
    share(owner, consumer, resourceArn) {
      const now = clock.now();
      const share = book.live(owner, consumer, resourceArn) ?? book.open(owner, consumer, resourceArn, now);
      const known = share.resources.get(resourceArn);
      const isBlocked = !mayShare(owner);
      if (!known || known.isBlocked !== isBlocked) {
        share.resources.set(resourceArn, {
          arn: resourceArn,
          createdAt: known?.createdAt ?? now,
          updatedAt: now,
          isBlocked,
        });
        share.updatedAt = now;
      }
      if (isExternal(share) && needsInvitation(share, now)) book.invite(share, now);
    },
    unshare(owner, consumer, resourceArn) {
      const share = book.live(owner, consumer, resourceArn);
      if (!share?.resources.has(resourceArn)) return;
      const now = clock.now();
      // The last one stays in the record of the deleted share, as DISASSOCIATED.
      if (share.resources.size === 1) return book.close(share, now);
      share.resources.delete(resourceArn);
      share.updatedAt = now;
    },
    isAssociated(owner, consumer, resourceArn) {
      const share = book.live(owner, consumer, resourceArn);
      const resource = share?.resources.get(resourceArn);
      if (!share || !resource) return false;
      return resourceStatus(share, resource) === 'ASSOCIATED' && principalStatus(share, clock.now()) === 'ASSOCIATED';
    },
  };

  return {
    service: {
      id: 'ram',
      operations: shareOperations({ book, views: () => ({ now: clock.now(), isExternal }) }),
    },
    sharing,
    hasShares: owner => book.shown(clock.now()).some(share => share.owner === owner && share.deletedAt === undefined),
  };
}

function needsInvitation(share: Share, now: number): boolean {
  if (!share.invitation) return true;
  return ['REJECTED', 'EXPIRED'].includes(statusOf(share.invitation, now));
}
