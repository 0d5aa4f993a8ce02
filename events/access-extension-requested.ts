import * as z from 'zod/mini';
import { detailOf, instant, requestId } from './envelope.ts';

/** The account that asked for access asks for a later end of what it was given. */
export const accessExtensionRequested = {
  source: 'trellis.access',
  detailType: 'Access Extension Requested',
  detail: detailOf(
    z.object({
      requestId,
      /** Later than the end that the access has. */
      expiresAt: instant,
      /** Left out: that of the request. */
      purpose: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
    }),
  ),
};
export type AccessExtensionRequestedData = z.infer<typeof accessExtensionRequested.detail>['data'];
