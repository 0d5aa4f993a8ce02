import * as z from 'zod/mini';
import { columnNames, detailOf, instant, principalArn, requestId } from './envelope.ts';

/** The owning domain answers a request that waits for it. It may narrow what was asked, never widen it. */
export const accessDecisionMade = {
  source: 'trellis.access',
  detailType: 'Access Decision Made',
  detail: detailOf(
    z.object({
      requestId,
      decision: z.enum(['approved', 'denied']),
      /** Claimed by the sender; must be a steward of the domain, and not the requester. */
      approver: principalArn,
      reason: z.optional(z.string().check(z.maxLength(1024))),
      columns: z.optional(columnNames),
      rowFilter: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
      expiresAt: z.optional(instant),
    }),
  ),
};
export type AccessDecisionMadeData = z.infer<typeof accessDecisionMade.detail>['data'];
