import * as z from 'zod/mini';
import { detailOf, principalArn, requestId, tableName } from './envelope.ts';

/** The owner, the consumer or the hub ends access at once: one request's, or all of a principal's, a table's or a product's. */
export const accessRevocationRequested = {
  source: 'trellis.access',
  detailType: 'Access Revocation Requested',
  detail: detailOf(
    z
      .object({
        requestId: z.optional(requestId),
        principal: z.optional(principalArn),
        table: z.optional(tableName),
        product: z.optional(z.string().check(z.minLength(1))),
        reason: z.string().check(z.minLength(1), z.maxLength(1024)),
      })
      .check(
        z.refine(
          ({ requestId, principal, table, product }) => (requestId ?? principal ?? table ?? product) !== undefined,
          {
            error: 'say what to revoke: a requestId, a principal, a table or a product. An empty selector is refused',
            path: ['requestId'],
          },
        ),
      ),
  ),
};
export type AccessRevocationRequestedData = z.infer<typeof accessRevocationRequested.detail>['data'];
